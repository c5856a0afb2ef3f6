"""The address on this machine to which a browser comes back from an authorization server.

RFC 8252, 7.3: a port of the loopback interface, chosen by the system unless the owner names one
that was registered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

__all__ = ["Callback", "callback"]

_PATH = "/callback"
_PAGE = """<!doctype html><meta charset="utf-8"><title>Dragoman</title>
<p style="font: 1.1rem system-ui; margin: 3rem">You can close this page and go back to the terminal.
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the browser is to be sent, and what it brings."""

    redirect_uri: str
    brought: asyncio.Future[Mapping[str, str]]


@asynccontextmanager
async def callback(port: int = 0) -> AsyncIterator[Callback]:
    """Wait on loopback for the first answer at `/callback` (RFC 6749, 4.1.2).

    Raises `OSError` for a port that is taken.
    """
    brought: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def handle(request: web.Request) -> web.Response:
        # What is none must not end the waiting: pages and programs look at ports of this machine.
        if "state" not in request.query or not {"code", "error"} & request.query.keys():
            raise web.HTTPBadRequest
        if not brought.done():
            brought.set_result(dict(request.query))
        # Nothing of the request stands in the page.
        return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)

    application = web.Application(client_max_size=1024)
    application.router.add_get(_PATH, handle)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield Callback(f"http://127.0.0.1:{runner.addresses[0][1]}{_PATH}", brought)
    finally:
        await runner.cleanup()
