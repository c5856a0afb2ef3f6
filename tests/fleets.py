"""What processes share in a real Redis, and a proxy before it that can be stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from dragoman.clock import Clock
from dragoman.store.shared import Shared, _Fleet

REDIS = os.environ.get("DRAGOMAN_TEST_REDIS", "redis://127.0.0.1:6379/0")


def fleet(
    clock: Clock, key: bytes | None = None, url: str = REDIS, patience: float = 30.0
) -> Shared:
    """What the processes with one key share; without a key nobody else has it."""
    root = key or uuid4().bytes

    async def connect() -> _Fleet:
        return _Fleet.at(url, root, "dragoman.yaml:2")

    return Shared(clock, connect, patience)


def has_redis() -> None:
    """Skip a test where no Redis runs, with the reason."""
    redis = pytest.importorskip("redis")
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.RedisError as error:
        pytest.skip(f"no Redis (DRAGOMAN_TEST_REDIS): {error}")
    finally:
        client.close()


@dataclass
class Proxy:
    """TCP before Redis: `stop` cuts all connections and refuses new ones, `hangs` swallows."""

    port: int = 0
    hangs: bool = False
    connections: int = 0
    requests: int = 0
    server: asyncio.Server | None = None
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Proxy]:
        proxy = cls()
        await proxy.start()
        try:
            yield proxy
        finally:
            await proxy.stop()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()
            await self.server.wait_closed()
            self.server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        at = urlsplit(REDIS)
        theirs, to_redis = await asyncio.open_connection(at.hostname, at.port or 6379)
        self.writers |= {writer, to_redis}
        await asyncio.gather(
            self._pass(reader, to_redis, counts=True), self._pass(theirs, writer, counts=False)
        )
        self.writers -= {writer, to_redis}

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        try:
            while data := await reader.read(65_536):
                self.requests += counts
                if not self.hangs:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass  # Whoever was cut off; the other side is closed below.
        finally:
            writer.close()
