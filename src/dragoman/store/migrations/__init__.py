"""The history of our tables, for Alembic. A revision that was released is never changed."""
