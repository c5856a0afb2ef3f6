"""Asking again: which faults may pass, how long to wait, and when not to."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from dragoman.errors import LimitError
from dragoman.models.faults import Failure

if TYPE_CHECKING:
    from dragoman.clock import Deadline

__all__ = ["retry_after", "trying"]

_ATTEMPTS = 3

T = TypeVar("T")


async def trying(
    attempt: Callable[[], Awaitable[T]],
    *,
    deadline: Deadline,
    failure_of: Callable[[Exception], Failure | None],
    may_repeat: Callable[[], bool],
    pause: float,
) -> T:
    """Return what an attempt returns, of at most three; raises what the last one failed with.

    What the server asks to wait is waited, else about `pause` seconds, doubled each time; where
    that goes beyond the deadline the fault is raised at once. An error that `failure_of` does
    not know goes through as it is.
    """
    number = 0
    while True:
        number += 1
        result = await _once(attempt, deadline, failure_of)
        if not isinstance(result, Failure):
            return result
        wait = _wait(result, number, pause)
        is_last = number == _ATTEMPTS or not result.may_pass or not may_repeat()
        if is_last or wait >= deadline.remaining():
            raise result.error
        await asyncio.sleep(wait)


def _wait(failure: Failure, number: int, pause: float) -> float:
    if failure.retry_after is not None:
        return failure.retry_after
    # Spread, so that many who failed together do not come back together.
    return pause * 2.0 ** (number - 1) * random.uniform(0.75, 1.25)  # noqa: S311


async def _once(
    attempt: Callable[[], Awaitable[T]],
    deadline: Deadline,
    failure_of: Callable[[Exception], Failure | None],
) -> T | Failure:
    seconds = deadline.remaining()
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            return await attempt()
    except Exception as error:
        if isinstance(error, TimeoutError) and bound.expired():
            return Failure(_out_of_time(seconds))
        failure = failure_of(error)
        if failure is None:
            raise
        return failure


def _out_of_time(seconds: float) -> LimitError:
    return LimitError(
        f"The model did not answer within the {round(seconds, 1):g} s that were left.",
        hint="assistant: {timeout: 5m} allows more.",
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a server asks to wait (RFC 9110, section 10.2.3), None without.

    OpenAI adds `retry-after-ms`, which is finer.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, (at - now).total_seconds()) if at.tzinfo else None
