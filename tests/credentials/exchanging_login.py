"""A login server that exchanges refresh tokens, and an API that takes its newest access token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from dragoman import Dragoman
from dragoman.credentials.user_tokens import UserToken

KEY = "a key of the tests, and no other"
SECRET = "client-secret-4711"


@dataclass
class Login:
    """A refresh token that comes twice ends the grant (RFC 9700, 4.14.2).

    `before_answer` is awaited after a refresh token was exchanged, before the answer is sent;
    `takes_nobody` has the API refuse also the newest token.
    """

    url: str = ""
    number: int = 0
    refreshes: int = 0
    lifetime: int = 3600
    ended: bool = False
    expired: bool = False
    takes_nobody: bool = False
    before_answer: Callable[[], Coroutine[Any, Any, Any]] | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def token(self, request: web.Request) -> web.Response:
        shown = (await request.post()).get("refresh_token")
        self.refreshes += 1
        if self.ended or shown != f"refresh-token-{self.number}":
            self.ended = True
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.number += 1
        self.expired = False
        number = self.number
        self.asked.set()
        if self.before_answer is not None:
            await self.before_answer()
        return web.json_response(
            {
                "access_token": f"access-token-{number}",
                "refresh_token": f"refresh-token-{number}",
                "token_type": "Bearer",
                "expires_in": self.lifetime,
            }
        )

    async def me(self, request: web.Request) -> web.Response:
        good = request.headers.get("Authorization") == f"Bearer access-token-{self.number}"
        if self.ended or self.expired or self.takes_nobody or not good:
            return web.json_response({"detail": "no"}, status=401)
        return web.json_response({"sub": "ana"})

    def configuration(self, store: str) -> dict[str, Any]:
        """Dragoman over it."""
        oauth = {
            "grant": "authorization_code",
            "client_id": "dragoman",
            "client_secret": "${SECRET}",
            "authorization_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
        }
        api = {
            "http": self.url,
            "auth": {"oauth": oauth},
            "operations": {"whoAmI": {"get": "/me"}},
        }
        return {"version": 1, "store": store, "key": "${KEY}", "apis": {"login": api}}


ENVIRON = {"KEY": KEY, "SECRET": SECRET}


@asynccontextmanager
async def running_login() -> AsyncIterator[Login]:
    login = Login()
    app = web.Application()
    app.router.add_post("/token", login.token)
    app.router.add_get("/me", login.me)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    login.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield login
    finally:
        await runner.cleanup()


async def give(d: Dragoman, login: Login, *, seconds: float = -1.0) -> None:
    """Let ana have connected, with an access token that is shown for so many seconds more."""
    source = d.parts.routes["login"].accounts[""].by_code
    until = source.clock.now() + timedelta(seconds=seconds)
    number = login.number
    await source.tokens.put(
        UserToken("login", "ana", f"access-token-{number}", f"refresh-token-{number}", until)
    )
