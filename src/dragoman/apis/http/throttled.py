"""A refusal for being asked too often that comes as a success: 429 inside a 200."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from dragoman.apis.http.text import is_list
from dragoman.exact_json import decode
from dragoman.operation import JsonValue, Received

__all__ = ["Throttled", "throttled"]

_MAX_BODY = 64 * 1024
_MAX_ERRORS = 20
_LONGEST = 60.0
"""Seconds. A bucket fills in less; and a body may be what somebody has stored at the API."""

# As documented at https://docs.slack.dev/apis/web-api/rate-limits for Slack, at
# https://shopify.dev/docs/api/usage/limits for Shopify, and for GitHub at
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
_WORDS = frozenset({"ratelimited", "rate_limited", "throttled"})
_MARKS = (b"ratelimited", b"rate_limited", b"THROTTLED", b"RATE_LIMITED", b"RATELIMITED")


@dataclass(frozen=True, slots=True)
class Throttled:
    """That an answer is a refusal, and the seconds to wait where the body tells them."""

    seconds: float | None = None


def throttled(received: Received) -> Throttled | None:
    """Return what a good answer says of being asked too often; None for any other.

    Slack says `{"ok": false, "error": "ratelimited"}`; GraphQL servers say it in `errors`, of
    which an answer with data is none. A body over 64 KiB is no message.
    """
    body = received.body
    if not 200 <= received.status < 300 or len(body) > _MAX_BODY:
        return None
    if not any(mark in body for mark in _MARKS):
        return None
    try:
        said = decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not isinstance(said, Mapping):
        return None
    if said.get("ok") is False and said.get("error") in _WORDS:
        return Throttled()
    if said.get("data") is None and any(code in _WORDS for code in _codes(said.get("errors"))):
        return Throttled(_until_affordable(said))
    return None


def _codes(errors: JsonValue) -> Iterator[str]:
    for error in list(errors)[:_MAX_ERRORS] if is_list(errors) else ():
        if isinstance(error, Mapping):
            extensions = error.get("extensions")
            inner = extensions.get("code") if isinstance(extensions, Mapping) else None
            yield from (
                code.lower() for code in (error.get("type"), inner) if isinstance(code, str)
            )


def _until_affordable(said: JsonValue) -> float | None:
    """Return the seconds until a bucket of Shopify has filled up to what the query costs."""
    at = ("extensions", "cost", "throttleStatus")
    cost = _number(_member(said, *at[:2], "requestedQueryCost"))
    there = _number(_member(said, *at, "currentlyAvailable"))
    rate = _number(_member(said, *at, "restoreRate"))
    if cost is None or there is None or not rate:
        return None
    return min(_LONGEST, max(0.0, (cost - there) / rate))


def _member(value: JsonValue, *names: str) -> JsonValue:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _number(value: JsonValue) -> float | None:
    """Return an amount; none below zero, and none so large that it is nonsense."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if 0 <= value < 10**9 else None
