"""The switches of a sample API under `/_demo`: faults, the counter of effects, a fresh start.

They stand in no description, need no credential, and answer loopback only. A request that a
browser sends on behalf of a page is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import cast

from aiohttp import web

from dragoman.demo.faults import KINDS, Fault
from dragoman.demo.program import PROGRAM
from dragoman.demo.reading import read_json
from dragoman.demo.work import RefusalError
from dragoman.demo.writing import json_response

__all__ = ["PREFIX", "add_controls"]

PREFIX = "/_demo"
_MAX_TIMES, _MAX_SECONDS, _MAX_FAULTS = 1_000, 60.0, 50
_MEMBERS = {"fault", "times", "seconds", "path"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def add_controls(app: web.Application) -> None:
    """Add the switches to an application that holds a program."""
    app.router.add_get(f"{PREFIX}/faults", _guarded(_list_faults))
    app.router.add_post(f"{PREFIX}/faults", _guarded(_add_fault))
    app.router.add_delete(f"{PREFIX}/faults", _guarded(_drop_faults))
    app.router.add_get(f"{PREFIX}/effects", _guarded(_effects))
    app.router.add_post(f"{PREFIX}/reset", _guarded(_reset))


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.Response:
        if not ip_address(request.remote or "0.0.0.0").is_loopback or "Origin" in request.headers:  # noqa: S104 - the address of nobody
            raise RefusalError(403, "Refused", "The switches answer programs on this machine only.")
        return await handler(request)

    return guarded


async def _list_faults(request: web.Request) -> web.Response:
    return json_response({"faults": [asdict(fault) for fault in request.app[PROGRAM].faults]})


async def _add_fault(request: web.Request) -> web.Response:
    faults = request.app[PROGRAM].faults
    faults[:] = [fault for fault in faults if fault.times]
    if len(faults) >= _MAX_FAULTS:
        raise RefusalError(409, "Too many", f"There are {_MAX_FAULTS} faults: DELETE them first.")
    faults.append(_fault(await read_json(request)))
    return await _list_faults(request)


def _fault(body: object) -> Fault:
    members = cast("Mapping[str, object]", body) if isinstance(body, Mapping) else {}
    kind, path = members.get("fault"), members.get("path")
    times, seconds = members.get("times", 1), members.get("seconds", 1)
    faults = {
        f"fault must be one of {', '.join(KINDS)}": kind not in KINDS,
        f"times must be 1 to {_MAX_TIMES}": not _is_within(times, 1, _MAX_TIMES, int),
        f"seconds must be 0 to {_MAX_SECONDS:g}": not _is_within(seconds, 0, _MAX_SECONDS, float),
        "path must begin with /": not (path is None or str(path).startswith("/")),
        f"known are {', '.join(sorted(_MEMBERS))}": bool(members.keys() - _MEMBERS),
    }
    if wrong := [what for what, is_so in faults.items() if is_so]:
        raise RefusalError(400, "No fault", f"{'; '.join(wrong)}.")
    left, long = cast("int", times), cast("float", seconds)
    return Fault(str(kind), left, long, None if path is None else str(path))


def _is_within(value: object, low: float, high: float, kind: type[int | float]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | kind):
        return False
    return low <= value <= high


async def _drop_faults(request: web.Request) -> web.Response:
    request.app[PROGRAM].faults.clear()
    return await _list_faults(request)


async def _effects(request: web.Request) -> web.Response:
    program = request.app[PROGRAM]
    return json_response({effect: program.done[effect] for effect in program.effects})


async def _reset(request: web.Request) -> web.Response:
    request.app[PROGRAM].reset()
    return await _effects(request)
