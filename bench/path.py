"""One governed read through the whole path, against aiohttp alone."""

from __future__ import annotations

import asyncio
import tempfile
import time

import aiohttp
from aiohttp import web

from bench.measure import Row, row
from dragoman import Dragoman

__all__ = ["governed_reads"]

_CALLS = 300
_BODY = b'{"orders":[' + b",".join(b'{"id":%d,"status":"shipped"}' % n for n in range(60)) + b"]}"


async def governed_reads() -> list[Row]:
    """Measure reads one at a time and 32 at a time; both sides on one loop and one server."""
    async with _server() as url:
        with tempfile.TemporaryDirectory() as folder:
            config = {
                "store": f"sqlite:///{folder}/bench.db",
                "apis": {
                    "shop": {
                        "http": url,
                        "auth": {"bearer": "${SHOP_TOKEN}"},
                        "limits": {"rate": "1000000/second"},
                        "operations": {
                            "list": {
                                "get": "/orders/{id}",
                                "path": {"id": "string"},
                                "select": "orders[].{id: id, status: status}",
                            }
                        },
                    }
                },
                "callers": {"bot": {"scopes": ["shop:read"], "rate": "1000000/second"}},
            }
            environ = {"SHOP_TOKEN": "a-token-of-the-bench"}
            async with (
                Dragoman(config, environ=environ) as d,
                aiohttp.ClientSession() as session,
            ):
                return [await _pair(d, session, url, 1), await _pair(d, session, url, 32)]


async def _pair(d: Dragoman, session: aiohttp.ClientSession, url: str, at_once: int) -> Row:
    async def ours() -> None:
        assert (await d.call("shop.list", {"id": "7"}, caller="bot")).ok

    async def floor() -> None:
        async with session.get(f"{url}/orders/7") as response:
            await response.read()

    async def timed(work: object) -> float:
        started = time.perf_counter()
        for _ in range(_CALLS // at_once):
            await asyncio.gather(*(work() for _ in range(at_once)))  # type: ignore[operator]
        return (time.perf_counter() - started) / (_CALLS // at_once * at_once)

    await timed(ours), await timed(floor)
    pairs = [(await timed(ours), await timed(floor)) for _ in range(5)]
    return row(
        f"governed read, {at_once} at a time / aiohttp", pairs, "≤ 1.5" if at_once == 1 else "≤ 2"
    )


class _server:  # noqa: N801 - used as a context manager only
    async def __aenter__(self) -> str:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=_BODY, content_type="application/json")

        app = web.Application()
        app.router.add_get("/orders/{id}", answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
