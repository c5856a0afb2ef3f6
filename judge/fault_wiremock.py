"""Faults by a program of others, npm `wiremock`, which also keeps the journal of requests."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from judge.fault_cases import Case, Met, meet
from judge.fault_servers import Heard
from judge.programs import MissingError, free_port, node_package, running

__all__ = ["met"]

_VERSION = "3.13.2"
_START_SECONDS = 60
_DRIBBLE = {"numberOfChunks": 10, "totalDuration": 20_000}
_JSON = {"status": 200, "body": '{"id":"42"}', "headers": {"Content-Type": "application/json"}}

_CASES: tuple[tuple[Case, Mapping[str, Any]], ...] = (
    (
        Case("wm-reset", "WireMock: connection reset by peer", "network", "unknown"),
        {"fault": "CONNECTION_RESET_BY_PEER"},
    ),
    (
        Case("wm-empty", "WireMock: closed without an answer", "network|response", "unknown"),
        {"fault": "EMPTY_RESPONSE"},
    ),
    (
        Case("wm-chunk", "WireMock: 200, then a malformed chunk", "response", "unknown"),
        {"fault": "MALFORMED_RESPONSE_CHUNK"},
    ),
    (
        Case("wm-random", "WireMock: random data, then closed", "response|network", "unknown"),
        {"fault": "RANDOM_DATA_THEN_CLOSE"},
    ),
    (
        Case("wm-dribble", "WireMock: a body in ten pieces over 20 s", "network", "unknown"),
        {**_JSON, "chunkedDribbleDelay": _DRIBBLE},
    ),
    (
        Case("wm-delay", "WireMock: an answer after 30 s", "network", "unknown"),
        {**_JSON, "fixedDelayMilliseconds": 30_000},
    ),
    (Case("wm-503", "WireMock: 503, again and again", "api", "unknown"), {"status": 503}),
)


async def met(cache: Path, folder: Path) -> list[Met]:
    """Meet the faults of WireMock, all at once; raises `MissingError` without Java."""
    java = shutil.which("java")
    if java is None:
        raise MissingError("java is missing, which WireMock runs on.")
    package = await asyncio.to_thread(node_package, cache, "wiremock", _VERSION)
    jar, port = package / "build" / f"wiremock-standalone-{_VERSION}.jar", free_port()
    words = [java, "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1"]
    with tempfile.TemporaryDirectory() as home:
        async with (
            running(words, port, seconds=_START_SECONDS, cwd=Path(home)),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as admin,
        ):
            for case, response in _CASES:
                stub = {
                    "request": {"urlPathPattern": f"/{case.name}/.*"},
                    "response": dict(response),
                }
                async with admin.post("/__admin/mappings", json=stub) as answer:
                    answer.raise_for_status()
            met = await asyncio.gather(
                *(meet(case, _Journal(port, admin), folder) for case, _ in _CASES)
            )
    return list(met)


class _Journal(Heard):
    """Counts by the journal of WireMock instead of by what a server of ours has heard."""

    def __init__(self, port: int, admin: aiohttp.ClientSession) -> None:
        super().__init__(port)
        self._admin = admin

    async def counted(self, method: str, name: str) -> int:
        """Return how many requests of a method came for a fault."""
        wanted = {"method": method, "urlPathPattern": f"/{name}/.*"}
        async with self._admin.post("/__admin/requests/count", json=wanted) as answer:
            return int((await answer.json())["count"])
