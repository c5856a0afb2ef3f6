"""What a sample API is: its data, what it has done, and the faults that it was told to have.

The data is in SQLite in memory, on one connection that only the event loop uses. Every piece of
work is a plain function and takes well under a millisecond, so that threads would cost more than
they save, and no two transactions ever overlap.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from aiohttp import web

from dragoman.demo.faults import Fault
from dragoman.demo.work import Answer, Call, RefusalError, Work

__all__ = ["PROGRAM", "Clock", "Program", "clock_of"]

Clock = Callable[[], datetime]
Seed = Callable[[sqlite3.Connection, date], None]
Refused = Callable[[RefusalError], tuple[str, object]]
"""How an API words a refusal: media type and body."""


def clock_of(today: date | None) -> Clock:
    """Return a clock that shows the time, moved by whole days so that it began on `today`."""
    moved = timedelta() if today is None else today - datetime.now(UTC).date()
    return lambda: datetime.now(UTC) + moved


@dataclass
class Program:
    """One sample API. `apart` are the paths that no fault strikes unless it names them."""

    name: str
    schema: str
    seed: Seed
    refused: Refused
    now: Clock
    effects: tuple[str, ...]
    apart: frozenset[str] = frozenset()
    done: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    database: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.database = self._opened()

    def reset(self) -> None:
        """Begin anew: fresh data, nothing done, no faults."""
        self.database.close()
        self.database = self._opened()
        self.done.clear()
        self.faults.clear()

    def run(self, work: Work, call: Call) -> Answer:
        """Do the work in a transaction; it counts once that is committed."""
        with self.database:
            answer = work(call)
        if answer.effect is not None:
            self.done[answer.effect] += 1
        return answer

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:")
        database.row_factory = sqlite3.Row
        database.executescript(self.schema)
        with database:
            self.seed(database, self.now().date())
        return database


PROGRAM = web.AppKey("program", Program)
