"""A worker of the kill test: a program that calls, until it is killed at a planned point.

It wraps stages of its own call path; the product has no hook for it. What it reports goes through
a pipe, whose bytes outlive it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any, cast

from dragoman import Dragoman
from dragoman.call.claim import Held
from dragoman.call.path import CallPath
from dragoman.call.record import Trace
from dragoman.clock import SystemClock
from dragoman.operation import Call, Prepared, Received
from torture.kill_api import order_in

__all__ = ["KEY", "POINTS", "LaterClock", "Work", "question", "work"]

BEFORE_CLAIM, AFTER_CLAIM, READ = "before claim", "after claim", "response read"
BEFORE_RECORD, AFTER_RECORD = "before record", "after record"
POINTS = (BEFORE_CLAIM, AFTER_CLAIM, READ, BEFORE_RECORD, AFTER_RECORD)
"""Where a worker ends itself; at the others the API does it."""

KEY = {"KEY": "one key of all the workers"}

_AT_ONCE = 3
_LARGE = "x" * 300_000


@dataclass(frozen=True)
class LaterClock(SystemClock):
    """The time of this machine, so much later: the leases of the dead are over by then."""

    later: timedelta

    def now(self) -> datetime:
        """Return the wall-clock time, later."""
        return super().now() + self.later


@dataclass(frozen=True)
class Work:
    """What one worker does: `plan` is by order, and may name the point where it ends."""

    configuration: dict[str, Any]
    later: timedelta
    plan: Mapping[str, str]


def question(order: str) -> tuple[str, dict[str, Any]]:
    """Return the operation and the arguments of an order, which its name tells."""
    api = "keyed" if order.startswith("k") else "plain"
    reason = {"reason": _LARGE} if order.endswith("L") else {}
    return f"{api}.refundOrder", {"order_id": order, "amount": 5, **reason}


def work(work: Work, pipe: Connection) -> None:
    """Call for each order, and report what came of it: `("done", order, status)`."""
    asyncio.run(_work(work, pipe))


class _NarrowSocket(socket.socket):
    """A socket whose kernel takes little, so that half of a large request waits in the process."""

    def connect(self, address: Any) -> None:
        """Connect, and say so first."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connect(address)


async def _work(work: Work, pipe: Connection) -> None:
    socket.socket = _NarrowSocket  # type: ignore[misc]
    clock, gate = LaterClock(work.later), asyncio.Semaphore(_AT_ONCE)

    def reach(point: str, order: str) -> None:
        if work.plan.get(order) == point:
            pipe.send(("hit", order, point))
            os.kill(os.getpid(), signal.SIGKILL)

    async with Dragoman(work.configuration, environ=KEY, clock=clock) as d:
        path = _deadly(d.parts.path, reach, d.parts.audit.flush)
        d._parts = replace(d.parts, path=path)  # noqa: SLF001

        async def ask(order: str) -> None:
            async with gate:
                outcome = await d.call(*question(order), idempotency_key=order)
                said = "" if outcome.problem is None else outcome.problem.detail
                pipe.send(("done", order, outcome.status.value, said))

        await asyncio.gather(*map(ask, work.plan))


def _deadly(
    path: CallPath, reach: Callable[[str, str], None], flush: Callable[[], Awaitable[None]]
) -> CallPath:
    """Return the path with stages that end the process where that is planned."""
    claim, send, record = path.claim, path.send, path.record

    @asynccontextmanager
    async def claiming(call: Call, prepared: Prepared, *given: Any) -> AsyncIterator[Held]:
        order = order_in(prepared.target)
        reach(BEFORE_CLAIM, order)
        async with claim(call, prepared, *given) as held:
            reach(AFTER_CLAIM, order)
            yield held

    async def sending(prepared: Prepared, *given: Any, **more: Any) -> Received:
        received = await send(prepared, *given, **more)
        reach(READ, order_in(prepared.target))
        return received

    @asynccontextmanager
    async def recording(call: Call) -> AsyncIterator[Trace]:
        order = str(call.arguments["order_id"])
        async with record(call) as trace:
            yield trace
            reach(BEFORE_RECORD, order)
        await flush()
        reach(AFTER_RECORD, order)

    recording.settled = record.settled  # type: ignore[attr-defined] # it is asked when we close
    return replace(
        path,
        claim=cast("Any", claiming),
        send=cast("Any", sending),
        record=cast("Any", recording),
    )
