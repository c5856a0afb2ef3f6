"""OAuth 2 client credentials (RFC 6749, 4.4): one token for an API, fetched when it is needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from dragoman.clock import Clock
from dragoman.credentials.parts import Grant
from dragoman.credentials.reveal import Reveal, basic_of, names_of
from dragoman.credentials.token_response import Refused, Token, read_token
from dragoman.errors import CredentialError, NetworkError, ResponseError
from dragoman.network import Bounds, Network, Reach, Request, Response

__all__ = ["ClientCredentials"]

_BOUNDS = Bounds(seconds=15.0, max_bytes=64 * 1024, redirects=0)

_LEEWAY = 30.0
"""Seconds before its end at which a token is not shown any more, for the way it has to go."""

_UNSTATED = 300.0
"""Seconds that a token is used for where the server does not say (RFC 6749, 5.1)."""


@dataclass(slots=True, eq=False)
class ClientCredentials:
    """The token of one grant: kept until shortly before it expires, fetched once at a time."""

    grant: Grant
    reveal: Reveal
    network: Network
    reach: Reach
    clock: Clock
    _token: str | None = field(default=None, repr=False)
    _until: float = 0.0
    _in_body: bool = False
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
            fetched = await self._fetch()
            lifetime = _UNSTATED if fetched.expires_in is None else fetched.expires_in
            self._until = self.clock.monotonic() + lifetime - min(_LEEWAY, lifetime / 10)
            self._token = fetched.value
            self.reveal.keep_secret(fetched.value, f"token of {self.reveal.api}")
            return fetched.value

    def forget(self, token: str) -> None:
        """Fetch anew next time, unless that has happened since this token was shown."""
        if self._token == token:
            self._token = None

    def _good(self) -> str | None:
        return self._token if self.clock.monotonic() < self._until else None

    async def _fetch(self) -> Token:
        """Ask with the client's secret in the header and, where that is refused, in the body.

        The header is what every server has to support (RFC 6749, 2.3.1); not every one does.
        """
        answer = await self._ask(in_body=self._in_body)
        if isinstance(answer, Refused) and answer.error == "invalid_client":
            answer = await self._ask(in_body=not self._in_body)
            self._in_body ^= isinstance(answer, Token)
        if isinstance(answer, Refused):
            raise self._error(answer)
        return answer

    async def _ask(self, *, in_body: bool) -> Token | Refused:
        return read_token(await self._exchange(await self._request(in_body=in_body)))

    async def _request(self, *, in_body: bool) -> Request:
        grant, text = self.grant, self.reveal.text
        url = await text(grant.key, grant.token_url)
        form = {"grant_type": "client_credentials"}
        if grant.scopes:
            form["scope"] = " ".join(grant.scopes)
        if grant.audience is not None:
            form["audience"] = await text(grant.key, grant.audience)
        client_id = await text(grant.key, grant.client_id)
        secret = await text(grant.key, grant.client_secret)
        headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        if in_body:
            form |= {"client_id": client_id, "client_secret": secret}
        else:
            # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
            encoded = basic_of(quote_plus(client_id), quote_plus(secret))
            self.reveal.keep_secret(encoded, names_of(grant.client_secret))
            headers.append(("Authorization", f"Basic {encoded}"))
        return Request("POST", url, tuple(headers), urlencode(form).encode("ascii"))

    async def _exchange(self, request: Request) -> Response:
        try:
            return await self.network.exchange(request, reach=self.reach, bounds=_BOUNDS)
        except ResponseError as error:
            raise CredentialError(
                f"{self.reveal.api}: no token with {self.grant.label}: {error.detail}",
                hint=error.hint,
            ) from None
        except NetworkError as error:
            # What was sent went to the token address: the API has not seen the call.
            raise NetworkError(
                f"{self.reveal.api}: no token with {self.grant.label}: {error.detail}",
                sent=False,
                hint=error.hint,
            ) from None

    def _error(self, refused: Refused) -> CredentialError | NetworkError:
        said = self.reveal.secrets.live.redact(refused.said)
        detail = f"{self.reveal.api}: no token with {self.grant.label}: {said}"
        if refused.is_temporary:
            return NetworkError(detail, sent=False)
        return CredentialError(
            detail, hint=f"Check the client and its secret ({self.reveal.where(self.grant.key)})."
        )
