"""GCP Secret Manager through Google's client, against a fake of its documented REST interface."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from moved_seconds import MovedSeconds

from dragoman.errors import CredentialError
from dragoman.secrets.gcp import GcpSecretManager
from dragoman.secrets.remote import RemoteStore

secretmanager: Any = pytest.importorskip(
    "google.cloud.secretmanager", reason="dragoman[gcp] is not installed"
)

VALUES = {
    "projects/p/secrets/shop/versions/latest": b"shop-token-2",
    "projects/p/secrets/shop/versions/1": b"shop-token-1",
    "projects/p/secrets/raw/versions/latest": b"\xff\xfe",
}


async def _access(request: web.Request) -> web.Response:
    """`projects.secrets.versions.access` of the REST reference, v1."""
    name = request.match_info["name"]
    if name not in VALUES:
        status = 403 if "closed" in name else 404
        error = {"code": status, "message": f"no {name}", "status": "NOT_FOUND"}
        return web.json_response({"error": error}, status=status)
    data = base64.b64encode(VALUES[name]).decode()
    return web.json_response({"name": name, "payload": {"data": data}})


@asynccontextmanager
async def fake() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/v1/{name:.+}:access", _access)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def store_at(address: str) -> RemoteStore:
    from google.auth.credentials import AnonymousCredentials

    def connect() -> Any:
        return secretmanager.SecretManagerServiceClient(
            transport="rest",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": address},
        )

    return RemoteStore("gcp", GcpSecretManager({}, connect), MovedSeconds())


async def test_the_latest_version_is_read_or_the_one_that_is_named() -> None:
    async with fake() as address:
        store = store_at(address)
        assert await store.read("projects/p/secrets/shop") == "shop-token-2"
        assert await store.read("projects/p/secrets/shop/versions/1") == "shop-token-1"
        assert await store.read("projects/p/secrets/none") is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("projects/p/secrets/closed", "Google says Forbidden"),
        ("projects/p/secrets/raw", "it is not text in UTF-8"),
    ],
)
async def test_a_refusal_is_told_by_its_kind(name: str, told: str) -> None:
    async with fake() as address:
        with pytest.raises(CredentialError, match=told):
            await store_at(address).read(name)
