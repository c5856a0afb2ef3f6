"""Places: how many calls of an API are out at once in this process, and how many may wait for one.

Every API has its own, so that one which never answers takes nobody else's. Who waits is served in
the order of coming; who would stand behind a full line is refused at once, which keeps memory flat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dragoman.access.policy import Rules
from dragoman.clock import Deadline
from dragoman.errors import BusyError

__all__ = ["Line", "Places"]

_COME_BACK = 1.0
"""Seconds after which a refused call is told to come back: it frees the line of those that try."""


@dataclass(slots=True)
class Line:
    """The calls of one API: `running` have a place, `waiting` stand in line."""

    api: str
    places: int
    queue: int
    rule: str
    running: int = 0
    waiting: int = 0
    _free: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.places)

    async def take(self, deadline: Deadline) -> bool:
        """Take a place, and return whether that needed waiting; `free` gives it back.

        Raises `BusyError` where the line is full, or the deadline passes before one is free.
        """
        must_wait = self._free.locked()
        if must_wait:
            with self.standing():
                await self._wait(deadline)
        else:
            await self._free.acquire()
        self.running += 1
        return must_wait

    def free(self) -> None:
        """Give a place back: to whoever has waited longest."""
        self.running -= 1
        self._free.release()

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Count one more that waits; raises `BusyError` where no more may."""
        if self.waiting >= self.queue:
            raise self._busy(f"and {self.queue:,} wait for a place, which is all that may")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def _wait(self, deadline: Deadline) -> None:
        try:
            async with asyncio.timeout(deadline.remaining()):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy("and none of them ended in the time of this one") from None

    def _busy(self, why: str) -> BusyError:
        calls = "call" if self.running == 1 else "calls"
        return BusyError(
            f"{self.api} has {self.running:,} {calls} out, {why}.",
            hint=f"apis.{self.api}.limits has concurrency and queue.",
            rule=self.rule,
            retry_after=_COME_BACK,
        )


@dataclass(slots=True)
class Places:
    """The lines of all APIs, each made at its first call."""

    lines: dict[str, Line] = field(default_factory=dict)

    def line(self, api: str, rules: Rules) -> Line:
        """Return the line of an API."""
        line = self.lines.get(api)
        if line is None:
            rule = rules.rule_of.get("limits", "")
            line = self.lines[api] = Line(api, rules.concurrency, rules.queue, rule)
        return line
