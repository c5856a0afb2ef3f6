"""Pages by cursor: an opaque text that says after which number the next page begins."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
from collections.abc import Sequence

from dragoman.demo.work import RefusalError

__all__ = ["number_after", "page_of"]


def number_after(cursor: str | None, first: int) -> int:
    """Return the number that a cursor stands for, `first` without one; raises `RefusalError`."""
    if cursor is None:
        return first
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if match := re.fullmatch(r"after:([0-9]{1,9})", text):
        return int(match[1])
    hint = "cursor: is none of ours. Send next_cursor of the page before, or none."
    raise RefusalError(400, "invalid_cursor", hint)


def page_of(rows: Sequence[sqlite3.Row], limit: int) -> tuple[Sequence[sqlite3.Row], str | None]:
    """Cut rows, of which one more than `limit` was asked for, to a page and its next cursor."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]["number"]
    return rows[:limit], base64.urlsafe_b64encode(f"after:{last}".encode()).decode()
