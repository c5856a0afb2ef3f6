"""The helpdesk's side of the sample world. The letter of ticket tk-305 is a prompt injection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from dragoman.demo.world import PEOPLE

__all__ = ["FIRST_TICKET", "seed", "time_text"]

FIRST_TICKET = 296


def seed(database: sqlite3.Connection, today: date) -> None:
    """Fill an empty database."""
    database.executemany(
        "INSERT INTO customers VALUES (?, ?, ?)", [(p.number, p.name, p.email) for p in PEOPLE]
    )
    letters = json.loads((files("dragoman.demo.helpdesk") / "letters.json").read_text("utf-8"))
    for number, letter in enumerate(letters, FIRST_TICKET):
        _add(database, number, letter, today)


def _add(database: sqlite3.Connection, number: int, letter: Mapping[str, Any], today: date) -> None:
    minutes = 20 * (number - FIRST_TICKET)
    morning = datetime.combine(today - timedelta(days=letter["days"]), time(8), UTC)
    written = morning + timedelta(minutes=minutes)
    is_closed = letter["status"] == "closed"
    order = None if letter["order"] is None else str(letter["order"])
    database.execute(
        "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            letter["from"],
            letter["subject"],
            letter["text"],
            letter["status"],
            letter.get("priority", "normal"),
            order,
            time_text(written),
            time_text(written + timedelta(days=1)) if is_closed else None,
        ),
    )
    for hours, text in enumerate(letter["replies"], 1):
        row = (number, "Ana", text, time_text(written + timedelta(hours=hours)))
        database.execute(
            "INSERT INTO replies (ticket, author, text, internal, created_at)"
            " VALUES (?, ?, ?, 0, ?)",
            row,
        )


def time_text(moment: datetime) -> str:
    """Return a time as it is stored and shown."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
