"""Talking to a sample API as any program would: over HTTP, with its headers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from dragoman.demo.keys import Credentials

KEYS = Credentials()
AS_SHOP = {"X-Shop-Key": KEYS.shop_key}
AS_MARIA = {"Authorization": f"Bearer {KEYS.customer_token}"}
AS_JONAS = {"Authorization": f"Bearer {KEYS.other_customer_token}"}
AS_PARTNER = {"X-Key": KEYS.carrier_key}


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Any = field(repr=False)


@dataclass(frozen=True)
class Client:
    """One API with the headers that are sent unless others are given."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Reply:
        return await self.send("GET", path, headers=headers, params=query)

    async def post(
        self, path: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        return await self.send("POST", path, headers=headers, json=json)

    async def delete(self, path: str, headers: dict[str, str] | None = None) -> Reply:
        return await self.send("DELETE", path, headers=headers)

    async def effects(self) -> dict[str, int]:
        return {k: v for k, v in (await self.get("/_demo/effects")).body.items() if v}

    async def fault(self, fault: str, times: int = 1, **more: Any) -> Reply:
        return await self.post("/_demo/faults", {"fault": fault, "times": times, **more})

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> Reply:
        shown = self.headers if headers is None else headers
        async with self.session.request(method, self.url + path, headers=shown, **more) as got:
            is_json = got.content_type.endswith("json") and got.status != 204
            return Reply(
                got.status,
                await (got.json(content_type=None) if is_json else got.text()),
                got.headers,
            )


def basic(name: str, secret: str) -> dict[str, str]:
    """Return the header of RFC 7617."""
    pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


async def token(session: aiohttp.ClientSession, url: str, **form: str) -> str:
    """Get a token of the helpdesk."""
    headers = basic(KEYS.helpdesk_client, KEYS.helpdesk_secret)
    data = {"grant_type": "client_credentials", **form}
    async with session.post(f"{url}/oauth/token", data=data, headers=headers) as got:
        assert got.status == 200, await got.text()
        return (await got.json())["access_token"]
