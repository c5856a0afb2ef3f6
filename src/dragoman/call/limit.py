"""*limit*: the rates that the owner set, counted in this process over a moving window."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.access.policy import Rules
from dragoman.clock import Deadline
from dragoman.errors import LimitError
from dragoman.operation import Prepared, Received

if TYPE_CHECKING:
    from limits.aio.strategies import MovingWindowRateLimiter

__all__ = ["Limit", "Rates"]


@dataclass(slots=True)
class Rates:
    """Counts uses by subject: an API, an operation or a caller."""

    _limiter: MovingWindowRateLimiter | None = field(default=None, repr=False)

    async def take(self, rates: Iterable[tuple[str, str]], rule: str) -> None:
        """Count one use of each subject; raises `LimitError` at the first that is used up."""
        for subject, rate in rates:
            await self._take_one(subject, rate, rule)

    async def _take_one(self, subject: str, rate: str, rule: str) -> None:
        from limits import parse  # noqa: PLC0415 - only where the owner set a rate

        limiter, item = self._open(), parse(rate)
        if await limiter.hit(item, subject):
            return
        stats = await limiter.get_window_stats(item, subject)
        raise LimitError(
            f"{subject} may be used {rate.replace('/', ' times a ')}, and that is used up.",
            rule=rule,
            retry_after=round(max(0.0, stats.reset_time - time.time()), 3),
        )

    def _open(self) -> MovingWindowRateLimiter:
        if self._limiter is None:
            from limits.aio.storage import MemoryStorage  # noqa: PLC0415
            from limits.aio.strategies import MovingWindowRateLimiter  # noqa: PLC0415

            self._limiter = MovingWindowRateLimiter(MemoryStorage())
        return self._limiter


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of the API itself; a caller's own are counted when it is authorized."""

    rates: Rates

    @asynccontextmanager
    async def __call__(
        self, prepared: Prepared, rules: Rules, deadline: Deadline
    ) -> AsyncIterator[float]:
        """Let the call go on, and yield the seconds that it has waited.

        Raises `LimitError` with the seconds to wait.
        """
        await self.again(prepared, rules, deadline)
        yield 0.0

    async def again(self, prepared: Prepared, rules: Rules, deadline: Deadline) -> float:
        """Let one attempt go out, and return the seconds that it has waited."""
        del prepared, deadline
        if rules.rates:
            await self.rates.take(rules.rates, rules.rule_of.get("limits", ""))
        return 0.0

    async def learn(self, prepared: Prepared, received: Received) -> None:
        """Take note of what an answer says of the API's own limits."""
        del prepared, received
