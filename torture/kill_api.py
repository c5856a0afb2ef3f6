"""The API of the kill test: it counts what it does, and ends whoever asks it where that is planned.

It is written on bare sockets, for it has to end a client between two bytes of one request.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

__all__ = ["ALL_SENT", "ANSWERED", "DOCUMENT", "FIRST_BYTE", "CountingApi", "order_in"]

FIRST_BYTE, ALL_SENT, ANSWERED = "first byte sent", "all sent", "answered"

_RECEIVE_BUFFER = 4096
"""Bytes that the kernel takes unread, so that a large request is not sent in one go."""

_TARGET = re.compile(rb"^(GET|POST) /orders/([\w-]+)/refunds")
_ORDER = {"name": "order_id", "in": "path", "required": True, "schema": {"type": "string"}}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Refunds", "version": "1"},
    "paths": {
        "/orders/{order_id}/refunds": {
            "parameters": [_ORDER],
            "get": {"operationId": "listRefunds"},
            "post": {
                "operationId": "refundOrder",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["amount"],
                                "properties": {
                                    "amount": {"type": "integer"},
                                    "reason": {"type": "string"},
                                },
                            }
                        }
                    },
                },
            },
        }
    },
}


@dataclass
class CountingApi:
    """What it has done, by order.

    `end` is asked to end who sent a request for an order, at a point where that is planned, and
    says whether it has; `is_claimed` says whether a claim of a write is in the store by now.
    """

    end: Callable[[str, str], bool]
    is_claimed: Callable[[str], Awaitable[bool]]
    url: str = ""
    done: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    cut_off: int = 0
    without_claim: list[str] = field(default_factory=list)
    _by_key: dict[str, bytes] = field(default_factory=dict)
    _open: dict[asyncio.StreamWriter, asyncio.Task[None]] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve on loopback."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(self._serve, sock=listening, limit=_RECEIVE_BUFFER)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            for writer in self._open:
                writer.transport.abort()
            await asyncio.gather(*self._open.values())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            with suppress(ConnectionError):
                while await self._exchange(reader, writer):
                    pass
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        finally:
            del self._open[writer]

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        found = _TARGET.match(head)
        if found is None:
            raise SystemExit(f"the API was asked for {head[:80]!r}")
        order = found[2].decode()
        if found[1] == b"GET":
            writer.write(_answer(200, {"refunds": [{"order_id": order}] * self.done[order]}))
            await writer.drain()
            return True
        return await self._refund(order, head, reader, writer)

    async def _refund(
        self, order: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.requests += 1
        if not await self.is_claimed(order):
            self.without_claim.append(order)
        ended = self.end(order, FIRST_BYTE)
        try:
            await reader.readexactly(int(_header(head, b"content-length")))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.cut_off += 1
            return False
        answer = self._do(order, _header(head, b"idempotency-key").decode())
        if ended or self.end(order, ALL_SENT):
            return False
        writer.write(answer)
        await writer.drain()
        return not self.end(order, ANSWERED)

    def _do(self, order: str, key: str) -> bytes:
        """Make the refund, once for a key; without one each time."""
        if key not in self._by_key:
            self.done[order] += 1
            answer = _answer(201, {"refund": f"{order}/{self.done[order]}"})
            if not key:
                return answer
            self._by_key[key] = answer
        return self._by_key[key]


def order_in(target: str) -> str:
    """Return the order that an address of this API is about."""
    return target.rstrip("/").split("/")[-2]


def _header(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?i)\r\n" + name + rb": *([^\r]*)", head)
    return found[1] if found else b""


def _answer(status: int, body: object) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(data),
        data,
    )
