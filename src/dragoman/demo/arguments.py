"""The arguments of a request, checked against the description; all faults are told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import jsonschema_rs
from aiohttp import web

from dragoman.demo.description import Operation, Parameter
from dragoman.demo.reading import read_json
from dragoman.demo.work import RefusalError

__all__ = ["read_arguments"]

_INTEGER = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_NO_TEXT = ({"argument": "header", "problem": "is not text in UTF-8"},)
_MAX_TOLD, _MAX_ERRORS = 300, 10


async def read_arguments(request: web.Request, operation: Operation) -> dict[str, Any]:
    """Return path, query, header and body as one mapping; raises `RefusalError`.

    The values are `Any` because schemas, and not types, have checked them.
    """
    arguments: dict[str, Any] = {}
    errors = list(_unknown(request, operation))
    for parameter in operation.parameters:
        text = _text(request, parameter)
        if text is None:
            arguments[parameter.name] = parameter.default
            errors += _missing(parameter)
            continue
        value = _typed(text, parameter.type)
        errors += _told(parameter.check, value, parameter.name) if _is_text(text) else _NO_TEXT
        arguments[parameter.name] = value
    if operation.body is not None:
        body = await read_json(request) if request.can_read_body else {}
        errors += _told(operation.body, body, "body")
        members = cast("Mapping[str, Any]", body) if isinstance(body, Mapping) else {}
        arguments |= {**operation.defaults, **members}
    if errors:
        told = "; ".join(f"{one['argument']}: {one['problem']}" for one in errors)
        raise RefusalError(
            400, "Arguments refused", told[: 2 * _MAX_TOLD], errors=errors[:_MAX_ERRORS]
        )
    return arguments


def _text(request: web.Request, parameter: Parameter) -> str | None:
    if parameter.place == "path":
        return request.match_info[parameter.name]
    given = request.query if parameter.place == "query" else request.headers
    return given.get(parameter.name)


def _is_text(text: str) -> bool:
    """Whether it is UTF-8: bytes of a header that are not come as half characters."""
    return text.isprintable() or text.encode(errors="replace").decode() == text


def _typed(text: str, kind: str) -> object:
    """Read text as its schema's type; text that is not of it stays text, and is refused."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    return text


def _unknown(request: web.Request, operation: Operation) -> Iterator[dict[str, str]]:
    known = [one.name for one in operation.parameters if one.place == "query"]
    for name in dict.fromkeys(request.query):
        if name not in known:
            takes = f"the query takes {', '.join(known)}" if known else "the query takes nothing"
            yield {"argument": name[:_MAX_TOLD], "problem": f"not known here; {takes}"}


def _missing(parameter: Parameter) -> list[dict[str, str]]:
    return [{"argument": parameter.name, "problem": "is required"}] if parameter.is_required else []


def _told(check: jsonschema_rs.Validator, value: object, name: str) -> Iterator[dict[str, str]]:
    for error in check.iter_errors(value):
        place = ".".join(map(str, error.instance_path)) or name
        yield {"argument": place[:_MAX_TOLD], "problem": error.message[:_MAX_TOLD]}
