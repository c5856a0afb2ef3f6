"""Whether a request is sent again: where that is safe, may help, and does not make things worse.

By RFC 9110, section 9.2.2, and *Timeouts, retries, and backoff with jitter* of the Amazon
Builders' Library: a pause drawn from all of zero to its bound, and a budget, so that an API that
fails under its load is not given more of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dragoman.access.policy import Rules
from dragoman.apis.http.throttled import throttled
from dragoman.apis.http.waiting import asked
from dragoman.clock import Clock
from dragoman.errors import DragomanError, NetworkError
from dragoman.operation import Effect, Prepared, Received

__all__ = [
    "Budgets",
    "End",
    "is_idempotent",
    "may_have_happened",
    "pause_before",
    "status_of",
    "worth_another",
]

End = Received | DragomanError
"""How an attempt ended: with an answer, or an error in place of one."""

_IDEMPOTENT_METHODS = frozenset({"PUT", "DELETE"})

_REFUSED = frozenset({425, 429})
"""The API has said that it did not begin (RFC 8470, section 5.2; RFC 6585, section 4)."""

_PASSING = frozenset({408, 502, 503, 504})
"""It may be over in a moment; whether anything was done is not said (RFC 9110, 15.5.9, 15.6.3-5).

That goes for a 503 with Retry-After too: it says when to come back, not what was done until then.
"""

_BASE = 0.1
_CAP = 5.0
"""Seconds."""

_SHARE = 0.1
_FLOOR = 1.0
_MOST = 10.0
"""Of calls that may be sent again; so many a second in any case; so many saved up."""


def worth_another(end: End, prepared: Prepared, rules: Rules, *, key: str, seconds: float) -> bool:
    """Whether the request may go out once more after this end, and it makes sense.

    `key` is what the API has been shown to know the request again, and `seconds` ago that was for
    the first time.
    """
    if isinstance(end, Received):
        status = status_of(end)
        if status not in _PASSING:
            # A key is of no use after a 500: who keeps keys gives that answer for it again.
            return status in _REFUSED or (status == 500 and is_idempotent(prepared))
    elif not isinstance(end, NetworkError) or not end.retryable:
        return False
    elif not end.sent:
        return True
    is_keyed = bool(key) and rules.knows_keys and 0 <= seconds < rules.idempotency_seconds
    return is_keyed or is_idempotent(prepared)


def is_idempotent(prepared: Prepared) -> bool:
    """Whether to send it twice leaves the same as to send it once.

    That an operation is a read is the owner's word where it is not the method's: a POST that the
    owner has written down as one (a search, a query) changes nothing, as a GET does. It goes the
    other way as well: a GET that the owner calls a write has an effect that its method denies.
    """
    if prepared.effect is Effect.READ:
        return True
    return prepared.method in _IDEMPOTENT_METHODS


def status_of(received: Received) -> int:
    """Return what an answer means: 429 where the API refuses in other words, as in a 200."""
    if 200 <= received.status < 300 and throttled(received) is None:
        return received.status
    return 429 if asked(received).refused else received.status


def may_have_happened(end: End) -> bool:
    """Whether an end that is no good one leaves it open that the write was done (promise 4)."""
    if isinstance(end, Received):
        return not 400 <= status_of(end) < 500
    return isinstance(end, NetworkError) and end.sent


def pause_before(retry: int, draw: Callable[[float, float], float]) -> float:
    """Return the seconds before a retry, of which 0 is the first: full jitter."""
    return draw(0.0, min(_CAP, _BASE * 2.0**retry))


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many retries the APIs have left: a tenth of their calls, and one a second."""

    clock: Clock
    _buckets: dict[str, _Bucket] = field(default_factory=dict, repr=False)

    def called(self, api: str) -> None:
        """Count one call, whatever will come of it."""
        bucket = self._bucket(api)
        bucket.tokens = min(_MOST, bucket.tokens + _SHARE)

    def take(self, api: str) -> bool:
        """Take one retry, or return False where there is none left."""
        bucket = self._bucket(api)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True

    def give_back(self, api: str) -> None:
        """Give back a retry that was taken and not made."""
        bucket = self._bucket(api)
        bucket.tokens = min(_MOST, bucket.tokens + 1.0)

    def _bucket(self, api: str) -> _Bucket:
        now = self.clock.monotonic()
        bucket = self._buckets.setdefault(api, _Bucket(_MOST, now))
        bucket.tokens = min(_MOST, bucket.tokens + (now - bucket.at) * _FLOOR)
        bucket.at = now
        return bucket
