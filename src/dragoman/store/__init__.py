"""Our own database: SQLite embedded, PostgreSQL in a fleet."""
