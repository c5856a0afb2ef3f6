"""Access tokens for client credentials (RFC 6749, section 4.4), and who shows them."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from urllib.parse import unquote_plus

from aiohttp import web

from dragoman.demo.description import Operation
from dragoman.demo.keys import Credentials
from dragoman.demo.program import Clock
from dragoman.demo.routing import Who
from dragoman.demo.work import RefusalError
from dragoman.demo.writing import json_response

__all__ = ["SCOPES", "Tokens"]

SCOPES = frozenset({"tickets:read", "tickets:write"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_MAX_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is good for, and until when."""

    scopes: frozenset[str]
    expires: datetime


@dataclass
class Tokens:
    """The tokens that were given out; each is good for `lifetime` seconds."""

    now: Clock
    credentials: Credentials
    lifetime: float
    given: dict[str, Token] = field(default_factory=dict, repr=False)

    async def grant(self, request: web.Request) -> web.Response:
        """Answer the token endpoint; its errors are those of RFC 6749, section 5.2."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not self._is_client(*_client(request.headers.get("Authorization"), form)):
            headers = {"WWW-Authenticate": "Basic"}
            return json_response({"error": "invalid_client"}, 401, headers=headers)
        if form.get("grant_type") != "client_credentials":
            return json_response({"error": "unsupported_grant_type"}, 400)
        scopes = frozenset(form.get("scope", "").split()) or SCOPES
        if not scopes <= SCOPES:
            return json_response({"error": "invalid_scope"}, 400)
        return self._granted(scopes)

    def identify(self, request: web.Request, operation: Operation) -> Who:
        """Return who shows a token that is good for the operation; raises `RefusalError`."""
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise _unauthorized("Send Authorization: Bearer with a token of /oauth/token.", "")
        token = self.given.get(value.strip())
        if token is None or token.expires <= self.now():
            raise _unauthorized("The token has expired or is not known.", ' error="invalid_token"')
        scope = "tickets:write" if operation.method in _WRITES else "tickets:read"
        if scope not in token.scopes:
            raise RefusalError(403, "insufficient_scope", f"The token lacks the scope {scope}.")
        return Who("client")

    def _granted(self, scopes: frozenset[str]) -> web.Response:
        now = self.now()
        self.given = {key: one for key, one in self.given.items() if one.expires > now}
        while len(self.given) >= _MAX_TOKENS:
            del self.given[next(iter(self.given))]
        value = secrets.token_urlsafe(24)
        self.given[value] = Token(scopes, now + timedelta(seconds=self.lifetime))
        body = {
            "access_token": value,
            "token_type": "Bearer",
            "expires_in": int(self.lifetime),
            "scope": " ".join(sorted(scopes)),
        }
        return json_response(body, headers={"Cache-Control": "no-store"})

    def _is_client(self, name: str, secret: str) -> bool:
        wanted = (self.credentials.helpdesk_client, self.credentials.helpdesk_secret)
        pairs = zip((name, secret), wanted, strict=True)
        return all(compare_digest(one.encode(errors="replace"), two.encode()) for one, two in pairs)


def _client(header: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """Return id and secret from the Authorization header, or else from the form (section 2.3.1)."""
    if header is None:
        return form.get("client_id", ""), form.get("client_secret", "")
    kind, _, value = header.partition(" ")
    try:
        pair = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, _, secret = pair.partition(":")
    return (unquote_plus(name), unquote_plus(secret)) if kind.lower() == "basic" else ("", "")


def _unauthorized(detail: str, error: str) -> RefusalError:
    headers = {"WWW-Authenticate": f"Bearer{error}"}
    return RefusalError(401, "unauthorized", detail, headers=headers)
