"""Putting things down in batches, off the path of whoever hands them in.

What is handed in is saved within 50 ms, or sooner where 200 have come together. A batch that
fails is tried again a few times; then it is given up, and `flush` says how many were lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Generic, TypeVar

from dragoman.errors import StoreError

__all__ = ["Batches"]

T = TypeVar("T")

_log = logging.getLogger("dragoman.audit")

_BATCH = 200
_MOST = 10_000
"""Things that wait at most; then whoever hands one in waits for room."""

_SECONDS = 0.05
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a failed batch is tried again; while the store keeps failing, it is tried once."""


class Batches(Generic[T]):
    """A queue that saves itself; its task lives only while something is in it."""

    def __init__(self, save: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._save = save
        self._waiting: deque[T] = deque()
        self._handed_in = 0
        self._settled = 0
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._progress = asyncio.Event()
        self._flushing = 0
        self._failing = False
        self._lost = 0
        self.lost = 0
        """How many were given up, ever."""
        self._reason = ""

    @property
    def waiting(self) -> int:
        """How many are not saved yet."""
        return len(self._waiting)

    async def put(self, thing: T) -> None:
        """Hand one in; waits only while the queue is full, and goes on where it is cancelled."""
        if len(self._waiting) < _MOST:
            self._take(thing)
        else:
            await asyncio.shield(self._put_late(thing))

    async def _put_late(self, thing: T) -> None:
        while len(self._waiting) >= _MOST:
            await self._until(self._settled + 1)
        self._take(thing)

    def _take(self, thing: T) -> None:
        self._waiting.append(thing)
        self._handed_in += 1
        if len(self._waiting) >= _BATCH:
            self._hurry.set()
        self._run()

    async def settle(self) -> None:
        """Wait until all that was handed in so far is saved, or given up."""
        self._flushing += 1
        self._hurry.set()
        try:
            await self._until(self._handed_in)
        finally:
            self._flushing -= 1

    async def flush(self) -> None:
        """The same; raises `StoreError`, once, for what was given up."""
        await self.settle()
        if self._lost:
            count, self._lost = self._lost, 0
            raise StoreError(f"{count} records were lost. {self._reason}")

    async def _until(self, count: int) -> None:
        while self._settled < count:
            self._run()
            await self._progress.wait()

    def _run(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            if len(self._waiting) < _BATCH:
                await self._pause(_SECONDS)
            batch = list(islice(self._waiting, _BATCH))
            await self._settle(batch)
            for _ in batch:
                self._waiting.popleft()
            self._settled += len(batch)
            self._progress.set()
            self._progress = asyncio.Event()

    async def _settle(self, batch: Sequence[T]) -> None:
        for pause in () if self._failing else _PAUSES:
            if await self._saved(batch):
                return
            await self._pause(pause)
        if not await self._saved(batch):
            self._lost += len(batch)
            self.lost += len(batch)

    async def _saved(self, batch: Sequence[T]) -> bool:
        try:
            await self._save(batch)
        except Exception as error:  # noqa: BLE001 - no record may end the writing of the others
            reason = error.detail if isinstance(error, StoreError) else type(error).__name__
            if not self._failing:
                _log.error("records could not be written: %s", reason)
            self._failing, self._reason = True, reason
        else:
            self._failing = False
        return not self._failing

    async def _pause(self, seconds: float) -> None:
        """Wait, but not while somebody waits for us."""
        if self._flushing:
            return
        self._hurry.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)
