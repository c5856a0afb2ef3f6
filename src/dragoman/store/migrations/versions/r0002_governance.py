"""Pauses, the keys of callers, the tokens of end users, and who may answer an approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; of a key there is only a hash, and of tokens what was sealed."""
    op.add_column("approval_log", _maybe("may_answer"))
    op.create_table(
        "pause_log",
        _text("id", primary_key=True),
        *map(_text, ("subject", "reason", "by_whom", "at")),
        *map(_maybe, ("ended", "ended_by")),
    )
    op.create_index("pause_log_by_end", "pause_log", ["ended"])
    op.create_index("call_log_by_caller", "call_log", ["caller", "at"])
    op.create_table(
        "caller_keys",
        _text("id", primary_key=True),
        *map(_text, ("caller", "hash", "label", "created")),
        *map(_maybe, ("expires", "revoked")),
    )
    op.create_table(
        "user_tokens",
        _text("api", primary_key=True),
        _text("subject", primary_key=True),
        *map(_text, ("version", "sealed", "until", "refused")),
        _maybe("refreshing_until"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("user_tokens")
    op.drop_table("caller_keys")
    op.drop_table("pause_log")
    op.drop_index("call_log_by_caller", "call_log")
    op.drop_column("approval_log", "may_answer")


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, plain, primary_key=primary_key, nullable=nullable)


def _maybe(name: str) -> sa.Column[str]:
    return _text(name, nullable=True)
