"""Faults that can be switched on, so that a client's patience can be tested.

`delay`, `500` and `429` strike before the work is done. `large`, `not_json` and `cut` strike
after it: what was asked for has happened, and the answer about it is spoilt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from dragoman.demo.work import RefusalError

__all__ = ["KINDS", "LARGE_BYTES", "Fault", "before", "spoilt", "taken"]

KINDS = ("delay", "500", "429", "large", "not_json", "cut")
LARGE_BYTES = 5 * 1024 * 1024
_RETRY_SECONDS = 1


@dataclass
class Fault:
    """A fault of this kind in the next `times` requests whose path begins with `path`."""

    kind: str
    times: int
    seconds: float
    path: str | None


def taken(faults: Sequence[Fault], path: str, apart: frozenset[str]) -> Fault | None:
    """Return the first fault that strikes this path, with one time less left of it."""
    for fault in faults:
        strikes = path not in apart if fault.path is None else path.startswith(fault.path)
        if fault.times and strikes:
            fault.times -= 1
            return fault
    return None


async def before(fault: Fault) -> None:
    """Strike before the work; raises `RefusalError` where it shall not be done."""
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "500":
        raise RefusalError(500, "Internal error", "Something broke. Nothing was changed.")
    if fault.kind == "429":
        seconds = max(_RETRY_SECONDS, round(fault.seconds))
        raise RefusalError(
            429,
            "Too many requests",
            f"Try again in {seconds} s. Nothing was changed.",
            headers={"Retry-After": str(seconds)},
        )


async def spoilt(
    fault: Fault, request: web.Request, answer: web.StreamResponse
) -> web.StreamResponse:
    """Return the answer as the fault leaves it."""
    if fault.kind == "large":
        filler = b'{"items":["' + b"x" * LARGE_BYTES + b'"]}'
        return web.Response(body=filler, content_type="application/json", status=answer.status)
    if fault.kind == "not_json":
        page = "<html><body>We are doing maintenance.</body></html>"
        return web.Response(text=page, content_type="application/json", status=answer.status)
    if fault.kind == "cut":
        return await _cut(request, answer)
    return answer


async def _cut(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Send half of what Content-Length promises, and close the connection."""
    body = answer.body if isinstance(answer, web.Response) else b""
    content = body if isinstance(body, bytes) else b""
    broken = web.StreamResponse(status=answer.status, headers={"Connection": "close"})
    broken.content_type = answer.content_type
    broken.content_length = len(content) + 1
    await broken.prepare(request)
    await broken.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return broken
