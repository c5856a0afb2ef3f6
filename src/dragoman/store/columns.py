"""How values are kept in columns: the same in SQLite and PostgreSQL, exact, and in order.

A time is text in UTC of one length, so that it sorts as time does. JSON is text: decimals and
integers of any length come back equal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from dragoman.exact_json import decode, encode_text
from dragoman.operation import JsonObject, JsonValue

__all__ = ["json_text", "moment_text", "read_json", "read_moment", "storable"]


def moment_text(at: datetime) -> str:
    """Return a time as `2026-11-24T08:12:33.123456+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_moment(text: str) -> datetime:
    """Return the time that was kept."""
    return datetime.fromisoformat(text)


def json_text(value: JsonValue) -> str:
    """Return a value as JSON text; raises `ValueError` or `TypeError` where it is no JSON."""
    return encode_text(value)


def read_json(text: str | None) -> JsonObject:
    """Return the object that was kept; an empty one where none was."""
    return cast("JsonObject", decode(text)) if text else {}


def storable(text: str) -> str:
    """Return text that every database takes: PostgreSQL has no NUL, UTF-8 no lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
