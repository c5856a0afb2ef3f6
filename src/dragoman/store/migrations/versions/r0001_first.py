"""The first tables: claims, approvals, and the record of calls, turns and answers.

Times are text in UTC of one length and JSON is text, alike in SQLite and PostgreSQL
(`store/columns.py`). Ids compare byte by byte, so that the beginning of one finds it by index.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_VIEWS = {
    "calls": (
        "SELECT id, {at}, answer_id, parent_id, door, caller, user_id, question, operation, api, "
        "effect, status, arguments, origins, prepared, http_status, problem, rule, approval_id, "
        "bytes_received, seconds, api_seconds, dry_run, repeated, credential FROM call_log"
    ),
    "answers": (
        "SELECT id, {at}, caller, user_id, question, model, status, text, usage, dollars, calls, "
        "seconds FROM answer_log"
    ),
    "approvals": (
        "SELECT id, {asked}, {expires}, state, operation, effect, asked_by, user_id, call_id, "
        "answer_id, shown, answered_by, {answered}, reason FROM approval_log"
    ),
}


def upgrade() -> None:
    """Make all tables and views."""
    op.create_table(
        "claims",
        _text("key", primary_key=True),
        *map(_text, ("scope", "api", "operation", "call_id", "state")),
        _text("approval", nullable=True),
        *map(_text, ("prepared_hash", "started", "lease_until")),
        _text("outcome", nullable=True),
    )
    op.create_index("claims_by_scope", "claims", ["scope", "api"])
    _make_approvals()
    _make_records()
    for name, select in _VIEWS.items():
        moments = {moment: _moment(moment) for moment in ("at", "asked", "expires", "answered")}
        op.execute(f"CREATE VIEW {name} AS {select.format(**moments)}")


def downgrade() -> None:
    """Remove all of them."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in ("answer_log", "turn_log", "call_log", "approval_log", "claims"):
        op.drop_table(table)


def _make_approvals() -> None:
    op.create_table(
        "approval_log",
        _text("id", primary_key=True),
        *map(_text, ("call", "call_id")),
        _text("answer_id", nullable=True),
        *map(_text, ("operation", "effect", "prepared_hash", "shown", "asked_by")),
        _text("user_id", nullable=True),
        *map(_text, ("asked", "expires", "state")),
        _text("answered_by", nullable=True),
        _text("answered", nullable=True),
        _text("reason"),
    )
    op.create_index("approval_log_by_call", "approval_log", ["call_id"])
    op.create_index("approval_log_by_state", "approval_log", ["state", "asked"])


def _make_records() -> None:
    op.create_table(
        "call_log",
        _text("id", primary_key=True),
        _text("at"),
        *map(_maybe, ("answer_id", "parent_id")),
        *map(_text, ("door", "caller")),
        _maybe("user_id"),
        *map(_text, ("question", "operation", "api", "effect", "status", "arguments", "origins")),
        _maybe("prepared"),
        sa.Column("http_status", sa.Integer),
        _maybe("problem"),
        _text("rule"),
        _maybe("approval_id"),
        sa.Column("bytes_received", sa.BigInteger),
        sa.Column("seconds", sa.Double),
        sa.Column("api_seconds", sa.Double),
        sa.Column("dry_run", sa.Boolean),
        sa.Column("repeated", sa.Boolean),
        _text("credential"),
        _maybe("resumable"),
    )
    op.create_table(
        "turn_log",
        _text("answer_id", primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        *map(_text, ("at", "model")),
        sa.Column("seconds", sa.Double),
        _text("usage"),
        sa.Column("tool_calls", sa.Integer),
        _text("finish"),
    )
    op.create_table(
        "answer_log",
        _text("id", primary_key=True),
        *map(_text, ("at", "caller")),
        _maybe("user_id"),
        *map(_text, ("question", "model", "status", "text", "usage")),
        sa.Column("dollars", sa.Double),
        sa.Column("calls", sa.Integer),
        sa.Column("seconds", sa.Double),
        _maybe("state"),
    )
    op.create_index("call_log_by_time", "call_log", ["at"])
    op.create_index("call_log_by_answer", "call_log", ["answer_id"])
    for table in ("call_log", "answer_log"):
        op.create_index(f"{table}_by_name", table, [sa.text("upper(id)")])


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
