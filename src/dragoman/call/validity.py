"""What an answer says of being used again: RFC 9111, as a private cache reads it.

Ages are counted by our clock, with what `Age` and `Date` add. Freshness is never guessed from
`Last-Modified`: a model would be told as true what nobody has promised.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dragoman.operation import Headers, Received

__all__ = ["Validity", "freshened", "validity"]

_SPEAKING = frozenset({"cache-control", "expires", "etag", "last-modified"})
"""An answer with none of these says nothing of being used again."""

_CONDITIONS = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
_SAFE = frozenset({"GET", "HEAD"})
_LONGEST = 2**31
"""Seconds; what is longer counts as so long (RFC 9111, 1.2.2)."""

_ITEM = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*(?:"|$))+')
"""Of a list (RFC 9110, 5.6.1); a comma within quotes is part of an item."""

_Fields = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Validity:
    """For how many seconds an answer is fresh, and how old it was when it was asked for.

    `conditions` are the headers that ask whether it still holds; none where nobody can ask.
    """

    lifetime: float
    age: float
    conditions: Headers

    def is_fresh(self, seconds: float) -> bool:
        """Whether it is, so many seconds after it was asked for."""
        return self.age + seconds < self.lifetime


def validity(
    method: str, received: Received, asked: datetime, default: float | None
) -> Validity | None:
    """Return for how long an answer may be used again, or None where it may not be.

    `default` are the seconds that the owner set for answers that do not say. Without them an
    answer to POST is never used again: by RFC 9110, 9.3.3 it could only stand for a later GET.
    """
    if received.status != 200 or not (default or method in _SAFE):
        return None
    if not default and not any(name in _SPEAKING for name, _ in received.headers):
        return None
    fields = _fields(received.headers)
    control = _control(fields)
    if "no-store" in control or "*" in _listed(fields, "vary"):
        return None
    promised, date = _promised(fields, control, asked), _date(_first(fields, "date"))
    age = _seconds(_first(fields, "age")) or 0.0
    if promised is not None and date is not None:  # RFC 9111, 4.2.3. The owner's count from now.
        age = max(age, (asked - date).total_seconds())
    lifetime = (default or 0.0) if promised is None else promised
    lifetime = 0.0 if "no-cache" in control else lifetime
    conditions = _conditions(fields) if method in _SAFE else ()
    return Validity(lifetime, age, conditions) if conditions or age < lifetime else None


def freshened(stored: Headers, answer: Headers) -> Headers | None:
    """Return the headers of a stored answer as a 304 renews them (RFC 9111, 3.2 and 4.3.4).

    None where the 304 is of another answer than the stored one.
    """
    # Not before the first 304: with what it imports in turn it takes a third of a second.
    import hishel  # noqa: PLC0415

    # How old the stored one was is of no matter any more, also where the 304 has no Date.
    old = _fields(pair for pair in stored if pair[0] not in {"age", "date"})
    asked = hishel.Request("GET", "")
    entry = hishel.Entry(uuid.uuid4(), asked, hishel.Response(200, hishel.Headers(old)))
    options = hishel.CacheOptions(shared=False)
    asking = hishel.NeedRevalidation(options, asked, asked, [entry])
    after = asking.next(hishel.Response(304, hishel.Headers(_fields(answer))))
    if not isinstance(after, hishel.NeedToBeUpdated):
        return None
    fields = after.updating_entries[0].response.headers
    return tuple((name, value) for name in fields for value in fields.get_list(name) or ())


def _promised(fields: _Fields, control: Mapping[str, str], asked: datetime) -> float | None:
    """Return for how long the API says that its answer is fresh; 0 for what is no time at all."""
    if "max-age" in control:
        return _seconds(control["max-age"]) or 0.0
    if "expires" not in fields:
        return None
    expires = _date(_first(fields, "expires"))
    if expires is None:
        return 0.0
    return (expires - (_date(_first(fields, "date")) or asked)).total_seconds()


def _control(fields: _Fields) -> Mapping[str, str]:
    """Return the directives; of one that stands there twice the first (RFC 9111, 4.2.1)."""
    found: dict[str, str] = {}
    for item in _listed(fields, "cache-control"):
        name, _, value = item.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _conditions(fields: _Fields) -> Headers:
    """Return what asks whether the answer still holds; what no header may hold asks nothing."""
    values = ((ask, _first(fields, by)) for by, ask in _CONDITIONS)
    return tuple((ask, v) for ask, v in values if v and v.isascii() and v.isprintable())


def _fields(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value.strip())
    return found


def _first(fields: _Fields, name: str) -> str:
    return fields.get(name, [""])[0]


def _listed(fields: _Fields, name: str) -> list[str]:
    return [item.strip() for value in fields.get(name, ()) for item in _ITEM.findall(value)]


def _seconds(text: str) -> float | None:
    return float(min(int(text), _LONGEST)) if text.isascii() and text.isdigit() else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
