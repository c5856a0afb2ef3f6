"""A clock whose seconds a test moves."""

from __future__ import annotations

from dragoman.clock import SystemClock


class MovedSeconds(SystemClock):
    """`passed` is what the monotonic clock shows."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def monotonic(self) -> float:
        return self.passed
