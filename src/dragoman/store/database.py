"""What a database does for the store; `sqlite.py` and `postgres.py` each are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from dragoman.store.statements import Parameters, Row, Work

__all__ = ["Database"]

T = TypeVar("T")


class Database(Protocol):
    """An open database whose tables are up to date. Whoever asks waits: that bounds its queue."""

    async def read(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        """Return the rows of one query over what is committed."""
        ...

    async def write(self, work: Work[T], *, durable: bool) -> T:
        """Return what the work returns once it is committed, whether its caller waits or not."""
        ...

    async def aclose(self) -> None:
        """Finish what is being written, and close."""
        ...
