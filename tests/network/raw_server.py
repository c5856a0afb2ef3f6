"""Servers of bytes on loopback, names that exist nowhere, and short calls of `Network`."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dragoman.network import Bounds, Network, Reach, Request, Response

CERTIFICATE = Path(__file__).parent / "tls" / "api.corp.pem"


class Talk:
    """One connection, from the side of the server."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer

    async def hear(self) -> bytes:
        """Read one whole request; `ConnectionError` when the client closed before one."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            raise ConnectionError from None
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        request = head + await self._reader.readexactly(length)
        self._server.requests.append(request)
        self._server.heard.set()
        return request

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """End with RST: what was said and not yet read may be lost."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def until_closed(self) -> None:
        """Wait until the client has closed."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass
        self._server.left.set()


Script = Callable[[Talk], Awaitable[None]]


@dataclass
class Server:
    """What a server heard. `port` is 0 until it listens; `left`: a client has closed."""

    script: Script
    scheme: str = "http"
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def reach(self) -> Reach:
        """The reach of an owner who typed this server's address."""
        return Reach.of(urls=[self.url()])

    def lines(self, index: int = -1) -> list[str]:
        """The request line and headers of a request."""
        return self.requests[index].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            await self.script(Talk(self, reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


Serve = Callable[..., Awaitable[Server]]


def answering(data: bytes) -> Script:
    """Say the same to every request, and keep the connection."""

    async def script(talk: Talk) -> None:
        while True:
            await talk.hear()
            await talk.say(data)

    return script


def answer(body: bytes = b"", *fields: str, status: str = "200 OK") -> bytes:
    """A response with its length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


NAMES: dict[str, Sequence[str]] = {
    "api.corp": ["127.0.0.1"],
    "second.corp": ["127.0.0.1"],
    "metadata.corp": ["169.254.169.254"],
    "mixed.corp": ["10.255.255.1", "169.254.169.254"],
    "mapped.corp": ["::ffff:127.0.0.1"],
}


async def names(host: str, port: int) -> Sequence[str]:
    """Resolve the names above; no other exists."""
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


@dataclass
class Client:
    """Short calls of `Network.exchange`."""

    network: Network

    async def send(
        self,
        server: Server,
        path: str = "/",
        method: str = "GET",
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        seconds: float = 5,
        **bounds: float,
    ) -> Response:
        """Exchange with a server as its owner."""
        return await self.network.exchange(
            Request(method, server.url(path), tuple(headers), body),
            reach=server.reach,
            bounds=Bounds(seconds, **bounds),  # type: ignore[arg-type]
        )

    async def get(self, url: str, reach: Reach | None = None, *, seconds: float = 5) -> Response:
        """Read an address, by default with a reach of nothing private."""
        return await self.network.exchange(
            Request("GET", url), reach=reach or Reach(), bounds=Bounds(seconds)
        )
