"""A server that takes what is posted to it, and answers as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from dragoman import Dragoman

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Open = Callable[..., Awaitable[Dragoman]]


@dataclass
class Listener:
    """What came, in its order; `answers` are given one after another, then 204."""

    url: str = ""
    posts: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    came: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.posts.append((dict(request.headers), body))
        answer = self.answers.pop(0) if self.answers else web.Response(status=204)
        if answer.status < 300:
            self.came.put_nowait(json.loads(body))
        return answer

    async def next(self) -> dict[str, Any]:
        """Return the next that was taken; waits for it."""
        return await asyncio.wait_for(self.came.get(), 30)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Serve on loopback."""
    listener = Listener()
    app = web.Application()
    app.router.add_post("/{tail:.*}", listener.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/services/T0/B0/hook"
    try:
        yield listener
    finally:
        await runner.cleanup()
