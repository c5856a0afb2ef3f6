"""Answers as they go out: compact JSON, money with both of its digits."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

__all__ = ["encoded", "json_response"]

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encoded(body: object) -> bytes:
    """Return the value as JSON; a decimal 4.90 is the number 4.90, not 4.9."""
    return _ENCODER.encode(body)


def json_response(
    body: object,
    status: int = 200,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return a JSON response."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    return web.Response(body=encoded(body), status=status, content_type=media_type, headers=headers)
