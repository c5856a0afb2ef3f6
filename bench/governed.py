"""Calls through the whole path, against aiohttp alone: the rows of DESIGN on reads and writes.

A governed read is: the caller's key checked, its scope, two rates, the arguments validated, a
bearer credential, JMESPath on a 2 KB body, 40 live secrets redacted, metrics, the record on
SQLite, and nothing reused.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.measure import Row, row
from bench.upstream import running
from dragoman import Dragoman

__all__ = ["Governed", "governed", "governed_calls"]

_CALLS = 320
_ROUNDS = 7
_SECRETS = 40

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Governed:
    """Dragoman over the API, and a plain client beside it."""

    d: Dragoman
    session: aiohttp.ClientSession
    url: str
    key: str

    async def read(self) -> None:
        """Read 2 KB as a caller with a key."""
        who = await self.d.authenticate(self.key)
        assert (await self.d.call("shop.list", {"id": "7"}, caller=who.caller, user="u_7")).ok

    async def write(self) -> None:
        """Write something, with a claim."""
        who = await self.d.authenticate(self.key)
        arguments = {"id": "7", "amount": 5}
        assert (await self.d.call("shop.refund", arguments, caller=who.caller, user="u_7")).ok

    async def plain_read(self) -> None:
        """Read the same without any of it."""
        async with self.session.get(f"{self.url}/orders/7") as response:
            await response.read()

    async def plain_write(self) -> None:
        """Write the same without any of it."""
        url = f"{self.url}/orders/7/refunds"
        async with self.session.post(url, json={"amount": 5}) as response:
            await response.read()


@asynccontextmanager
async def governed() -> AsyncIterator[Governed]:
    """Open both sides over an API in another process."""
    with running() as url, tempfile.TemporaryDirectory() as folder:
        environ = {"SHOP_TOKEN": "a-token-of-the-bench"}
        environ |= {f"SECRET_{n}": f"secret-number-{n}-of-the-bench" for n in range(_SECRETS)}
        async with Dragoman(_config(url, folder), environ=environ) as d:
            for n in range(_SECRETS):
                d.parts.live.add(environ[f"SECRET_{n}"], f"SECRET_{n}")
            _, key = await d.parts.caller_keys.create("bot", label="bench")
            async with aiohttp.ClientSession() as session:
                yield Governed(d, session, url, key)


def _config(url: str, folder: str) -> dict[str, Any]:
    return {
        "store": f"sqlite:///{folder}/bench.db",
        "apis": {
            "shop": {
                "http": url,
                "auth": {"bearer": "${SHOP_TOKEN}"},
                "limits": {"rate": "1000000/second"},
                "require_approval": "never",
                "operations": {
                    "list": {
                        "get": "/orders/{id}",
                        "path": {"id": "string"},
                        "fill": {"customer": "caller.user"},
                        "query": {"customer": "string?"},
                        "select": "orders[].{id: id, status: status}",
                    },
                    "all": {"get": "/all"},
                    "refund": {
                        "post": "/orders/{id}/refunds",
                        "path": {"id": "string"},
                        "body": {"amount": "integer"},
                    },
                },
            }
        },
        "callers": {
            "bot": {
                "scopes": ["shop:read", "shop:write"],
                "acts_for": "any",
                "rate": "1000000/second",
            }
        },
    }


async def governed_calls(both: Governed) -> list[Row]:
    """Measure reads one at a time and 32 at a time, and writes 32 at a time."""
    read = await _pair("governed read / aiohttp", both.read, both.plain_read, 1, "≤ 1.5")
    reads = await _pair("governed reads, 32 at a time", both.read, both.plain_read, 32, "≤ 2")
    writes = await _pair("governed writes, 32 at a time", both.write, both.plain_write, 32, "–")
    per_second = 1 / writes.ours
    label = "governed writes a second, 32 at a time / 300"
    return [read, reads, writes, Row(label, per_second, 300, per_second / 300, "≥ 1", "/s")]


async def _pair(what: str, ours: Work, floor: Work, at_once: int, target: str) -> Row:
    async def timed(work: Work) -> float:
        rounds = _CALLS // at_once
        started = time.perf_counter()
        for _ in range(rounds):
            await asyncio.gather(*(work() for _ in range(at_once)))
        return (time.perf_counter() - started) / (rounds * at_once)

    await timed(ours), await timed(floor)
    return row(what, [(await timed(ours), await timed(floor)) for _ in range(_ROUNDS)], target)
