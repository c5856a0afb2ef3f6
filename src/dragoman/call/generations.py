"""Whether an API was written to since: what was read before is not given again after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from dragoman.store.shared import Shared

__all__ = ["Generations", "LocalGenerations", "SharedGenerations"]


class Generations(Protocol):
    """Tells the time between two writes to an API from every other."""

    async def current(self, api: str) -> str | None:
        """Return the mark of this time; None where nobody can know it now."""
        ...

    async def bump(self, api: str) -> None:
        """Let a new time begin: a write to the API has happened, or may have."""
        ...


@dataclass(frozen=True, slots=True)
class LocalGenerations:
    """Counts the writes of this process."""

    _writes: Counter[str] = field(default_factory=Counter)

    async def current(self, api: str) -> str | None:
        """Return how many writes there were."""
        return str(self._writes[api])

    async def bump(self, api: str) -> None:
        """Count one more."""
        self._writes[api] += 1


@dataclass(frozen=True, slots=True)
class SharedGenerations:
    """Marks that all processes share, in Redis.

    A write that could not be told to it is told as soon as it answers again; until then this
    process gives nothing again.
    """

    shared: Shared
    _owed: set[str] = field(default_factory=set)

    async def current(self, api: str) -> str | None:
        """Return the mark of the last write; None while Redis is away."""
        for owed in tuple(self._owed):
            await self.bump(owed)
        return None if self._owed else await self.shared.mark(f"writes to {api}")

    async def bump(self, api: str) -> None:
        """Set a new mark, which was never there before: not after a Redis lost all it had, too."""
        self._owed.add(api)
        if await self.shared.mark(f"writes to {api}", new=True) is not None:
            self._owed.discard(api)
