"""Asking a token endpoint (RFC 6749, 3.2): who the client is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, urlencode

from dragoman.credentials.parts import Client
from dragoman.credentials.reveal import Reveal, basic_of, names_of
from dragoman.credentials.token_response import Refused, Token, read_token
from dragoman.errors import CredentialError, NetworkError, ResponseError
from dragoman.network import Bounds, Network, Reach, Request, Response
from dragoman.secrets.reference import Template

__all__ = ["Form", "TokenEndpoint"]

_BOUNDS = Bounds(seconds=15.0, max_bytes=64 * 1024, redirects=0)


class Form(dict[str, str]):
    """The fields of a request. Printing it, as a traceback with locals does, shows no value."""

    def __repr__(self) -> str:
        return f"Form({', '.join(self)})"


@dataclass(slots=True, eq=False)
class TokenEndpoint:
    """The token endpoint of one client of one API; `label` names the client without its secret."""

    client: Client
    label: str
    reveal: Reveal
    network: Network
    reach: Reach
    _in_body: bool = field(default=False, repr=False)

    async def ask(self, form: Mapping[str, str]) -> Token | Refused:
        """Ask with the client's secret in the header and, where that is refused, in the body.

        The header is what every server has to support (RFC 6749, 2.3.1); not every one does. A
        client without a secret is public, and names itself in the body. Where both are refused,
        and the secret has been exchanged in its store since, it asks once more. Raises
        `CredentialError` for an answer that is none, and `NetworkError` with `sent=False`, because
        nothing has reached the API, where there is no answer.
        """
        key, secret = self.client.key, self.client.client_secret
        if secret is None:
            return await self._ask(form, in_body=True)
        shown = hash(await self.reveal.text(key, secret))  # not itself: locals stand in tracebacks
        answer = await self._ask_in_either_place(form)
        if isinstance(answer, Refused) and answer.error == "invalid_client":
            self.reveal.secrets.forget(secret)
            if hash(await self.reveal.text(key, secret)) != shown:
                return await self._ask_in_either_place(form)
        return answer

    async def _ask_in_either_place(self, form: Mapping[str, str]) -> Token | Refused:
        in_body = self._in_body
        answer = await self._ask(form, in_body=in_body)
        if isinstance(answer, Refused) and answer.error == "invalid_client":
            answer = await self._ask(form, in_body=not in_body)
            if isinstance(answer, Token):
                self._in_body = not in_body
        return answer

    async def revoke(self, url: str | Template, token: str) -> None:
        """Tell the server that a token is of no use any more (RFC 7009, 2.1).

        What it answers changes nothing: the token is forgotten here in any case.
        """
        address = await self.reveal.text(self.client.key, url)
        request = await self._request(
            {"token": token}, in_body=self._in_body or self.client.client_secret is None
        )
        await self._exchange(replace(request, url=address))

    def refused(self, refused: Refused) -> CredentialError | NetworkError:
        """Return what the endpoint said as an error, redacted."""
        said = self.reveal.secrets.live.redact(refused.said)
        detail = f"{self.reveal.api}: no token with {self.label}: {said}"
        if refused.is_temporary:
            return NetworkError(detail, sent=False)
        what = "scopes" if refused.error == "invalid_scope" else "the client and its secret"
        where = self.reveal.where(self.client.key)
        return CredentialError(detail, hint=f"Check {what} ({where}).")

    async def _ask(self, form: Mapping[str, str], *, in_body: bool) -> Token | Refused:
        response = await self._exchange(await self._request(form, in_body=in_body))
        answer = read_token(response)
        if isinstance(answer, Token):
            return answer
        # What is said of it is cut, and half a secret would not be known as one.
        body = self.reveal.secrets.live.redact_bytes(response.body)
        return read_token(replace(response, body=body))

    async def _request(self, form: Mapping[str, str], *, in_body: bool) -> Request:
        client, text = self.client, self.reveal.text
        url = await text(client.key, client.token_url)
        client_id = await text(client.key, client.client_id)
        headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        fields = dict(form)
        if client.client_secret is None:
            fields["client_id"] = client_id
        else:
            secret = await text(client.key, client.client_secret)
            if in_body:
                fields |= {"client_id": client_id, "client_secret": secret}
            else:
                # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
                encoded = basic_of(quote_plus(client_id), quote_plus(secret))
                for sent in (encoded, quote_plus(secret)):
                    self.reveal.keep_secret(sent, names_of(client.client_secret))
                headers.append(("Authorization", f"Basic {encoded}"))
        return Request("POST", url, tuple(headers), urlencode(fields).encode("ascii"))

    async def _exchange(self, request: Request) -> Response:
        try:
            return await self.network.exchange(request, reach=self.reach, bounds=_BOUNDS)
        except ResponseError as error:
            # It may say where a redirect pointed, with what we had sent in it.
            said = self.reveal.secrets.live.redact(error.detail)
            raise CredentialError(
                f"{self.reveal.api}: no token with {self.label}: {said}", hint=error.hint
            ) from None
        except NetworkError as error:
            # What was sent went to the token address: the API has not seen the call.
            raise NetworkError(
                f"{self.reveal.api}: no token with {self.label}: {error.detail}",
                sent=False,
                hint=error.hint,
            ) from None
