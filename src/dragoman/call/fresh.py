"""Answers to reads, in the memory of this process, and to whom they may be given again.

An answer is found by the whole request, who called and for whom, and then only with the
credential that fetched it: nobody reads what another was shown (promise 3).
"""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import read_answer
from dragoman.call.generations import Generations
from dragoman.call.validity import Validity, freshened, validity
from dragoman.clock import Clock
from dragoman.errors import ResponseError
from dragoman.operation import Call, Effect, Headers, Prepared, Received

__all__ = ["Entry", "Fresh", "Place"]

Key = tuple[str | None, ...]

MAX_ENTRIES = 1_000
MAX_BYTES = 32 * 1024 * 1024
MAX_ENTRY_BYTES = 1024 * 1024
MAX_SECONDS = 86_400.0
"""After which an answer is dropped, whatever the API says of it."""

_LARGE = 128 * 1024
"""Bytes from which reading leaves the event loop to others (in a thread)."""

_OWN_REUSE = ("cache-control", "pragma", "range", "if-")
"""How headers begin of a request that speaks of reuse itself: it is always sent."""

_SILENT: Key = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to one read is looked for, and kept.

    `generation` is the time between two writes in which it was asked; an answer of another one is
    not given. Its key is empty where the operation has said nothing of reuse so far.
    """

    key: Key
    generation: str
    call: Call
    prepared: Prepared
    default: float | None
    asked: datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer that is kept; `is_fresh` when it was found."""

    received: Received
    validity: Validity
    generation: str
    asked: datetime
    monotonic: float
    size: int
    is_fresh: bool = False

    @property
    def conditions(self) -> Headers:
        """The headers that ask whether it still holds; none where that cannot be asked."""
        return self.validity.conditions

    def again(self) -> Received:
        """Return the answer, marked with the time when it was asked for."""
        return replace(
            self.received,
            seconds=0.0,
            connect=None,
            first_byte=None,
            credential="",
            cached="fresh",
            repeated_from=self.asked,
        )


@dataclass(slots=True)
class Fresh:
    """Keeps answers; `shown` is the fingerprint of what a request would be shown now."""

    clock: Clock
    generations: Generations
    shown: Callable[[Call, Prepared], Awaitable[str]]
    _entries: OrderedDict[Key, Entry] = field(default_factory=OrderedDict, repr=False)
    _bytes: int = 0
    _speaks: dict[str, bool] = field(default_factory=dict)

    async def place(self, call: Call, prepared: Prepared, rules: Rules) -> Place | None:
        """Return where the answer to a call may lie; None for one that is always sent.

        That is a write, a read that is never cached or that a person has to allow, and any while
        nobody can tell whether there was a write.
        """
        if prepared.effect is not Effect.READ or rules.cache == 0:
            return None
        if rules.may_need_approval(prepared.effect):
            return None
        if any(name.lower().startswith(_OWN_REUSE) for name, _ in prepared.headers):
            return None
        key, generation = _SILENT, ""
        if rules.cache or self._speaks.get(prepared.operation, True):
            current = await self.generations.current(prepared.api)
            if current is None:
                return None
            key = (prepared.api, prepared.hash, call.caller, call.user)
            generation = current
        now, monotonic = self.clock.now(), self.clock.monotonic()
        return Place(key, generation, call, prepared, rules.cache, now, monotonic)

    async def find(self, place: Place) -> Entry | None:
        """Return the answer of this place, fresh or not, for whom it was fetched.

        Raises what the credential raises that would be shown now.
        """
        entry = self._entries.get(place.key)
        if entry is None:
            return None
        seconds = self._seconds_since(entry)
        is_of_now = entry.generation == place.generation and 0 <= seconds < MAX_SECONDS
        is_fresh = entry.validity.is_fresh(seconds)
        if not is_of_now or not (is_fresh or entry.conditions):
            self._drop(place.key)
            return None
        if entry.received.shown != await self.shown(place.call, place.prepared):
            self._drop(place.key)
            return None
        return replace(entry, is_fresh=is_fresh)

    async def keep(self, place: Place, received: Received) -> None:
        """Keep an answer that may be used again and can be read.

        One behind a redirect may not: the redirect itself may lead elsewhere by then. Nor may one
        of which nobody knows what was shown for it.
        """
        valid = validity(place.prepared.method, received, place.asked, place.default)
        if valid is None:
            if received.status == 200:
                self._speaks.setdefault(place.prepared.operation, False)
            return
        self._speaks[place.prepared.operation] = True
        size = len(received.body) + sum(len(n) + len(value) for n, value in received.headers)
        if place.key is _SILENT or received.redirected or not received.shown:
            return
        if size > MAX_ENTRY_BYTES or not await _is_readable(received):
            return
        self._drop(place.key)
        self._entries[place.key] = Entry(
            received, valid, place.generation, place.asked, place.monotonic, size
        )
        self._bytes += size
        while self._is_over():
            self._drop(next(iter(self._entries)))

    async def freshen(self, place: Place, entry: Entry, answer: Received) -> Received | None:
        """Return the stored answer that a 304 says still holds, and keep it by what that says.

        None where the 304 is of another answer, or was given to another credential.
        """
        self._drop(place.key)
        if answer.shown != entry.received.shown or answer.redirected:
            return None
        if "hishel" not in sys.modules:
            await asyncio.to_thread(import_module, "hishel")
        headers = freshened(entry.received.headers, answer.headers)
        if headers is None:
            return None
        stored = entry.received
        received = replace(
            answer,
            status=stored.status,
            media_type=stored.media_type,
            headers=headers,
            body=stored.body,
            cached="revalidated",
        )
        await self.keep(place, received)
        return received

    async def forget(self, api: str) -> None:
        """Drop all answers of an API: a write to it has happened, or may have."""
        for key in [key for key in self._entries if key[0] == api]:
            self._drop(key)
        await self.generations.bump(api)

    def _seconds_since(self, entry: Entry) -> float:
        """Return how old an answer is, negative where the clock was put back before it.

        The monotonic clock counts too, so that a clock that is put back makes nothing younger.
        """
        passed = (self.clock.now() - entry.asked).total_seconds()
        return passed if passed < 0 else max(passed, self.clock.monotonic() - entry.monotonic)

    def _is_over(self) -> bool:
        if len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES:
            return True
        return self._seconds_since(next(iter(self._entries.values()))) > MAX_SECONDS

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        self._bytes -= entry.size if entry else 0


async def _is_readable(received: Received) -> bool:
    try:
        if len(received.body) > _LARGE:
            await asyncio.to_thread(read_answer, received)
        else:
            read_answer(received)
    except ResponseError:
        return False
    return True
