"""What an answer says of its API's limits: when to come back, and how much is left until when.

`Retry-After` (RFC 9110, section 10.2.3), the `RateLimit` fields of the IETF in their three forms
(draft-ietf-httpapi-ratelimit-headers-06, -07 and -11), and the headers of vendors, which are data
in `rate_headers`. All of it is a stranger's word: what makes no sense is not there, and nothing
lasts longer than a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from dragoman.apis.http.rate_headers import CONVENTIONS, WAITS, Convention, Unit
from dragoman.apis.http.throttled import throttled
from dragoman.operation import Received

__all__ = ["LONGEST", "Asked", "asked", "retry_after"]

Since = Callable[[], datetime]

LONGEST = 86_400.0
"""Seconds. An API that asks for more than a day is taken to ask for a day."""

_FARTHEST = 366 * LONGEST
"""A number that would be a moment later than in a year is none."""

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_USED = re.compile(r"(?:^|[\s=])([0-9]{1,12})/([0-9]{1,12})(?=$|[\s;,(])")
_DURATION = re.compile(
    r"(?=.)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d+)?)ms)?"
)
# An item of an RFC 9651 list with its parameters; or, in draft 07, a member of a dictionary.
_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.){0,99}"|[A-Za-z*][\w.*:/-]{0,99})((?:\s*;[^,;]{1,99})*)')
_PARAMETER = re.compile(r";\s*([a-z]{1,9})=([0-9]{1,15})(?![0-9.])")
_MEMBER = re.compile(r"\b(limit|remaining|reset)\s*=\s*([0-9]{1,15})(?![0-9.])")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer says; times are seconds from the answer on.

    `refused`: it was too much, whether that is told by 429 or by other words. `wait`: how long
    all of the API asks to be left alone, in the header `by`. Otherwise `remaining` of `limit` are
    left until `reset`; of the `bucket` where it names one, else of all of the API.
    """

    refused: bool = False
    wait: float | None = None
    by: str = ""
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    bucket: str = ""

    @property
    def pause(self) -> float | None:
        """The seconds for which it makes no sense to ask again, if it says so."""
        return self.reset if self.wait is None and self.remaining == 0 else self.wait


_NOTHING = Asked()
_TELLING = frozenset(
    {"ratelimit", *(name for row in CONVENTIONS for name in (row.remaining, row.used) if name)}
)
"""The headers without which an answer that is no refusal says nothing of limits."""


def asked(received: Received, now: datetime | None = None) -> Asked:
    """Return what an answer says of the limits of its API.

    A moment is measured from the Date of the same answer, so that a clock that runs wrong at either
    end does not count; without that from `now`, by default the present. 403 is a refusal of this
    kind where nothing is left or it says when to come back (so GitHub); a 5xx with Retry-After is
    none, and asks to be left alone all the same.
    """
    headers, status = _headers(received), received.status
    if status < 400 and _TELLING.isdisjoint(headers) and throttled(received) is None:
        return _NOTHING  # as most answers say
    since = partial(_answered, headers, now)
    found = _scarcest(headers, since)
    inside = throttled(received)
    may_wait = status in {403, 429} or status >= 500 or inside is not None
    wait, by = _wait(headers, since) if may_wait else (None, "")
    if wait is None and inside is not None and inside.seconds is not None:
        wait, by = inside.seconds, "throttleStatus"
    is_refused = status == 429 or inside is not None
    if status == 403:
        is_refused = wait is not None or found.remaining == 0
    if is_refused and wait is None and found.remaining != 0 and found.reset is not None:
        wait, by = found.reset, found.by
    if wait is not None:
        return replace(found, refused=is_refused, wait=min(wait, LONGEST), by=by)
    return replace(found, refused=is_refused)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header, or None without one that makes sense."""
    wait = _wait(headers, partial(_answered, headers, now))[0]
    return None if wait is None else min(wait, LONGEST)


def _answered(headers: Mapping[str, str], now: datetime | None) -> datetime:
    return _date(headers.get("date", "")) or now or datetime.now(UTC)


def _headers(received: Received) -> dict[str, str]:
    """Return the first value of each header, by its name in lower case; of a list all of it."""
    found: dict[str, str] = {}
    for name, value in received.headers:
        lower = name.lower()
        is_more = lower in found and lower in {"ratelimit", "ratelimit-policy"}
        found[lower] = f"{found[lower]}, {value}" if is_more else found.get(lower, value)
    return found


def _wait(headers: Mapping[str, str], since: Since) -> tuple[float | None, str]:
    for name, unit in WAITS:
        seconds = _seconds(headers.get(name, "").strip(), unit, since)
        if seconds is not None:
            return seconds, name.title()
    return None, ""


def _scarcest(headers: Mapping[str, str], since: Since) -> Asked:
    """Return the limit of which least is left; of those that are used up, the one for longest."""
    found: dict[str, Asked] = {}
    for name, one in (*_by_draft(headers), *_by_convention(headers, since)):
        known = found.get(name)
        if known is None or (known.reset is None and one.reset is not None):
            found[name] = one
    if not found:
        return Asked()
    return min(found.values(), key=lambda one: (one.remaining or 0, -(one.reset or 0.0)))


def _by_convention(headers: Mapping[str, str], since: Since) -> Iterator[tuple[str, Asked]]:
    for row in CONVENTIONS:
        if not row.used and row.remaining in headers:
            remaining = _count(headers[row.remaining])
            if remaining is not None:
                yield row.remaining, _of(row, headers, since, remaining)
        elif row.used in headers and (used := _USED.search(headers[row.used].strip())):
            limit = int(used[2])
            left = max(0, limit - int(used[1]))
            yield row.used, Asked(limit=limit, remaining=left, by=row.used.title())


def _of(row: Convention, headers: Mapping[str, str], since: Since, remaining: int) -> Asked:
    reset = _seconds(headers.get(row.reset, "").strip(), row.unit, since)
    return Asked(
        by=row.reset.title() if reset is not None else row.remaining.title(),
        limit=_count(headers.get(row.limit, "")),
        remaining=remaining,
        reset=None if reset is None else min(reset, LONGEST),
        bucket=headers.get(row.bucket, "")[:100],
    )


def _by_draft(headers: Mapping[str, str]) -> Iterator[tuple[str, Asked]]:
    """Yield the limits of a `RateLimit` field: a list of policies, or in draft 07 a dictionary."""
    field = headers.get("ratelimit", "")[:1000]
    if members := dict(_MEMBER.findall(field)):
        if "remaining" in members:
            yield "ratelimit", _counted(members, "limit", "remaining", "reset")
        return
    policies = dict(_policies(headers.get("ratelimit-policy", "")[:1000]))
    for name, told in _policies(field):
        if "r" in told:
            policy = policies.get(name, {})
            window = {"t": policy["w"]} if "w" in policy else {}
            yield f"ratelimit {name}", _counted({**window, **policy, **told}, "q", "r", "t")


def _policies(field: str) -> Iterator[tuple[str, dict[str, str]]]:
    if field.count('"') % 2:
        return  # A text that does not end: RFC 9651, 4.2, has such a field ignored.
    for name, parameters in _ITEM.findall(field):
        yield name, dict(_PARAMETER.findall(parameters))


def _counted(told: Mapping[str, str], limit: str, remaining: str, reset: str) -> Asked:
    return Asked(
        by="RateLimit",
        limit=int(told[limit]) if limit in told else None,
        remaining=int(told[remaining]),
        reset=min(float(told[reset]), LONGEST) if reset in told else None,
    )


def _count(text: str) -> int | None:
    return int(float(text)) if _NUMBER.fullmatch(text.strip()) else None


def _seconds(text: str, unit: Unit, since: Since) -> float | None:
    """Return the seconds from `since` that a value means, None for one that means nothing."""
    is_number = _NUMBER.fullmatch(text) is not None
    if unit is Unit.DURATION and not is_number:
        return _duration(text)
    if unit is Unit.DATE or (unit is Unit.WHEN and not is_number):
        until = _date(text)
        return None if until is None else max(0.0, (until - since()).total_seconds())
    if not is_number:
        return None
    number = float(text)
    if unit is Unit.WHEN and number >= 1e9:
        unit, number = Unit.EPOCH, number / 1000 if number >= 1e11 else number
    if unit is Unit.EPOCH:
        ahead = number - since().timestamp()
        return max(0.0, ahead) if ahead < _FARTHEST else None
    return number / 1000 if unit is Unit.MILLISECONDS else number


def _duration(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _date(text: str) -> datetime | None:
    """Return a date of HTTP, or one by ISO 8601; one without a zone is UTC."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text[:64])
        except (ValueError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
