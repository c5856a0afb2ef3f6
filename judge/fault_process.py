"""A process of its own for faults that end it, or that are of its surroundings."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys

from dragoman import Dragoman
from dragoman.operation import Outcome
from judge.fault_cases import SECONDS, TOKEN, settings


async def _full(base: str, folder: str) -> None:
    """Call when no file may grow any more: a write to the store fails as on a full disk."""
    config = settings(base, f"sqlite:///{folder}/full.db")
    async with Dragoman(config, environ={"SHOP_TOKEN": TOKEN}) as d:
        await d.call("shop.put", {"id": "1"})  # with it the key is made
        await d.parts.audit.flush()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        read = await d.call("shop.get", {"id": "2"}, timeout=SECONDS)
        write = await d.call("shop.put", {"id": "2"}, timeout=SECONDS)
        print(_what(read), _what(write), flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


async def _load(base: str, folder: str) -> None:
    """Have 32 writes out until somebody ends the process; then close in good order."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    config = settings(base, f"sqlite:///{folder}/load.db")
    config["apis"]["shop"]["limits"]["timeout"] = "60s"
    async with Dragoman(config, environ={"SHOP_TOKEN": TOKEN}) as d:
        calls = [asyncio.create_task(d.call("shop.put", {"id": str(n)})) for n in range(32)]
        await ended.wait()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _what(outcome: Outcome) -> str:
    return outcome.problem.code if outcome.problem else outcome.status.value


if __name__ == "__main__":
    asyncio.run({"full": _full, "load": _load}[sys.argv[1]](*sys.argv[2:4]))
