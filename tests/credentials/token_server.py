"""A token endpoint on loopback that records what it was asked and answers as it is told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

from aiohttp import web

Answer = Callable[["Asked"], "web.Response | Awaitable[web.Response]"]


@dataclass(frozen=True)
class Asked:
    """One request: the form, and the client as the Authorization header names it."""

    form: dict[str, str]
    client: tuple[str, str] | None


@dataclass
class TokenServer:
    """`answer` decides; by default every request gets a new token of an hour."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Answer | None = None

    async def handle(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = Asked(form, _client(request.headers.get("Authorization")))
        self.asked.append(asked)
        if self.answer is None:
            return token(f"token-number-{len(self.asked)}")
        answered = self.answer(asked)
        return await answered if isinstance(answered, Awaitable) else answered


def token(value: str, **members: object) -> web.Response:
    return web.json_response(
        {"access_token": value, "token_type": "Bearer", "expires_in": 3600, **members}
    )


def _client(header: str | None) -> tuple[str, str] | None:
    if header is None:
        return None
    name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return unquote_plus(name), unquote_plus(secret)


@asynccontextmanager
async def running() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    app = web.Application()
    app.router.add_post("/token", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}/token"
    try:
        yield server
    finally:
        await runner.cleanup()


@dataclass
class MovedClock:
    """A clock that stands still until it is moved."""

    seconds: float = 1_000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


async def slowly(answer: web.Response) -> web.Response:
    await asyncio.sleep(0.05)
    return answer
