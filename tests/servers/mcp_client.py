"""Clients of `dragoman mcp` as a process: the official one, and one that sends what it likes."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import ElicitRequestFormParams, ElicitResult

__all__ = ["ERAS", "Person", "RawClient", "connected", "refused", "said_no", "said_yes"]

ERAS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
"""What the official client is told to speak, and the revision that comes of it."""

_PROGRAM = ("-m", "dragoman", "mcp")
_SECONDS = 20

Person = Callable[[str], ElicitResult]
"""Whoever is shown the text of a question."""


def said_yes(_: str) -> ElicitResult:
    return ElicitResult(action="accept", content={"approve": True})


def said_no(_: str) -> ElicitResult:
    return ElicitResult(action="accept", content={"approve": False})


def refused(_: str) -> ElicitResult:
    return ElicitResult(action="decline")


def environment() -> dict[str, str]:
    """What a client gives to a server that it starts: nothing of the shell that runs the tests."""
    kept = ("PATH", "HOME", "PYTHONPATH", "DRAGOMAN_CACHE", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


@asynccontextmanager
async def connected(
    place: Path, *words: str, era: str = "auto", person: Person | None = None
) -> AsyncIterator[Client]:
    """The official client over stdio; it can ask where there is a person to ask."""
    command = [*_PROGRAM, "-f", str(place / "dragoman.yaml"), *words]
    server = StdioServerParameters(
        command=sys.executable, args=command, cwd=place, env=environment()
    )

    async def ask(_: object, params: object) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        assert person is not None
        return person(params.message)

    with (place / "server.err").open("a") as errors:
        transport = stdio_client(server, errlog=errors)
        asking = ask if person else None
        async with Client(transport, mode=era, elicitation_callback=asking) as client:
            yield client
    assert "Traceback" not in (place / "server.err").read_text()


class RawClient:
    """Speaks in lines, whatever stands in them."""

    def __init__(
        self, place: Path, *words: str, program: tuple[str, ...] = _PROGRAM, **environ: str
    ) -> None:
        self._errors = place / "raw.err"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *program, "-f", str(place / "dragoman.yaml"), *words],
                cwd=place,
                env={**environment(), **environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
            )
        self._rest = b""
        self._last = 0

    def send(self, line: bytes | Mapping[str, Any]) -> None:
        """Send one line, or one message as JSON."""
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(data + b"\n")

    def receive(self) -> Any:
        """Return the next message; everything on standard output has to be one."""
        return json.loads(self.receive_line())

    def receive_line(self) -> bytes:
        until = time.monotonic() + _SECONDS
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            assert ready, f"no answer: {self.errors}"
            chunk = os.read(self.process.stdout.fileno(), 65_536)
            assert chunk, f"the server has gone: {self.errors}"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return the message that answers it."""
        self._last += 1
        self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params or {}})
        answer = self.receive()
        assert answer["id"] == self._last
        return answer

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        return self.request("tools/call", {"name": name, "arguments": arguments})["result"]

    def initialize(self, **capabilities: Any) -> Any:
        """Shake hands in the way of 2025-11-25."""
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": {"name": "raw", "version": "1"},
        }
        answer = self.request("initialize", hello)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer["result"]

    @property
    def errors(self) -> str:
        return self._errors.read_text("utf-8", "replace")

    def close(self) -> int:
        """Hang up as a client does, and return the exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            return self.process.wait(_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            assert "Traceback" not in self.errors
