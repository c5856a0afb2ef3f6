"""One governed read through the whole path, against aiohttp alone, and what governing costs."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from bench.measure import Row, row
from dragoman import Dragoman
from dragoman.call.fill import fill
from dragoman.call.record import redacted
from dragoman.clock import Deadline, SystemClock
from dragoman.operation import Call, Outcome

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
                                "fill": {"customer": "caller.user"},
                                "query": {"customer": "string?"},
                                "select": "orders[].{id: id, status: status}",
                            }
                        },
                    }
                },
                "callers": {
                    "bot": {"scopes": ["shop:read"], "acts_for": "any", "rate": "1000000/second"}
                },
            }
            environ = {"SHOP_TOKEN": "a-token-of-the-bench"}
            async with (
                Dragoman(config, environ=environ) as d,
                aiohttp.ClientSession() as session,
            ):
                return [
                    await _pair(d, session, url, 1),
                    await _pair(d, session, url, 32),
                    await _governing(d),
                ]


async def _pair(d: Dragoman, session: aiohttp.ClientSession, url: str, at_once: int) -> Row:
    async def ours() -> None:
        assert (await d.call("shop.list", {"id": "7"}, caller="bot", user="u_7")).ok

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


async def _governing(d: Dragoman) -> Row:
    """Time the stages that say who may do what, and redaction, against all of the read."""
    path, live = d.parts.path, d.parts.live
    deadline = Deadline.after(3600, SystemClock())
    call = Call("bench", "shop.list", {"id": "7"}, deadline, "bench", caller="bot", user="u_7")
    outcome = await d.call("shop.list", {"id": "7"}, caller="bot", user="u_7")

    async def ours() -> Outcome:
        caller = path.identify(call)
        operation, rules = await path.authorize(call, caller)
        fill(call, operation, rules)
        live.redact_json(outcome.record)
        return redacted(outcome, live)

    async def whole() -> None:
        assert (await d.call("shop.list", {"id": "7"}, caller="bot", user="u_7")).ok

    async def timed(work: Callable[[], Awaitable[object]]) -> float:
        started = time.perf_counter()
        for _ in range(_CALLS):
            await work()
        return (time.perf_counter() - started) / _CALLS

    await timed(ours), await timed(whole)
    pairs = [(await timed(ours), await timed(whole)) for _ in range(5)]
    return row("identify, authorize, fill, redact / governed read", pairs, "≤ 0.15")


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
