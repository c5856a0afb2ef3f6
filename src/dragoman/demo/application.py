"""The web application around a program: refusals in the API's own words, faults, switches."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from dragoman.demo.controls import PREFIX, add_controls
from dragoman.demo.faults import before, spoilt, taken
from dragoman.demo.program import PROGRAM, Program
from dragoman.demo.work import RefusalError
from dragoman.demo.writing import json_response

__all__ = ["application_of"]

_MAX_BODY = 64 * 1024
_LOG = logging.getLogger(__name__)


def application_of(program: Program) -> web.Application:
    """Return an application that serves nothing yet but the switches of the program."""
    app = web.Application(middlewares=[_refusing, _faulty], client_max_size=_MAX_BODY)
    app[PROGRAM] = program
    add_controls(app)
    return app


@web.middleware
async def _refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal, ours and the framework's, in the form of the API."""
    try:
        return await handler(request)
    except RefusalError as error:
        refusal = error
    except web.HTTPException as error:
        refusal = _refusal_of(error, request)
    except Exception:  # noqa: BLE001 - a client always gets an answer in the API's form
        _LOG.exception("%s %s broke", request.method, request.path)
        refusal = RefusalError(500, "Internal error", "This is a fault of the sample API.")
    media_type, body = request.app[PROGRAM].refused(refusal)
    return json_response(body, refusal.status, media_type=media_type, headers=refusal.headers)


def _refusal_of(error: web.HTTPException, request: web.Request) -> RefusalError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"This path takes {allowed}, not {request.method[:20]}."
        return RefusalError(405, "Method not allowed", detail, headers={"Allow": allowed})
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return RefusalError(413, "Too large", f"Send at most {_MAX_BODY // 1024} KiB.")
    return RefusalError(error.status, error.reason, "There is nothing at this path.")


@web.middleware
async def _faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
    program = request.app[PROGRAM]
    if request.path.startswith(PREFIX):
        return await handler(request)
    fault = taken(program.faults, request.path, program.apart)
    if fault is None:
        return await handler(request)
    await before(fault)
    return await spoilt(fault, request, await handler(request))
