"""The carrier as a web application. Nothing describes it but its users' notes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from importlib.resources import files
from typing import Any, cast

from aiohttp import web

from dragoman.demo.application import application_of
from dragoman.demo.carrier import parcels
from dragoman.demo.carrier.seed import seed
from dragoman.demo.keys import Credentials
from dragoman.demo.program import PROGRAM, Clock, Program
from dragoman.demo.reading import read_json
from dragoman.demo.work import Call, RefusalError, Work
from dragoman.demo.writing import json_response

__all__ = ["carrier"]

_ROUTES: tuple[tuple[str, str, Work], ...] = (
    ("GET", "/parcels/{number}", parcels.track),
    ("GET", "/parcels/{number}/events", parcels.list_events),
    ("POST", "/quotes", parcels.quote),
    ("POST", "/labels", parcels.create_label),
)
_EFFECTS = ("labels",)


def carrier(now: Clock, credentials: Credentials, delay: float) -> web.Application:
    """Return the carrier, freshly filled, which takes `delay` seconds for every answer."""
    schema = (files("dragoman.demo.carrier") / "schema.sql").read_text("utf-8")
    app = application_of(Program("carrier", schema, seed, _refused, now, _EFFECTS))
    for method, path, work in _ROUTES:
        app.router.add_route(method, path, _handler(work, credentials.carrier_key, delay))
    return app


def _handler(
    work: Work, key: str, delay: float
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(delay)
        given = request.headers.get("X-Key", "")
        if not compare_digest(given.encode(errors="replace"), key.encode()):
            raise RefusalError(401, "Unauthorized", "X-Key is missing or wrong.")
        arguments = {**await _body(request), **request.match_info}
        program = request.app[PROGRAM]
        call = Call(request.path, arguments, program.database, program.now(), "shop")
        answer = program.run(work, call)
        return json_response(answer.body, answer.status)

    return handle


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Return the members of the body, not yet checked."""
    if request.method == "GET":
        return {}
    body = await read_json(request)
    if not isinstance(body, Mapping):
        raise RefusalError(400, "Bad request", "The body must be a JSON object.")
    return cast("Mapping[str, Any]", body)


def _refused(refusal: RefusalError) -> tuple[str, object]:
    """Say no more than such APIs say."""
    return "application/json", {"message": refusal.detail}
