"""A caller's own allowance: how many of its calls at once, and how many in a day (UTC).

The day's count is kept in the audit log, so that it outlives a restart and is one for a fleet. It
is read at most every five seconds; in between, a process counts on what it has begun itself. What
others begin in that time is not seen, so a fleet may go over by as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dragoman.access.policy import Caller
from dragoman.clock import Clock
from dragoman.errors import LimitError

__all__ = ["Allowance"]

_FRESH_SECONDS = 5.0


@dataclass(slots=True)
class _Use:
    """What is known of one caller; `begun` are calls of the day that `counted` may not hold."""

    running: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    counted: int = 0
    counted_at: float = 0.0
    day: datetime | None = None
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Allowance:
    """Counts the calls of callers that have a `concurrency` or a `quota`.

    `count` says how many calls of a caller the audit log holds since a moment.
    """

    clock: Clock
    count: Callable[[str, datetime], Awaitable[int]]
    _uses: dict[str, _Use] = field(default_factory=dict, repr=False)

    @contextmanager
    def at_once(self, caller: Caller | None, call_id: str) -> Iterator[None]:
        """Hold a place among the calls of a caller while one runs, however it ends.

        Raises `LimitError` where all are taken. Nobody waits for one.
        """
        if caller is None or (caller.concurrency is None and caller.quota is None):
            yield
            return
        use = self._use(caller)
        most = caller.concurrency
        if most is not None and len(use.running) >= most:
            raise LimitError(
                f"{caller.name} has {most} {'call' if most == 1 else 'calls'} under way, "
                "and may have no more at once.",
                rule=caller.rule_of["concurrency"],
            )
        use.running.add(call_id)
        try:
            yield
        finally:
            use.running.discard(call_id)

    async def take(self, caller: Caller, call_id: str) -> None:
        """Count a call of the day; raises `LimitError` with the seconds until the next one."""
        if caller.quota is None:
            return
        use, now = self._use(caller), self.clock.now()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        async with use.counting:
            await self._refresh(use, caller.name, today)
            if use.counted + len(use.begun) >= caller.quota:
                raise LimitError(
                    f"{caller.name} may make {caller.quota:,} calls a day (UTC), "
                    "and they are used up.",
                    rule=caller.rule_of["quota"],
                    retry_after=round((today + timedelta(days=1) - now).total_seconds(), 3),
                )
            use.begun.add(call_id)

    async def _refresh(self, use: _Use, name: str, today: datetime) -> None:
        now = self.clock.monotonic()
        if use.day == today and now - use.counted_at < _FRESH_SECONDS:
            return
        # What ended is in the log by now; what runs will be, and until then it is counted here.
        unrecorded = use.begun & use.running if use.day == today else set()
        use.counted = await self.count(name, today)
        use.begun, use.counted_at, use.day = unrecorded, now, today

    def _use(self, caller: Caller) -> _Use:
        return self._uses.setdefault(caller.name, _Use())
