"""A fake of Vault: no server of it is to be had, so this speaks its documented HTTP interface.

Mounts `kv1/` (KV version 1), `kv2/` (version 2) and `database/`, which lends; tokens with an end,
AppRole with one role. The pages are those of Vault's "HTTP API" reference.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

MOUNTS = {
    "kv1/": {"type": "kv", "options": {"version": "1"}},
    "kv2/": {"type": "kv", "options": {"version": "2"}},
    "database/": {"type": "database", "options": None},
}


@dataclass
class FakeVault:
    """`asked` are the requests so far; `tokens` those that are let in, with their seconds."""

    url: str = ""
    values: dict[str, dict[str, object]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=lambda: {"root-token-0001": 0})
    asked: list[str] = field(default_factory=list)
    lease_seconds: int = 60
    lent: int = 0
    revoked: set[str] = field(default_factory=set)
    status: int | None = None

    def count(self, request: str) -> int:
        return self.asked.count(request)

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/v1/")
        self.asked.append(f"{request.method} {path}")
        if self.status is not None:
            return web.json_response({"errors": ["no: root-token-0001"]}, status=self.status)
        if path == "auth/approle/login":
            return await self._log_in(request)
        token = request.headers.get("X-Vault-Token", "")
        if token not in self.tokens:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        if path.startswith("auth/token/"):
            seconds = self.tokens[token]
            if path.endswith("lookup-self"):
                return _answer({"ttl": seconds, "renewable": seconds > 0})
            return web.json_response(_auth(token, seconds))
        if path == "sys/leases/renew":
            return self._renew(str((await request.json())["lease_id"]))
        return self._read(path)

    def _read(self, path: str) -> web.Response:
        if path.startswith("sys/internal/ui/mounts/"):
            name = path.removeprefix("sys/internal/ui/mounts/")
            mount = next((one for one in MOUNTS if name.startswith(one)), None)
            if mount is None:
                return web.json_response({"errors": ["preflight failed"]}, status=403)
            return _answer({"path": mount, **MOUNTS[mount]})
        if path.startswith("database/creds/"):
            self.lent += 1
            return _answer(
                {"username": f"u{self.lent}", "password": f"lent-password-{self.lent}"},
                lease_id=f"{path}/{self.lent}",
                lease_duration=self.lease_seconds,
                renewable=True,
            )
        if path.startswith("kv2/"):
            found = self.values.get(f"kv2/{path.removeprefix('kv2/data/')}")
            if found is not None and path.startswith("kv2/data/"):
                return _answer({"data": found, "metadata": {"version": 1}})
        elif found := self.values.get(path):
            return _answer(found, lease_duration=2_764_800)
        return web.json_response({"errors": []}, status=404)

    def _renew(self, lease: str) -> web.Response:
        if lease in self.revoked:
            return web.json_response({"errors": ["lease not found"]}, status=400)
        return web.json_response({"lease_id": lease, "lease_duration": self.lease_seconds})

    async def _log_in(self, request: web.Request) -> web.Response:
        if await request.json() != {"role_id": "shop", "secret_id": "secret-id-0001"}:
            return web.json_response({"errors": ["invalid role or secret ID"]}, status=400)
        token = f"hvs.{secrets.token_hex(8)}"
        self.tokens[token] = 90
        return web.json_response(_auth(token, 90))


def _auth(token: str, seconds: int) -> dict[str, object]:
    auth = {"client_token": token, "lease_duration": seconds, "renewable": seconds > 0}
    return {"auth": auth, "data": None}


def _answer(data: object, **members: object) -> web.Response:
    return web.json_response({"lease_id": "", "lease_duration": 0, "data": data, **members})


@asynccontextmanager
async def running() -> AsyncIterator[FakeVault]:
    vault = FakeVault()
    app = web.Application()
    app.router.add_route("*", "/v1/{path:.*}", vault.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vault.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vault
    finally:
        await runner.cleanup()
