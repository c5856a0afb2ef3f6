"""What APIs have said of their own limits, and until when that holds.

A limit is that of an account at a server: of the credential that was shown, the origin that
answered, and the end user where the credential is theirs. Where an answer names what its numbers
are of (GitHub its resource, Discord its bucket), only operations that have been answered under that
name wait for it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dragoman.apis.http.waiting import Asked
from dragoman.clock import Clock, Deadline
from dragoman.errors import ApiLimitError
from dragoman.store.shared import Shared

__all__ = ["Learned", "Subject"]

MAX_SUBJECTS = 10_000
"""Accounts and buckets that are remembered; the oldest is forgotten for a new one."""

_LOOK = 1.0
"""Seconds after which it is asked again what other processes have learned."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose limit it is. `label` is that of the credential, `user` an end user whose own it is."""

    api: str
    account: str
    label: str
    user: str
    origin: str
    bucket: str = ""


@dataclass(frozen=True, slots=True)
class _Stop:
    """Until when nothing is sent, on the monotonic clock, by what; `looked` when others were asked.

    A zero `until` is none.
    """

    until: float = 0.0
    by: str = ""
    looked: float = -math.inf


@dataclass(slots=True)
class Learned:
    """Remembers what answers say, and says how long a call has to wait for it."""

    clock: Clock
    shared: Shared
    last: dict[str, tuple[Asked, float]] = field(default_factory=dict)
    """By API, what was said last of how much is left, and when on the monotonic clock."""
    _stops: OrderedDict[Subject, _Stop] = field(default_factory=OrderedDict, repr=False)
    _buckets: OrderedDict[tuple[Subject, str], str] = field(default_factory=OrderedDict, repr=False)

    async def learn(self, subject: Subject, operation: str, asked: Asked) -> None:
        """Take note of what the answer to an operation says."""
        if asked.remaining is not None or asked.wait is not None:
            self.last[subject.api] = (asked, self.clock.monotonic())
        if asked.bucket:
            _keep(self._buckets, (subject, operation), asked.bucket)
        if asked.wait:
            await self._stop(subject, asked.wait, asked.by)
        if asked.remaining == 0 and asked.reset:
            await self._stop(replace(subject, bucket=asked.bucket), asked.reset, asked.by)

    async def pause(self, subject: Subject, operation: str, deadline: Deadline) -> float:
        """Return the seconds until the API may be asked, 0 for at once.

        Raises `ApiLimitError` where that is not before the deadline: nobody waits in vain.
        """
        seconds, by = await self._left(subject)
        if bucket := self._buckets.get((subject, operation)):
            seconds, by = max((seconds, by), await self._left(replace(subject, bucket=bucket)))
        if seconds and seconds >= deadline.remaining():
            raise ApiLimitError(
                f"{subject.api} asks to wait {_shown(seconds)} ({by}).",
                retry_after=round(seconds, 3),
            )
        return seconds

    async def _stop(self, subject: Subject, seconds: float, by: str) -> None:
        now = self.clock.monotonic()
        known = self._stops.get(subject, _Stop())
        if now + seconds > known.until:
            _keep(self._stops, subject, _Stop(now + seconds, by, now))
            await self.shared.note(repr(subject), by, seconds)

    async def _left(self, subject: Subject) -> tuple[float, str]:
        now = self.clock.monotonic()
        stop = self._stops.get(subject, _Stop())
        if stop.until <= now and self.shared.fleet is not None and now - stop.looked >= _LOOK:
            by, seconds = await self.shared.noted(repr(subject)) or ("", 0.0)
            stop = _Stop(now + seconds if seconds else 0.0, by, now)
            _keep(self._stops, subject, stop)
        return max(0.0, stop.until - now), stop.by


def _keep(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    known.move_to_end(key)
    while len(known) > MAX_SUBJECTS:
        known.popitem(last=False)


def _shown(seconds: float) -> str:
    """Return a time as people say it, rounded up."""
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 7200 else f"{math.ceil(seconds / 3600)} h"
