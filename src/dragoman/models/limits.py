"""What OpenAI's API says of its limits with each answer: the `x-ratelimit-*` headers.

Facts: developers.openai.com/api/docs/guides/rate-limits, "Rate limits in headers".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["read_limits"]

_KINDS = ("requests", "tokens")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def read_limits(headers: Mapping[str, str]) -> JsonObject:
    """Return `limit`, `remaining` and `reset` (in seconds) of requests and of tokens, if told."""
    told: dict[str, JsonValue] = {}
    for kind in _KINDS:
        read: dict[str, JsonValue] = {}
        for member in ("limit", "remaining"):
            number = headers.get(f"x-ratelimit-{member}-{kind}", "")
            if number.isascii() and number.isdecimal() and len(number) <= 15:
                read[member] = int(number)
        reset = _seconds(headers.get(f"x-ratelimit-reset-{kind}", ""))
        if reset is not None:
            read["reset"] = reset
        if read:
            told[kind] = read
    return told


def _seconds(duration: str) -> float | None:
    """Read a duration as Go writes it: `1s`, `6m0s`, `17ms`."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in parts), 3)
