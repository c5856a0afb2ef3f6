"""An HTTP proxy on loopback that knows where names lead: CONNECT, and whole addresses for http."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["SmallProxy", "running_proxy"]


@dataclass
class SmallProxy:
    """`lines` are the request lines that it heard; `login` is what it wants, if anything.

    `knows` are the names that lead to this machine. To any other it says 502.
    """

    login: str = ""
    knows: frozenset[str] = frozenset({"api.corp"})
    port: int = 0
    lines: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url_for(self, login: str) -> str:
        return f"http://{login}@127.0.0.1:{self.port}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, _, fields = head.partition("\r\n")
        self.lines.append(line)
        self.heads.append(head)
        method, target, _ = line.split(" ")
        expected = base64.b64encode(self.login.encode()).decode()
        if self.login and f"proxy-authorization: basic {expected}".lower() not in fields.lower():
            return await _say(writer, "407 Proxy Authentication Required")
        authority = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = authority.partition(":")
        if host not in self.knows:
            return await _say(writer, "502 Bad Gateway")
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            first = b""
        else:
            path = "/" + target.split("/", 3)[3]
            kept = [one for one in fields.split("\r\n") if not one.lower().startswith("proxy-")]
            first = "\r\n".join([f"{method} {path} HTTP/1.1", *kept]).encode("latin-1")
        there, back = await asyncio.open_connection("127.0.0.1", int(port or 80))
        back.write(first)
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            back.close()
        return None


async def _say(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def running_proxy(login: str = "") -> AsyncIterator[SmallProxy]:
    proxy = SmallProxy(login)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await proxy.accept(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
