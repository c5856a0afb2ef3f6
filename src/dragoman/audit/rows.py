"""Records as rows of the store, redacted, and back.

The whole row is redacted, also what a call or a conversation is resumed from. A conversation may
then show `[SHOP_TOKEN]` where a person typed the value, which is what a model should see. A call
would send that instead of the value, so one that holds a secret is kept without `resumable`.

A record must not be lost because of what somebody put into it: what is no JSON (NaN, an endless
nesting) or is too large stands in the row as the reason why it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, cast

from dragoman.audit.facts import AnswerRecord, CallRecord, TurnRecord, plain
from dragoman.exact_json import decode
from dragoman.operation import Attempt, JsonValue
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row

__all__ = ["UPSERTS", "Record", "Redact", "read_record", "row_of"]

Record: TypeAlias = CallRecord | TurnRecord | AnswerRecord
R = TypeVar("R", CallRecord, TurnRecord, AnswerRecord)

Redact: TypeAlias = Callable[[Any], Any]
"""Takes a JSON value, and returns one like it without secrets; text gives text."""

_JSON = frozenset(
    {"arguments", "origins", "prepared", "problem", "resumable", "usage", "state"}
    | {"attempts", "limits"}
)
_NUMBERS = frozenset(
    {"http_status", "bytes_received", "seconds", "api_seconds", "dry_run", "repeated"}
    | {"bytes_sent", "bytes_shown", "queue_seconds", "connect_seconds", "first_byte_seconds"}
    | {"step", "tool_calls", "dollars", "calls", "first_chunk_seconds"}
)
_INDEXED = frozenset({"operation", "api", "caller"})
"""PostgreSQL takes no more than 2,700 bytes into an index, and what is called may be any text."""

_WHOLE = frozenset({"resumable", "state", "attempts", "limits"})
"""What is of no use in part: left out where it cannot be kept whole."""

_MOST = 1_000_000
_MOST_OF_A_NAME = 500
_MOST_OF_A_CONVERSATION = 16_000_000
"""Characters in one column."""


def row_of(record: Record, redact: Redact) -> Parameters:
    """Return a record as parameters of its statement in `UPSERTS`.

    Nearly every row is free of secrets, so it is searched once as a whole before it is taken apart.
    """
    row = _row(record, _as_it_is)
    text = "\n".join(column for column in row.values() if isinstance(column, str))
    return row if redact(text) == text else _row(record, redact)


def read_record(kind: type[R], row: Row) -> R:
    """Return the record that a row holds."""
    values = {name: _read(name, row[_column(name)]) for name in _NAMES[kind]}
    return kind(**values)


def _row(record: Record, redact: Redact) -> dict[str, None | bool | int | float | str]:
    row: dict[str, None | bool | int | float | str] = {}
    for name in _NAMES[type(record)]:
        value = getattr(record, name)
        if value is None or name in _NUMBERS:
            column = value
        elif name in _JSON:
            column = _json_column(name, value, redact)
        elif isinstance(value, datetime):
            column = moment_text(value)
        else:
            # A user that is given as a number is no text, and PostgreSQL would refuse the batch.
            column = redact(str(value))[: _MOST_OF_A_NAME if name in _INDEXED else _MOST]
        row[_column(name)] = column
    return row


def _as_it_is(value: Any) -> Any:  # a `Redact` that finds nothing
    return value


def _json_column(name: str, value: Any, redact: Redact) -> str | None:
    try:
        text = _sealed(name, plain(value), redact)
    except (ValueError, TypeError, RuntimeError) as error:  # or changed while it was looked at
        return None if name in _WHOLE else json_text({"not recorded": redact(str(error)[:200])})
    if text is not None and len(text) > (_MOST_OF_A_CONVERSATION if name == "state" else _MOST):
        return None if name in _WHOLE else json_text({"not recorded": f"{len(text)} characters"})
    return text


def _sealed(name: str, value: JsonValue, redact: Redact) -> str | None:
    """Return JSON text in which no secret is: most have none, so the text is searched first."""
    text = json_text(value)
    if redact(text) == text:
        return text
    if name == "resumable":
        return None
    text = json_text(redact(value))
    if redact(text) != text:
        raise ValueError("it holds a secret that is no text")
    return text


def _read(name: str, value: Any) -> Any:  # one value of a column, one of a field
    if value is None and name in _DEFAULTS:
        return _DEFAULTS[name]
    if name == "attempts":
        return tuple(map(_attempt, cast("list[dict[str, Any]]", decode(value))))
    if name in _JSON:
        return None if value is None and name != "resumable" else read_json(value)
    if name == "at":
        return read_moment(value)
    return bool(value) if name in {"dry_run", "repeated"} else value


def _attempt(stored: dict[str, Any]) -> Attempt:  # as `plain` has written it
    numbers = {name: float(one) for name, one in stored.items() if isinstance(one, int | Decimal)}
    return Attempt(**{**stored, **numbers, "at": read_moment(stored["at"])})


def _column(name: str) -> str:
    return "user_id" if name == "user" else name


def _upsert(table: str, kind: type[Record], *key: str) -> str:
    """Return the SQL that keeps a record, in place of an earlier one of the same key."""
    columns = [_column(name) for name in _NAMES[kind]]
    values = ", ".join(f":{column}" for column in columns)
    new = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) "  # noqa: S608 - constants
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {new}"
    )


_NAMES: Mapping[type[Record], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (CallRecord, TurnRecord, AnswerRecord)
}

_DEFAULTS: Mapping[str, object] = {
    field.name: field.default
    for kind in _NAMES
    for field in fields(kind)
    if field.default is not MISSING
}
"""What stands in a row of before there was the column."""

UPSERTS: Mapping[type[Record], str] = {
    # A call that is resumed may send nothing: what was sent before is not blotted out by that.
    CallRecord: _upsert("call_log", CallRecord, "id")
    + " WHERE call_log.bytes_sent IS NULL OR excluded.bytes_sent IS NOT NULL"
    + " OR (call_log.status = 'unknown' AND excluded.status = 'ok')",
    TurnRecord: _upsert("turn_log", TurnRecord, "answer_id", "step"),
    AnswerRecord: _upsert("answer_log", AnswerRecord, "id"),
}
