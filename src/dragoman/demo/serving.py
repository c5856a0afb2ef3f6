"""Making the three applications, and serving each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from dragoman.demo.carrier.application import carrier
from dragoman.demo.helpdesk.application import helpdesk
from dragoman.demo.keys import Credentials
from dragoman.demo.program import PROGRAM, Clock, clock_of
from dragoman.demo.shop.application import shop

__all__ = ["applications", "clock_of", "served"]

_SHUTDOWN_SECONDS = 0.2


def applications(
    now: Clock, credentials: Credentials, delay: float, token_seconds: float
) -> tuple[Callable[[], web.Application], ...]:
    """Return what makes shop, helpdesk and carrier, in this order."""
    return (
        partial(shop, now, credentials),
        partial(helpdesk, now, credentials, token_seconds),
        partial(carrier, now, credentials, delay),
    )


@asynccontextmanager
async def served(
    app: web.Application, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve one application; yields its address. Raises `OSError` where the port is in use."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        app[PROGRAM].database.close()
