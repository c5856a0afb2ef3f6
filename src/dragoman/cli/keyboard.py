"""Waiting for a person at standard input, so that Ctrl-C ends the waiting and not the patience."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

__all__ = ["Interrupted", "interruptible", "read_line"]

T = TypeVar("T")


class Interrupted(Exception):  # noqa: N818 - no error: a person has had enough of this answer
    """Ctrl-C was pressed while something was under way."""


async def read_line() -> str:
    """Return a line of standard input with its end, "" where there is no more.

    At a terminal no thread waits in `readline`: nothing could wake it at Ctrl-C, and the process
    would hang until somebody pressed Enter. There a line is read once it is there.
    """
    if sys.stdin.isatty():
        with suppress(NotImplementedError):  # an event loop that watches sockets only
            await _readable(sys.stdin.fileno())
            return sys.stdin.readline()
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    is_there = asyncio.Event()
    loop.add_reader(descriptor, is_there.set)
    try:
        await is_there.wait()
    finally:
        loop.remove_reader(descriptor)


async def interruptible(work: Coroutine[object, object, T]) -> T:
    """Return what the work returns; raises `Interrupted` where Ctrl-C has cancelled it."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    pressed = False

    def stop() -> None:
        nonlocal pressed
        pressed = True
        task.cancel()

    with suppress(NotImplementedError, ValueError):  # as above, or not in the main thread
        loop.add_signal_handler(signal.SIGINT, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if pressed and task.cancelled():
            raise Interrupted from None
        raise
    finally:
        with suppress(NotImplementedError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)
