"""Secret stores that are asked over the network: what they hold is kept for a while, and renewed.

A store that cannot be reached now does not end calls whose secret was read before: its last value
serves for an hour. A store that never answered is an error at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dragoman.clock import Clock
from dragoman.errors import CredentialError

__all__ = ["Content", "Held", "RemoteStore", "StoreFaultError"]

_log = logging.getLogger("dragoman.secrets")

FRESH_SECONDS = 60.0
"""How long a value is used without asking again: so long may a rotation go unnoticed."""

STALE_SECONDS = 3600.0
"""How long the last value serves while its store does not answer."""

_RETRY_SECONDS = 5.0
_MAX_BYTES = 64 * 1024

Content = str | Mapping[str, str]
"""A text, or members by name."""


class StoreFaultError(Exception):
    """Why a store gave nothing: its own code or kind of fault, never what it said."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds under one name; `seconds` is how long it may be used, where it says so."""

    content: Content = field(repr=False)
    seconds: float | None = None


@dataclass(slots=True)
class _Kept:
    """The last answer of a store for one name."""

    held: Held | None
    read_at: float
    fresh_until: float


class RemoteStore:
    """Reads `NAME` and `NAME#KEY` through a client that blocks, in threads.

    `fetch` returns what the store holds under a name, None where that is nothing, and raises
    `StoreFaultError`. It is called once at a time for each name.
    """

    def __init__(self, prefix: str, fetch: Callable[[str], Held | None], clock: Clock) -> None:
        self._prefix = prefix
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def read(self, name: str) -> str | None:
        """Return the value of a name, or of one key of it; raises `CredentialError`."""
        name, _, key = name.partition("#")
        async with self._asking.setdefault(name, asyncio.Lock()):
            held = await self._held(name)
        return None if held is None else self._value(held.content, name, key)

    def forget(self, name: str) -> None:
        """Ask the store anew at the next read: what it gave was refused."""
        kept = self._kept.get(name.partition("#")[0])
        if kept is not None:
            kept.fresh_until = self._clock.monotonic()

    async def _held(self, name: str) -> Held | None:
        now, kept = self._clock.monotonic(), self._kept.get(name)
        if kept is not None and now < kept.fresh_until:
            return kept.held
        try:
            held = await asyncio.to_thread(self._fetch, name)
        except StoreFaultError as fault:
            if kept is None or kept.held is None or now - kept.read_at > STALE_SECONDS:
                raise CredentialError(
                    f"{self._prefix}:{name} cannot be read: {fault}.",
                    hint="See that the store is up and that its credential may read it.",
                ) from None
            _log.warning("%s:%s cannot be renewed: %s", self._prefix, name, fault)
            kept.fresh_until = now + _RETRY_SECONDS
            return kept.held
        seconds = FRESH_SECONDS if held is None or held.seconds is None else held.seconds
        self._kept[name] = _Kept(held, now, now + seconds)
        return held

    def _value(self, content: Content, name: str, key: str) -> str:
        whole = f"{self._prefix}:{name}"
        if not isinstance(content, str) and not key:
            if len(content) != 1:
                raise CredentialError(
                    f"{whole} holds {len(content)} values.", hint=_choose(whole, content)
                )
            (value,) = content.values()
        elif key:
            members = _members(content, whole) if isinstance(content, str) else content
            if key not in members:
                raise CredentialError(f"{whole} has no '{key}'.", hint=_choose(whole, members))
            value = members[key]
        else:
            value = str(content)
        if len(value.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
            raise CredentialError(f"{whole} is larger than 64 KiB, which is no secret.")
        return value


def _choose(whole: str, members: Mapping[str, str]) -> str:
    """Names of members are no secrets; the first few tell what may be written."""
    names = list(members)[:5]
    return f"Write one of: {', '.join(f'${{{whole}#{name}}}' for name in names)}." if names else ""


def _members(text: str, whole: str) -> dict[str, str]:
    """Read a text as a JSON object, as consoles write several values into one secret."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CredentialError(
            f"{whole} is no JSON object.", hint=f"Leave out the key: ${{{whole}}}."
        )
    return {name: as_text(member) for name, member in value.items()}


def as_text(member: object) -> str:
    """Return a member as the text that a request needs: `12` for 12, JSON for what has parts."""
    return member if isinstance(member, str) else json.dumps(member)
