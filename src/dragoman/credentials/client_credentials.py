"""OAuth 2 client credentials (RFC 6749, 4.4): one token for an API, fetched when it is needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dragoman.clock import Clock
from dragoman.credentials.parts import Grant
from dragoman.credentials.token_endpoint import TokenEndpoint
from dragoman.credentials.token_response import Refused, seconds_of

__all__ = ["ClientCredentials"]


@dataclass(slots=True, eq=False)
class ClientCredentials:
    """The token of one grant: kept until shortly before it expires, fetched once at a time."""

    grant: Grant
    endpoint: TokenEndpoint
    clock: Clock
    _token: str | None = field(default=None, repr=False)
    _until: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self) -> str:
        """Return a token that is still good, fetching one where there is none.

        Raises `CredentialError` where the server gives none, and `NetworkError` with
        `sent=False`, because nothing has reached the API, where it cannot be asked.
        """
        if (token := self._good()) is not None:
            return token
        async with self._lock:
            if (token := self._good()) is not None:
                return token
            answer = await self.endpoint.ask(await self._form())
            if isinstance(answer, Refused):
                raise self.endpoint.refused(answer)
            self._until = self.clock.monotonic() + seconds_of(answer)
            self._token = answer.value
            reveal = self.endpoint.reveal
            reveal.keep_secret(answer.value, f"token of {reveal.api}", fleeting=True)
            return answer.value

    def forget(self, token: str) -> None:
        """Fetch anew next time, unless that has happened since this token was shown."""
        if self._token == token:
            self._token = None

    def _good(self) -> str | None:
        return self._token if self.clock.monotonic() < self._until else None

    async def _form(self) -> dict[str, str]:
        grant = self.grant
        form = {"grant_type": "client_credentials"}
        if grant.scopes:
            form["scope"] = " ".join(grant.scopes)
        if grant.audience is not None:
            form["audience"] = await self.endpoint.reveal.text(grant.key, grant.audience)
        return form
