"""What a call took and what decided it, the outbox, results that are paged, and what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CALLS = (
    "SELECT id, {at}, answer_id, parent_id, door, caller, user_id, question, operation, api, "
    "effect, status, arguments, origins, prepared, http_status, problem, rule, approval_id, "
    "bytes_received, seconds, api_seconds, dry_run, repeated, credential"
)
_MORE = (
    ", decision, attempts, cached, bytes_sent, bytes_shown, queue_seconds, connect_seconds, "
    "first_byte_seconds, result_id, description_digest, settings_digest"
)

_VIEWS = {
    "turns": (
        "SELECT answer_id, step, {at}, model, seconds, first_chunk_seconds, usage, dollars, "
        "tool_calls, finish, limits FROM turn_log"
    ),
    "changes": "SELECT id, {at}, kind, subject, digest, note FROM change_log",
}


def upgrade() -> None:
    """Add the columns and tables, and show the new columns in the view of calls."""
    for name in ("decision", "attempts", "cached", "result_id"):
        op.add_column("call_log", _maybe(name))
    for name in ("description_digest", "settings_digest"):
        op.add_column("call_log", _maybe(name))
    for name in ("bytes_sent", "bytes_shown"):
        op.add_column("call_log", sa.Column(name, sa.BigInteger))
    for name in ("queue_seconds", "connect_seconds", "first_byte_seconds"):
        op.add_column("call_log", sa.Column(name, sa.Double))
    op.create_index("call_log_by_operation", "call_log", ["operation", "at"])
    op.add_column("turn_log", _maybe("limits"))
    for table in ("turn_log", "answer_log"):
        op.create_index(f"{table}_by_time", table, ["at"])
    op.add_column("turn_log", sa.Column("first_chunk_seconds", sa.Double))
    op.add_column("turn_log", sa.Column("dollars", sa.Double))
    for name in ("call", "content"):
        op.add_column("claims", _maybe(name))
    op.create_index("claims_by_state", "claims", ["state", "started"])
    op.add_column("approval_log", _maybe("edits"))
    _make_outbox()
    _make_results()
    _make_changes()
    op.execute("DROP VIEW calls")
    op.execute(f"CREATE VIEW calls AS {(_CALLS + _MORE).format(at=_moment('at'))} FROM call_log")
    for name, select in _VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {select.format(at=_moment('at'))}")


def downgrade() -> None:
    """Remove them."""
    for view in ("calls", *_VIEWS):
        op.execute(f"DROP VIEW {view}")
    for table in ("change_log", "result_log", "event_outbox"):
        op.drop_table(table)
    op.drop_index("claims_by_state", "claims")
    op.drop_index("call_log_by_operation", "call_log")
    for table in ("turn_log", "answer_log"):
        op.drop_index(f"{table}_by_time", table)
    columns = {
        "approval_log": ("edits",),
        "claims": ("call", "content"),
        "turn_log": ("limits", "first_chunk_seconds", "dollars"),
        "call_log": tuple(_MORE.replace(",", " ").split()),
    }
    for table, names in columns.items():
        for name in names:
            op.drop_column(table, name)
    op.execute(f"CREATE VIEW calls AS {_CALLS.format(at=_moment('at'))} FROM call_log")


def _make_outbox() -> None:
    op.create_table(
        "event_outbox",
        _text("id", primary_key=True),
        *map(_text, ("event", "subject", "destination", "at", "payload", "state")),
        sa.Column("tries", sa.Integer, nullable=False),
        _text("due"),
        *map(_maybe, ("lease_until", "delivered", "error")),
    )
    op.create_index("event_outbox_by_due", "event_outbox", ["state", "due"])
    by_subject = ["destination", "subject", "state", "at"]
    op.create_index("event_outbox_by_subject", "event_outbox", by_subject)


def _make_results() -> None:
    op.create_table(
        "result_log",
        _text("id", primary_key=True),
        *map(_text, ("call_id", "operation", "caller")),
        _maybe("user_id"),
        *map(_text, ("at", "expires")),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("items", sa.BigInteger),
        _text("sealed"),  # the last: SQLite reads through what stands before a column
    )
    op.create_index("result_log_by_end", "result_log", ["expires"])


def _make_changes() -> None:
    op.create_table(
        "change_log",
        _text("id", primary_key=True),
        *map(_text, ("at", "kind", "subject", "digest", "note")),
    )
    op.create_index("change_log_by_subject", "change_log", ["kind", "subject", "at"])
    op.create_index("change_log_by_time", "change_log", ["at"])


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, plain, primary_key=primary_key, nullable=nullable)


def _maybe(name: str) -> sa.Column[str]:
    return _text(name, nullable=True)


def _moment(name: str) -> str:
    """Return a column of a view: a real time where the database has one."""
    if op.get_bind().dialect.name == "postgresql":
        return f"CAST({name} AS timestamptz) AS {name}"
    return name
