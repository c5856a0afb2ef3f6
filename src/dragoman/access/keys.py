"""Keys of callers: what they look like, and telling a right one from a wrong one.

A key is `dgm_ID_SECRET`. The id is no secret: it stands in lists and records, so that a key that
was found somewhere can be recognised and revoked. At rest there is an HMAC of the whole key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from dragoman.errors import AuthenticationError
from dragoman.identifiers import new_id

__all__ = ["CallerKey", "check_key", "hash_of", "id_of", "new_key"]

PREFIX = "dgm_"

_KEY = re.compile(rf"{PREFIX}(?P<id>[0-9A-Z]{{8}})_[A-Za-z0-9_-]{{43}}")

_WRONG = "This key is not valid."
_HINT = "Make one with: dragoman keys create CALLER"


@dataclass(frozen=True, slots=True)
class CallerKey:
    """What is kept of a key: whose it is, and until when; never the key itself."""

    id: str
    caller: str
    hash: str
    label: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it lets its caller in at that moment."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def new_key() -> tuple[str, str]:
    """Return the id of a new key and the key, which has 256 bits that nobody can guess."""
    key_id = new_id(length=8)
    return key_id, f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"


def hash_of(key: str, server_key: bytes) -> str:
    """Return what is kept of a key: HMAC-SHA-256 under a key of the server, in hexadecimal."""
    return hmac.new(server_key, key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def id_of(key: str) -> str:
    """Return the id in a key; raises `AuthenticationError` for text that is none."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise AuthenticationError(_WRONG, hint=_HINT)
    return match["id"]


def check_key(key: str, known: CallerKey | None, server_key: bytes, now: datetime) -> str:
    """Return the caller of a key, compared in constant time.

    Raises `AuthenticationError`, which tells only whoever holds the whole key that it was revoked
    or has expired.
    """
    expected = known.hash if known else "0" * 64
    is_right = hmac.compare_digest(hash_of(key, server_key), expected)
    if known is None or not is_right:
        raise AuthenticationError(_WRONG, hint=_HINT)
    if known.revoked is not None:
        raise AuthenticationError(f"The key {known.id} of {known.caller} was revoked.", hint=_HINT)
    if not known.is_valid(now):
        raise AuthenticationError(f"The key {known.id} of {known.caller} has expired.", hint=_HINT)
    return known.caller
