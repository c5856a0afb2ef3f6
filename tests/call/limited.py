"""What the tests of limits are made of: a clock that sleeps at once, and calls of a shop."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from dragoman.access.policy import Rules
from dragoman.call.learned import Learned
from dragoman.call.limit import Limit, Rates
from dragoman.call.places import Places
from dragoman.clock import Clock, Deadline, SystemClock
from dragoman.operation import Effect, Prepared, Received
from dragoman.store.shared import Shared
from moved_clock import NOON


class Sleeper(SystemClock):
    """A clock on which only sleep passes time; `slept` are the sleeps, in seconds."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        until = self.passed + seconds
        await asyncio.sleep(0)
        self.passed = max(self.passed, until)


def prepared(
    operation: str = "shop.getOrder", *, account: str = "", host: str = "shop.example"
) -> Prepared:
    api = operation.partition(".")[0]
    return Prepared(
        operation, api, "http", Effect.READ, "GET", f"https://{host}/o?x=1", account=account
    )


def received(status: int = 200, body: bytes = b"{}", **headers: str) -> Received:
    """An answer; in the names of headers `_` stands for `-`."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Received(status, "application/json", named, body, 0.1)


def limit(clock: Clock, shared: Shared | None = None, label: str = "bearer ${KEY}") -> Limit:
    shared = shared or Shared(clock)
    return Limit(Rates(shared), Places(), Learned(clock, shared), lambda _: label, clock)


def rules(**more: object) -> Rules:
    return Rules(rule_of={"limits": "dragoman.yaml:7"}, **more)  # type: ignore[arg-type]


def within(seconds: float, clock: Clock) -> Deadline:
    return Deadline.after(seconds, clock)
