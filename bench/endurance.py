"""What grows and what blocks: memory over many calls, and how long the event loop is held."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.governed import Governed
from bench.measure import Row

__all__ = ["endurance"]

_CALLS = 100_000
_WARM = 20_000
_AT_ONCE = 32
_MIB = 1024 * 1024


async def endurance(both: Governed) -> list[Row]:
    """Measure memory over 100,000 reads, and the longest hold while 5 MB are read beside others."""
    return [await _hold(both), await _memory(both)]


async def _memory(both: Governed) -> Row:
    await _reads(both, _WARM)
    await both.d.parts.audit.flush()
    before = _resident()
    await _reads(both, _CALLS)
    await both.d.parts.audit.flush()
    after = _resident()
    label = f"memory after {_WARM:,} reads, and after {_CALLS:,} more"
    return Row(label, after, before, after / before, "≤ 1.1", "MiB")


async def _reads(both: Governed, count: int) -> None:
    for _ in range(count // _AT_ONCE):
        await asyncio.gather(*(both.read() for _ in range(_AT_ONCE)))


def _resident() -> float:
    """Return the memory of this process now, in MiB (proc(5), statm: pages of 4 KiB)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / _MIB


async def _hold(both: Governed) -> Row:
    """Read 5 MB twice at once, and small things one after another meanwhile."""
    await both.d.call("shop.all", {}, budget=16_000)
    async with _watched() as longest:
        for _ in range(5):
            large = asyncio.gather(*(both.d.call("shop.all", {}, budget=16_000) for _ in range(2)))
            while not large.done():
                await both.read()
            await large
    label = "longest hold of the event loop beside 5 MB results"
    return Row(label, longest[0], 0.05, longest[0] / 0.05, "≤ 1")


@asynccontextmanager
async def _watched() -> AsyncIterator[list[float]]:
    """Wake every millisecond, and note by how much that was late at the worst."""
    longest = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest[0] = max(longest[0], time.perf_counter() - before - 0.001)

    watching = asyncio.create_task(watch())
    try:
        yield longest
    finally:
        watching.cancel()
