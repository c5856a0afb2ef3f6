"""Delivering the outbox: at least once, in order per subject, by as many processes as there are.

A destination is served by a task of its own, so that one that hangs keeps no other waiting. What
fails is tried again with full jitter for about a day, and then given up.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from dragoman.audit.approvals import Approvals
from dragoman.audit.outbox import Notice, Outbox
from dragoman.clock import Clock
from dragoman.errors import DragomanError
from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError

__all__ = ["Delivery", "Destination"]

_log = logging.getLogger("dragoman.events")

_BATCH = 8
"""Messages to one destination at once."""

_LEASE_SECONDS = 90.0
"""More than a sending takes; what a process has taken and not sent by then, another one does."""

_FIRST_SECONDS = 1.0
"""What lies in the store is looked at a moment after the start: most commands end before."""

_LEAST_SECONDS, _MOST_SECONDS = 1.0, 60.0
"""Between two looks at the store, where nothing is put there by this process."""

_BACKOFF_SECONDS, _LONGEST_BACKOFF = 10.0, 4 * 3600.0
_MOST_TRIES = 22
"""With these pauses, half of each on average, 23 hours."""


class Destination(Protocol):
    """Somebody who is told."""

    async def send(self, message: Message) -> None:
        """Send it; raises `UndeliveredError`."""
        ...


def pause_after(tries: int) -> float:
    """Return the longest pause before the next try, in seconds."""
    return min(_LONGEST_BACKOFF, _BACKOFF_SECONDS * 2.0 ** (tries - 1))


class Delivery:
    """Sends what is in the outbox, and lets questions expire that nobody answers.

    `message` makes what is sent of a notice at the time of its sending; `redact` takes secrets out
    of what is written down of a failure.
    """

    def __init__(
        self,
        outbox: Outbox,
        approvals: Approvals,
        destinations: Mapping[str, Destination],
        *,
        message: Callable[[Notice], Awaitable[Message]],
        redact: Callable[[str], str],
        clock: Clock,
        jitter: Callable[[float], float] = lambda most: random.uniform(0, most),  # noqa: S311
    ) -> None:
        self._outbox = outbox
        self._approvals = approvals
        self._destinations = destinations
        self._message = message
        self._redact = redact
        self._clock = clock
        self._jitter = jitter
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; what was left by others is looked at a moment later."""
        for name in self._destinations:

            async def turn(name: str = name) -> int:
                return await self.turn(name)

            async def due(name: str = name) -> datetime | None:
                return await self._outbox.next_due(name)

            self._tasks.append(asyncio.create_task(self._serve(turn, due, self._outbox.watch())))
        expire, next_ = self._approvals.expire, self._approvals.next_expiry
        self._tasks.append(asyncio.create_task(self._serve(expire, next_, self._outbox.watch())))

    async def aclose(self, seconds: float = 5.0) -> None:
        """End; what this process has put into the outbox is sent first, within so many seconds."""
        self._closing = True
        if self._tasks and self._outbox.emitted:
            self._outbox.wake()
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def turn(self, name: str) -> int:
        """Send to one destination what is due now; returns how much that was."""
        notices = await self._outbox.lease(name, _BATCH, _LEASE_SECONDS)
        await asyncio.gather(*(self._send(notice) for notice in notices))
        return len(notices)

    async def _serve(
        self,
        turn: Callable[[], Awaitable[int]],
        due: Callable[[], Awaitable[datetime | None]],
        woken: asyncio.Event,
    ) -> None:
        await _wait(woken, _FIRST_SECONDS)
        while True:
            pause = _MOST_SECONDS
            woken.clear()
            try:
                if await turn():
                    continue
                at = await due()
                if at is not None:
                    seconds = (at - self._clock.now()).total_seconds()
                    pause = min(max(seconds, _LEAST_SECONDS), _MOST_SECONDS)
            except DragomanError as error:
                _log.error("events cannot be delivered now: %s", self._redact(error.detail))
            except Exception as error:  # noqa: BLE001 - a fault must not end the telling for good
                _log.error("events cannot be delivered now: %s", type(error).__name__)
            if self._closing:
                return
            await _wait(woken, pause)

    async def _send(self, notice: Notice) -> None:
        try:
            await self._destinations[notice.destination].send(await self._message(notice))
        except UndeliveredError as error:
            await self._failed(notice, error)
        except DragomanError as error:
            await self._failed(notice, UndeliveredError(error.detail))
        except Exception as error:  # noqa: BLE001 - one that cannot be sent must not keep others
            await self._failed(notice, UndeliveredError(f"a fault: {type(error).__name__}"))
        else:
            await self._outbox.delivered(notice)

    async def _failed(self, notice: Notice, error: UndeliveredError) -> None:
        again: float | None = max(self._jitter(pause_after(notice.tries)), error.again or 0.0)
        if error.final or notice.tries >= _MOST_TRIES:
            again = None
        reason = self._redact(error.reason)
        if again is None:
            _log.warning("%s for %s is given up: %s", notice.id, notice.destination, reason)
        await self._outbox.failed(notice, reason, again)


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), seconds)
