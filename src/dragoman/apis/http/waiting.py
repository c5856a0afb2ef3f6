"""How long an API asks to wait before the next try (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST", "retry_after"]

LONGEST = 86_400.0
"""Seconds. An API that asks for more than a day is taken to ask for a day."""

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header, or None without one that makes sense.

    A date is measured from the Date of the same answer, so that a clock that runs wrong at either
    end does not count; without that from `now`, by default the present.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST)
    until = _date(value)
    if until is None:
        return None
    since = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return min(max(0.0, (until - since).total_seconds()), LONGEST)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text[:64])
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
