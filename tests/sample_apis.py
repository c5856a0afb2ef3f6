"""The sample APIs for tests that use them as a client does, from another thread or process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dragoman.demo import serve
from dragoman.demo.keys import variables

__all__ = ["addresses"]


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The sample APIs, serving in a thread, with their variables."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: dict[str, str] = {}

    async def run() -> None:
        async with serve(delay=0) as apis:
            found.update({**apis.variables(), **variables()})
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    yield found
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()
