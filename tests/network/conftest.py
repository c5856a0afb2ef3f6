"""Fixtures of the network's tests; what they are made of is in `raw_server`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from raw_server import Client, Script, Serve, Server, answering, names

from dragoman.network import Network


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers: `await serve(script)`, or with bytes as the answer to every request."""
    running: list[tuple[asyncio.Server, Server]] = []

    async def start(
        script: Script | bytes, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> Server:
        server = Server(
            answering(script) if isinstance(script, bytes) else script,
            scheme="https" if tls else "http",
        )
        listener = await asyncio.start_server(server.accept, host, 0, ssl=tls)
        server.port = listener.sockets[0].getsockname()[1]
        running.append((listener, server))
        return server

    yield start
    for listener, server in running:
        listener.close()
        tasks = list(server.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Network]:
    async with Network(resolver=names) as opened:
        yield opened


@pytest.fixture
def client(network: Network) -> Client:
    return Client(network)
