"""Answers to reads that are still fresh, in the memory of this process.

Another process knows nothing of them, nor this one of the writes of another: how old an answer may
be is all that the owner is promised there.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import read_answer
from dragoman.clock import Clock
from dragoman.errors import ResponseError
from dragoman.operation import Call, Effect, Prepared, Received

__all__ = ["Fresh", "Place"]

Key = tuple[str | None, ...]

MAX_ENTRIES = 1_000
MAX_BYTES = 32 * 1024 * 1024
MAX_ENTRY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to one read is looked for, and kept if no write comes between.

    The key holds all that an answer depends on: the request, what it is shown, and who asks.
    """

    key: Key
    api: str
    writes: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Entry:
    received: Received
    api: str
    at: datetime
    size: int


@dataclass(slots=True)
class Fresh:
    """Keeps answers; `credential` names what a request is shown, without its value."""

    clock: Clock
    credential: Callable[[Prepared], str]
    _entries: OrderedDict[Key, _Entry] = field(default_factory=OrderedDict, repr=False)
    _bytes: int = 0
    _writes: Counter[str] = field(default_factory=Counter)

    def place(self, call: Call, prepared: Prepared, rules: Rules) -> Place | None:
        """Return where the answer to a call may lie; None for one that is always sent.

        That is a write, a read that the owner caches not, and one that a person has to allow.
        """
        is_cached = prepared.effect is Effect.READ and bool(rules.cache)
        if not is_cached or rules.may_need_approval(prepared.effect):
            return None
        shown = self.credential(prepared)
        key = (prepared.api, prepared.hash, shown, call.caller, call.user)
        return Place(key, prepared.api, self._writes[prepared.api], self.clock.now())

    def find(self, place: Place, rules: Rules) -> Received | None:
        """Return an answer that is young enough, marked with the time when it was asked for."""
        entry = self._entries.get(place.key)
        if entry is None:
            return None
        age = (place.at - entry.at).total_seconds()
        if not 0 <= age < (rules.cache or 0.0):  # A clock that was put back makes nothing younger.
            self._drop(place.key)
            return None
        return replace(entry.received, seconds=0.0, credential="", repeated_from=entry.at)

    def keep(self, place: Place, received: Received) -> None:
        """Keep an answer that can be read, unless a write has ended since it was asked for."""
        size = len(received.body) + sum(len(n) + len(value) for n, value in received.headers)
        if self._writes[place.api] != place.writes or size > MAX_ENTRY_BYTES:
            return
        try:
            read_answer(received)
        except ResponseError:
            return
        self._drop(place.key)
        self._entries[place.key] = _Entry(received, place.api, place.at, size)
        self._bytes += size
        while len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES:
            self._drop(next(iter(self._entries)))

    def forget(self, api: str) -> None:
        """Drop all answers of an API: a write to it has happened, or may have."""
        self._writes[api] += 1
        for key in [key for key, entry in self._entries.items() if entry.api == api]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        self._bytes -= entry.size if entry else 0
