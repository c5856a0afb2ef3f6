"""A secret is exchanged in its store, and at the API, while calls are under way: none fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ministack import KEYS, endpoint, owner_at
from moved_seconds import MovedSeconds

from dragoman import Dragoman
from dragoman.secrets.remote import Held, RemoteStore

__all__ = ["endpoint"]

AT_ONCE = 32


@dataclass
class Api:
    """Takes one token, and counts what it refused."""

    url: str = ""
    token: str = "token-number-0"
    answered: int = 0
    refused: int = 0
    written: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        await asyncio.sleep(0.002)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            return web.json_response({"detail": "no"}, status=401)
        self.answered += 1
        if request.method == "POST":
            self.written.append(request.path)
        return web.json_response({"ok": True})


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    served = Api()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


def configuration(api: Api, folder: Path) -> dict[str, Any]:
    path = {"path": {"id": "string"}}
    operations = {
        "look": {"get": "/things/{id}", **path},
        "make": {"post": "/things/{id}", "require_approval": "never", **path},
    }
    shop = {"http": api.url, "auth": {"bearer": "${aws:shop#token}"}, "operations": operations}
    return {"version": 1, "store": f"sqlite:///{folder}/dragoman.db", "apis": {"shop": shop}}


async def keep_calling(d: Dragoman, name: str, failures: list[str]) -> int:
    """Call until cancelled; every sixth call is a write."""
    count = 0
    with suppress(asyncio.CancelledError):
        while True:
            operation = "shop.make" if count % 6 == 0 else "shop.look"
            outcome = await d.call(operation, {"id": f"{name}-{count}"})
            count += 1
            if not outcome.ok:
                failures.append(str(outcome.problem))
    return count


async def test_no_call_fails_while_a_secret_in_aws_is_rotated(
    endpoint: str, api: Api, tmp_path: Path
) -> None:
    aws = owner_at(endpoint)
    aws.create_secret(Name="shop", SecretString='{"token": "token-number-0"}')
    environ = {**KEYS, "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint}
    failures: list[str] = []
    async with Dragoman(configuration(api, tmp_path), environ=environ) as d:
        calling = [
            asyncio.create_task(keep_calling(d, str(number), failures)) for number in range(AT_ONCE)
        ]
        for number in range(1, 6):
            await asyncio.sleep(0.15)
            value = f'{{"token": "token-number-{number}"}}'
            await asyncio.to_thread(aws.put_secret_value, SecretId="shop", SecretString=value)
            api.token = f"token-number-{number}"
        await asyncio.sleep(0.2)
        for task in calling:
            task.cancel()
        counts = await asyncio.gather(*calling)
    assert failures == []
    assert min(counts) > 0
    assert api.refused > 0, "calls were under way when the token changed"
    assert len(api.written) == len(set(api.written)), "no write was made twice"


async def test_who_is_refused_does_not_take_what_another_began_to_read_before(
    api: Api, tmp_path: Path
) -> None:
    """The read of another began before the rotation, and ends after a call was refused."""
    clock, loop = MovedSeconds(), asyncio.get_running_loop()
    reading, go_on = asyncio.Event(), asyncio.Event()
    held, reads = "token-number-0", 0

    def fetch(_: str) -> Held:
        nonlocal reads
        reads, value = reads + 1, held
        if reads == 2:
            loop.call_soon_threadsafe(reading.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)
        return Held({"token": value})

    async with Dragoman(configuration(api, tmp_path), environ={}, clock=clock) as d:
        d._secrets._stores["aws"] = RemoteStore("aws", fetch, clock)
        credentials, asked = d.parts.routes["shop"].accounts[""], ((("*",),), f"{api.url}/things/1")
        shown = await credentials.credential(*asked)
        clock.passed += 61
        another = asyncio.create_task(credentials.credential(*asked))
        await reading.wait()
        held = "token-number-1"
        refused = asyncio.create_task(credentials.renewed(shown, *asked))
        await asyncio.sleep(0.05)
        go_on.set()
        assert await another == shown
        renewed = await refused
        assert renewed is not None
        assert renewed.headers == (("Authorization", "Bearer token-number-1"),)
        many = await asyncio.gather(*(credentials.renewed(shown, *asked) for _ in range(AT_ONCE)))
        assert (set(many), reads) == ({renewed}, 3), "who comes later needs no read"
