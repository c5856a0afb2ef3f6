"""A clock that passes only in sleep, and at once: what waited is known to the second."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from moved_clock import MovedClock

__all__ = ["SleptClock"]


class SleptClock(MovedClock):
    """`slept` are the seconds of each sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []
        self.passed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def move(self, seconds: float) -> None:
        self.passed += seconds
        self.later = timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)
        await asyncio.sleep(0)
