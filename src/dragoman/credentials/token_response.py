"""What a token endpoint answered (RFC 6749, 5.1 and 5.2), read with suspicion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from dragoman.exact_json import decode
from dragoman.network import Response
from dragoman.operation import JsonValue

__all__ = ["Refused", "Token", "read_token", "seconds_of"]

_TOKEN = re.compile(r"[!-~]{1,16384}")
"""An access token is printable ASCII (RFC 6749, A.12); without blanks, to stand in a header."""

_REFRESH = re.compile(r"[ -~]{1,16384}")
"""A refresh token is printable ASCII (RFC 6749, A.17)."""

_LEEWAY = 30.0
"""Seconds before its end at which a token is not shown any more."""

_UNSTATED = 300.0
"""Seconds that a token is used for where the server does not say (RFC 6749, 5.1)."""

_MAX_ERROR = 60
_MAX_DESCRIPTION = 200
_LONGEST = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `expires_in` is in seconds, or None where the server did not say."""

    value: str = field(repr=False)
    expires_in: float | None
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no token: `error` is the code of RFC 6749, 5.2, `said` what to report.

    Only `error` and `error_description` of the answer are in it, bounded; not yet redacted.
    """

    said: str
    error: str = ""
    is_temporary: bool = False


def read_token(response: Response) -> Token | Refused:
    """Return the token of an answer, or why it holds none that can be used."""
    members = _members(response.body)
    if response.status not in (200, 201) or (members is not None and "error" in members):
        return _refused(response, members or {})
    if members is None:
        media_type = _short(response.header("content-type"), _MAX_ERROR) or "no media type"
        return Refused(f"the token address answered with {media_type}, which is no JSON object.")
    value, kind = members.get("access_token"), members.get("token_type", "bearer")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        return Refused("the answer of the token address holds no usable access_token.")
    if not isinstance(kind, str) or not kind.lower().startswith("bearer"):
        return Refused("the token address gave a token of a type other than bearer.")
    refresh = members.get("refresh_token")
    if not isinstance(refresh, str) or not _REFRESH.fullmatch(refresh):
        refresh = ""
    return Token(value, _seconds(members.get("expires_in")), refresh)


def seconds_of(token: Token) -> float:
    """Return how long to show a token: until shortly before its end, for the way it has to go."""
    lifetime = _UNSTATED if token.expires_in is None else token.expires_in
    return lifetime - min(_LEEWAY, lifetime / 10)


def _refused(response: Response, members: Mapping[str, JsonValue]) -> Refused:
    error = _short(members.get("error"), _MAX_ERROR)
    described = _short(members.get("error_description"), _MAX_DESCRIPTION)
    reason = ": ".join(part for part in (error, described) if part)
    return Refused(
        f"the token address answered {response.status}{f' ({reason})' if reason else ''}.",
        error,
        is_temporary=response.status == 429 or response.status >= 500,
    )


def _members(body: bytes) -> Mapping[str, JsonValue] | None:
    try:
        value = decode(body)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def _short(value: JsonValue, limit: int) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(filter(str.isprintable, " ".join(value.split())))[:limit]


def _seconds(value: JsonValue) -> float | None:
    """Read a lifetime; some servers write it as text. One that makes no sense is not stated."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(min(value, _LONGEST)) if value >= 0 else None
