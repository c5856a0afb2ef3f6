"""What goes wrong around calls: the store, Redis, a storm, the end of the process."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dragoman import Dragoman, Outcome
from judge.fault_cases import SECONDS, TOKEN, settings
from judge.fault_servers import faulty, relay

__all__ = ["STATES", "State"]

_ENVIRON = {"SHOP_TOKEN": TOKEN}
REDIS_PORT = int(os.environ.get("DRAGOMAN_TEST_REDIS_PORT", "6379"))
_STORM = 200


@dataclass(frozen=True, slots=True)
class State:
    """What happened and what came of it, in words; `faults` is empty where that is right."""

    what: str
    came: str
    seconds: float
    faults: tuple[str, ...] = ()


async def storm(folder: Path) -> State:
    """Send many reads into an API that only answers 500."""
    async with faulty() as heard:
        config = settings(f"http://127.0.0.1:{heard.port}/500", f"sqlite:///{folder}/storm.db")
        began = time.monotonic()
        async with Dragoman(config, environ=_ENVIRON) as d:
            calls = [d.call("shop.get", {"id": "42"}, timeout=SECONDS) for _ in range(_STORM)]
            outcomes = await asyncio.gather(*calls)
        seconds = time.monotonic() - began
    sent = await heard.counted("GET", "500")
    faults = [f"{one.status}" for one in outcomes if one.status != "failed"]
    # A budget lets a part of the calls be tried again; the breaker then keeps the rest away.
    if sent > _STORM * 1.2:
        faults.append(f"{sent} requests for {_STORM} calls")
    came = f"all fail; {sent} requests arrive: retries have a budget, and then the breaker is open"
    return State(f"a storm: {_STORM} reads at once, and 500 to each", came, seconds, tuple(faults))


async def locked(folder: Path) -> State:
    """Hold the lock of the store while a write and a read are called."""
    async with faulty() as heard:
        file = folder / "locked.db"
        config = settings(f"http://127.0.0.1:{heard.port}/good", f"sqlite:///{file}")
        async with Dragoman(config, environ=_ENVIRON) as d:
            assert (await d.call("shop.get", {"id": "1"})).ok
            await d.parts.audit.flush()
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                read, write = await asyncio.gather(
                    d.call("shop.get", {"id": "2"}, timeout=SECONDS),
                    d.call("shop.put", {"id": "2"}, timeout=SECONDS),
                )
                seconds = time.monotonic() - began
                other.execute("ROLLBACK")
    return _around(
        "another process holds the lock of the store",
        read,
        write,
        seconds,
        await heard.counted("POST", "good"),
    )


async def full(folder: Path) -> State:
    """Call with a store that cannot grow any more, in a process of its own."""
    async with faulty() as heard:
        base = f"http://127.0.0.1:{heard.port}/good"
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "judge.fault_process", "full", base, str(folder)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        seconds = time.monotonic() - began
    read, write = said.decode().split()[:2]
    sent = await heard.counted("POST", "good")
    faults = [] if (write, sent) == ("store", 1) else [f"a write ended {write}, {sent} were sent"]
    came = f"a write gets `{write}` and is not sent; a read gets `{read}`"
    return State("the disk is full", came, seconds, tuple(faults))


async def redis_down(folder: Path) -> State:
    """Cut the way to Redis between two calls."""
    async with faulty() as heard, relay(REDIS_PORT) as way:
        config = settings(f"http://127.0.0.1:{heard.port}/good", f"sqlite:///{folder}/redis.db")
        config["key"] = "${DRAGOMAN_KEY}"
        config["redis"] = f"redis://127.0.0.1:{way.port}/0"
        config["apis"]["shop"]["limits"]["rate"] = "1000/second"
        environ = {**_ENVIRON, "DRAGOMAN_KEY": "a-key-of-the-fault-table-32-bytes-long"}
        async with Dragoman(config, environ=environ) as d:
            assert (await d.call("shop.get", {"id": "1"})).ok
            way.cut()
            began = time.monotonic()
            read = await d.call("shop.get", {"id": "2"}, timeout=SECONDS)
            write = await d.call("shop.put", {"id": "2"}, timeout=SECONDS)
            seconds = time.monotonic() - began
    faults = [f"{one.status}: {one.problem}" for one in (read, write) if not one.ok]
    came = "calls go on, and rates are counted in each process until it is back"
    return State("Redis is gone", came, seconds, tuple(faults))


async def terminated(folder: Path) -> State:
    """End a process with SIGTERM while 32 writes are out, and look what its store says of them."""
    async with faulty() as heard:
        base = f"http://127.0.0.1:{heard.port}/slow-body"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "judge.fault_process", "load", base, str(folder)),
            stdout=asyncio.subprocess.PIPE,
        )
        # What is waited for happens in two processes, so there is no event to wait for.
        while await heard.counted("POST", "slow-body") < 32 and process.returncode is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
        seconds = time.monotonic() - began
    with closing(sqlite3.connect(folder / "load.db")) as store:
        rows = store.execute("SELECT state, count(*) FROM claims GROUP BY state").fetchall()
        (calls,) = store.execute("SELECT count(*) FROM call_log").fetchone()
    claims, sent = dict(rows), await heard.counted("POST", "slow-body")
    faults = [] if (claims, sent, calls) == ({"unknown": 32}, 32, 32) else [f"{claims}, {calls}"]
    came = f"{sent} writes were out: {claims.get('unknown', 0)} are `unknown`, {calls} on record"
    return State("SIGTERM while 32 writes are out", came, seconds, tuple(faults))


def _around(what: str, read: Outcome, write: Outcome, seconds: float, writes: int) -> State:
    codes = [one.problem.code if one.problem else one.status.value for one in (read, write)]
    faults = [] if (codes[1], writes) == ("store", 0) else [f"{codes[1]}, {writes} were sent"]
    if seconds > SECONDS + 1:
        faults.append(f"took {seconds:.1f} s")
    came = f"a write gets `{codes[1]}` and is not sent; a read gets `{codes[0]}`"
    return State(what, came, seconds, tuple(faults))


STATES: tuple[Callable[[Path], Awaitable[State]], ...] = (
    storm,
    locked,
    full,
    redis_down,
    terminated,
)
