"""Runs a case on the real path: `Dragoman.call`, and two raw sockets that hear what is sent."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wire_case import Case, Sent

from dragoman import Dragoman, Outcome
from network.raw_server import Server, answer, answering

ENVIRON = {
    "TOKEN": "tok_a1b2c3d4",
    "KEY": "key_e5f6a7b8",
    "USER": "user_c",
    "PASSWORD": "pass_9d8c7b6a",
}
"""What the references in the settings of the cases stand for."""

_BOUNDARY = re.compile(rb"\r\nContent-Type: [^\r]*boundary=(dragoman-[0-9a-f]{40})\r\n")


@dataclass(frozen=True)
class Servers:
    """Two raw servers: `api` is the one of most cases, `other` one of another origin."""

    api: Server
    other: Server

    def placed(self, value: Any) -> Any:
        """Put the addresses of the servers where a case has left their places."""
        text = json.dumps(value)
        text = text.replace("{api}", self.api.url("")).replace("{other}", self.other.url(""))
        return json.loads(text)


@asynccontextmanager
async def two_servers() -> AsyncIterator[Servers]:
    """Listen on loopback with two sockets that hear, and answer `{}`."""
    said = answer(b"{}", "Content-Type: application/json")
    servers = Servers(Server(answering(said)), Server(answering(said)))
    listeners = []
    for server in (servers.api, servers.other):
        listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
        listeners.append(listener)
    try:
        yield servers
    finally:
        tasks = [*servers.api.tasks, *servers.other.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in listeners:
            listener.close()


def opened(case: Case, servers: Servers, folder: Path, specs: Path | None = None) -> Dragoman:
    """Return Dragoman over the API of a case, with a store in the folder."""
    if isinstance(case.described, str):
        assert specs is not None
        location = specs / case.described
    else:
        location = folder / "openapi.json"
        location.write_text(json.dumps(servers.placed(case.document)))
    api = {"openapi": str(location), "require_approval": "never"}
    settings = servers.placed(dict(case.settings))
    if "servers" not in case.root:
        settings.setdefault("base_url", servers.api.url(""))
    store = f"sqlite:///{folder}/dragoman.db"
    config = {"version": 1, "store": store, "apis": {"api": api | settings}}
    return Dragoman(config, environ=ENVIRON)


async def outcome_of(
    case: Case, servers: Servers, folder: Path, specs: Path | None = None
) -> Outcome:
    """Call the operation of a case, and return what came of it."""
    async with opened(case, servers, folder, specs) as d:
        return await d.call(f"api.{case.operation}", case.arguments)


def expected_bytes(sent: Sent, server: Server, heard: bytes) -> bytes:
    """Return every byte of the request that a case expects of that server.

    Of what was heard only the boundary is taken over, where it is one of ours.
    """
    found = _BOUNDARY.search(heard)
    boundary = found[1] if found else b"{boundary}"
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    if body is not None:
        body = body.replace(b"{boundary}", boundary)
    method = sent.line.partition(" ")[0]
    lines = [f"{sent.line} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Accept: {sent.accept}"]
    lines += ["Accept-Encoding: gzip, deflate", f"User-Agent: dragoman/{version('dragoman')}"]
    lines += sent.headers
    if body is not None or method not in {"GET", "HEAD", "OPTIONS"}:
        lines.append(f"Content-Length: {len(body or b'')}")
    head = "\r\n".join(lines).encode().replace(b"{boundary}", boundary)
    return head + b"\r\n\r\n" + (body or b"")
