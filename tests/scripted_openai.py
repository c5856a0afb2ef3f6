"""A real server on loopback that speaks like OpenAI's API, by a script.

    script = [Reply(calls=[("getOrder", {"id": "1042"})]), Reply("It is here.")]
    async with scripted_openai(script) as server:
        ...                                 # ask server.base_url, then look at server.requests

It speaks Responses (`/v1/responses`), Chat Completions (`/v1/chat/completions`) and embeddings
(`/v1/embeddings`), whole and in events. A script is a list of replies, one a request, or a
function of a request's JSON.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx2
from aiohttp import web

from scripted_openai_wire import (
    Json,
    Raw,
    Refused,
    Reply,
    completion,
    completion_chunks,
    embeddings,
    response,
    response_events,
    vector,
    written,
)

__all__ = [
    "Raw",
    "Refused",
    "Reply",
    "Request",
    "ScriptedOpenAI",
    "embeddings",
    "scripted_openai",
    "vector",
    "written",
]

Said = Reply | Refused | Raw
Script = Sequence[Said] | Callable[[Json], Said | Awaitable[Said]]

NO_REPLY_LEFT = Refused(400, "script_exhausted", "The script has no reply left.")


@dataclass(frozen=True)
class Request:
    """What the server was asked: `headers` with names in lower case, `json` as it was read."""

    path: str
    headers: Mapping[str, str]
    json: Json


@dataclass
class ScriptedOpenAI:
    """A running server, and all that it was asked so far."""

    script: Script
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    replies_left: Iterator[Said] = field(default_factory=lambda: iter(()))

    @property
    def base_url(self) -> str:
        """What goes under `base_url` of a model."""
        return f"http://127.0.0.1:{self.port}/v1"

    def as_openai(self) -> httpx2.AsyncClient:
        """Return a client for which https://api.openai.com, and all else, is this server."""
        return httpx2.AsyncClient(transport=_Elsewhere(self.port), timeout=None)

    async def next_reply(self, asked: Json) -> Said:
        """Return what the script says to a request."""
        if not callable(self.script):
            return next(self.replies_left, NO_REPLY_LEFT)
        said = self.script(asked)
        return await said if inspect.isawaitable(said) else said


class _Elsewhere(httpx2.AsyncBaseTransport):
    """Sends every request to loopback; the Host header stays that of the request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


@asynccontextmanager
async def scripted_openai(script: Script = ()) -> AsyncIterator[ScriptedOpenAI]:
    """Run a server; what the script has not used when it ends is not an error."""
    server = ScriptedOpenAI(script)
    if not callable(script):
        server.replies_left = iter(script)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/{path:.*}", partial(_handle, server))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


async def _handle(server: ScriptedOpenAI, request: web.Request) -> web.StreamResponse:
    asked = await request.json()
    headers = {name.lower(): value for name, value in request.headers.items()}
    server.requests.append(Request(request.path, headers, asked))
    turn = len(server.requests)
    path = request.path.removeprefix("/v1")
    if path == "/embeddings" and not callable(server.script) and not server.script:
        return web.json_response(embeddings(asked))
    said = await server.next_reply(asked)
    if isinstance(said, Refused):
        return web.Response(
            status=said.status,
            text=said.payload(),
            content_type=said.content_type,
            headers=said.headers,
        )
    if isinstance(said, Raw):
        return web.Response(text=said.body, content_type=said.content_type)
    await asyncio.sleep(said.delay)
    if path == "/embeddings":
        return web.json_response(embeddings(asked))
    return await _answer(request, said, asked, turn, is_chat=path == "/chat/completions")


async def _answer(
    request: web.Request, reply: Reply, asked: Json, turn: int, *, is_chat: bool
) -> web.StreamResponse:
    if asked.get("stream"):
        make = completion_chunks if is_chat else response_events
        return await _stream(request, reply, make(reply, asked, turn), named=not is_chat)
    answer = completion(reply, asked, turn) if is_chat else response(reply, asked, turn)
    if reply.cut_after is not None:
        return await _half(request, json.dumps(answer))
    return web.json_response(answer, headers=dict(reply.headers))


async def _half(request: web.Request, body: str) -> web.StreamResponse:
    """Send the head and half of a body, then break the connection."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.content_length = len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2].encode())
    _break(request)
    return answer


async def _stream(
    request: web.Request, reply: Reply, events: Iterator[Json], *, named: bool
) -> web.StreamResponse:
    """Send events; those of Responses are named and numbered, those of Chat end with [DONE]."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **reply.headers})
    await answer.prepare(request)
    for number, event in enumerate(events):
        if number == reply.cut_after:
            if not reply.ends_early:
                _break(request)
            return answer
        await answer.write(_event(event, number, named=named, spoilt=number == reply.spoil))
        await asyncio.sleep(reply.pause)
    if not named:
        await answer.write(b"data: [DONE]\n\n")
    return answer


def _event(event: Json, number: int, *, named: bool, spoilt: bool) -> bytes:
    data = json.dumps({**event, "sequence_number": number} if named else event)
    if spoilt:
        data = data[: len(data) // 2]
    name = f"event: {event['type']}\n" if named else ""
    return f"{name}data: {data}\n\n".encode()


def _break(request: web.Request) -> None:
    """Close the connection in the middle of an answer."""
    if request.transport is not None:
        request.transport.close()
