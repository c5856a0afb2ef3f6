"""Request bodies as they come in: JSON, or a refusal that says what is wrong with it."""

from __future__ import annotations

import json

from aiohttp import web

from dragoman.demo.work import RefusalError

__all__ = ["read_json"]


async def read_json(request: web.Request) -> object:
    """Return the JSON value of the body; raises `RefusalError`."""
    if request.content_type != "application/json":
        raise RefusalError(
            415, "Not JSON", f"Send application/json, not {request.content_type[:60]}."
        )
    try:
        value: object = json.loads(await request.read(), parse_constant=_no_number)
        # Half a character (an unpaired surrogate) is legal in JSON, and no text for SQLite.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise RefusalError(400, "Not JSON", "The body is not valid JSON in UTF-8.") from None
    return value


def _no_number(name: str) -> object:
    raise ValueError(name)
