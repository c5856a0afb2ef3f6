"""A clock that stands at noon until a test moves it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dragoman.clock import SystemClock

__all__ = ["NOON", "MovedClock"]

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class MovedClock(SystemClock):
    """`later` says by how much it has been moved."""

    def __init__(self) -> None:
        self.later = timedelta()

    def now(self) -> datetime:
        """Noon, and so much later."""
        return NOON + self.later
