"""Servers that do what no server should: faults of bytes by path, and a relay that is cut."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["FAULTS", "Heard", "Relay", "faulty", "relay"]

_LONG = 1 << 20
_HEAD = "HTTP/1.1 {}\r\nContent-Type: application/json\r\n"
_GOOD = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id":"42"}'
)


@dataclass
class Heard:
    """What came in: whole requests by method and path; `port` once the server listens."""

    port: int = 0
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def counted(self, method: str, name: str) -> int:
        """Return how many requests of a method came for a fault."""
        return self.requests[method, name]


Writer = asyncio.StreamWriter
Script = Callable[[Writer], Awaitable[None]]


async def _say(writer: Writer, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def _head(status: str = "200 OK", **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{_HEAD.format(status)}{lines}\r\n".encode()


async def _good(writer: Writer) -> None:
    await _say(writer, _GOOD)


async def _reset_before_answer(writer: Writer) -> None:
    _cut(writer)


async def _reset_in_the_middle(writer: Writer) -> None:
    await _say(writer, _head(Content_Length="1000") + b'{"id":')
    await asyncio.sleep(0.05)
    _cut(writer)


async def _slow_headers(writer: Writer) -> None:
    for byte in _GOOD:
        await _say(writer, bytes([byte]))
        await asyncio.sleep(0.5)


async def _slow_body(writer: Writer) -> None:
    await _say(writer, _head(Content_Length="1000"))
    for _ in range(1000):
        await _say(writer, b" ")
        await asyncio.sleep(0.5)


async def _never(_: Writer) -> None:
    await asyncio.sleep(3600)


async def _endless(writer: Writer) -> None:
    await _say(writer, _head(Transfer_Encoding="chunked"))
    chunk = b"%x\r\n%s\r\n" % (65536, b"x" * 65536)
    while True:
        await _say(writer, chunk)


async def _endless_headers(writer: Writer) -> None:
    await _say(writer, b"HTTP/1.1 200 OK\r\n")
    while True:
        await _say(writer, b"X-More: " + b"y" * 1000 + b"\r\n")


async def _too_short(writer: Writer) -> None:
    await _say(writer, _head(Content_Length="1000") + b'{"id":"42"}')
    writer.close()
    await writer.wait_closed()


async def _bad_gzip(writer: Writer) -> None:
    await _say(
        writer, _head(Content_Encoding="gzip", Content_Length="20") + b"\x1f\x8b" + b"z" * 18
    )


async def _cut_gzip(writer: Writer) -> None:
    packed = gzip.compress(b'{"id":"42"}' * 100)[:-20]
    await _say(writer, _head(Content_Encoding="gzip", Content_Length=str(len(packed))) + packed)


async def _gzip_bomb(writer: Writer) -> None:
    packed = gzip.compress(b"0" * (200 * _LONG), 9)
    await _say(writer, _head(Content_Encoding="gzip", Content_Length=str(len(packed))) + packed)


def _redirect(to: str) -> Script:
    async def script(writer: Writer) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        await _say(writer, head.encode())

    return script


def _status(status: str, **headers: str) -> Script:
    async def script(writer: Writer) -> None:
        await _say(writer, _head(status, Content_Length="2", **headers) + b"{}")

    return script


FAULTS: Mapping[str, Script] = {
    "good": _good,
    "reset-before-answer": _reset_before_answer,
    "reset-in-the-middle": _reset_in_the_middle,
    "slow-headers": _slow_headers,
    "slow-body": _slow_body,
    "no-answer": _never,
    "endless-body": _endless,
    "endless-headers": _endless_headers,
    "wrong-length": _too_short,
    "bad-gzip": _bad_gzip,
    "cut-gzip": _cut_gzip,
    "gzip-bomb": _gzip_bomb,
    "redirect-loop": _redirect("/redirect-loop"),
    "redirect-to-metadata": _redirect("http://169.254.169.254/latest/meta-data/"),
    "redirect-to-another": _redirect("http://127.0.0.1:9/elsewhere"),
    "500": _status("500 Internal Server Error"),
    "503-for-an-hour": _status("503 Service Unavailable", Retry_After="3600"),
    "429-with-seconds": _status("429 Too Many Requests", Retry_After="1"),
    "429-without": _status("429 Too Many Requests"),
    "429-with-date": _status(
        "429 Too Many Requests",
        Date="Tue, 24 Nov 2026 12:00:00 GMT",
        Retry_After="Tue, 24 Nov 2026 12:00:01 GMT",
    ),
    "429-for-an-hour": _status(
        "429 Too Many Requests",
        Date="Tue, 24 Nov 2026 12:00:00 GMT",
        Retry_After="Tue, 24 Nov 2026 13:00:00 GMT",
    ),
}
"""By the first segment of the path, what the server does once it has the whole request."""


def _cut(writer: Writer) -> None:
    """End with RST, so that the other side learns of it at once."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def faulty(tls: ssl.SSLContext | None = None) -> AsyncIterator[Heard]:
    """Serve all faults on a port of loopback."""
    heard = Heard()

    async def talk(reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                name = await _request(reader, heard)
                await FAULTS[name](writer)

    async with _serving(talk, tls) as heard.port:
        yield heard


async def _request(reader: asyncio.StreamReader, heard: Heard) -> str:
    """Read one whole request, and return the fault that it asks for."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    lengths = [one[15:] for one in lines if one.lower().startswith("content-length:")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
    method, target, _ = lines[0].split(" ", 2)
    name = target.split("?")[0].split("/")[1]
    heard.requests[method, name] += 1
    return name


Talk = Callable[[asyncio.StreamReader, Writer], Awaitable[None]]


@asynccontextmanager
async def _serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection in a task that ends with us, and yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: Writer) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: Writer) -> None:
        tasks.add(asyncio.ensure_future(one(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Relay:
    """A way to another port of loopback that can be closed."""

    port: int = 0
    is_open: bool = True
    pipes: set[Writer] = field(default_factory=set)

    def cut(self) -> None:
        """Break all connections, and refuse others."""
        self.is_open = False
        for pipe in tuple(self.pipes):
            pipe.transport.abort()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """Pass bytes to and from a port, until it is cut."""
    way = Relay()

    async def pump(reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await _say(writer, data)
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: Writer) -> None:
        if not way.is_open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", port)
        way.pipes |= {writer, back}
        try:
            await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            back.transport.abort()

    async with _serving(talk) as way.port:
        yield way
        way.cut()
