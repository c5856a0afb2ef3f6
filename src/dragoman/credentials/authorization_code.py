"""OAuth 2 by authorization code with PKCE, for each end user (RFC 6749, 4.1; RFC 7636; RFC 9207).

`begin` gives the address at which a person says yes, and `finish` takes what the browser brought
back. From then on `token` shows that person's token and renews it in time.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode, urlsplit

from dragoman.clock import Clock
from dragoman.credentials.parts import UserGrant
from dragoman.credentials.token_endpoint import Form, TokenEndpoint
from dragoman.credentials.token_response import Refused, Token, seconds_of
from dragoman.credentials.user_tokens import UserToken, UserTokens
from dragoman.errors import CredentialError, NetworkError

__all__ = ["AuthorizationCode", "Begun"]

_WAIT_SECONDS = 20.0
"""How long a call waits for a refresh that another process has begun."""

_LOOK_SECONDS = 0.05

_WATCH_SECONDS = 2.0
"""How long the lease of another is watched before it is taken over, though it has ended by our
clock: where clocks differ, its refresh may be under way, and is done by then."""

_CLOSING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Begun:
    """One connection under way: the address to open, and what must come back with the browser."""

    url: str
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""


@dataclass(slots=True, eq=False)
class AuthorizationCode:
    """The tokens of all end users of one grant; one refresh at a time for each of them."""

    api: str
    grant: UserGrant
    endpoint: TokenEndpoint
    tokens: UserTokens
    clock: Clock
    account: str = ""
    _renewing: dict[str, asyncio.Task[UserToken]] = field(default_factory=dict, repr=False)

    @property
    def _place(self) -> str:
        """Under what the tokens of this API, or of one account of it, are kept."""
        return f"{self.api}@{self.account}" if self.account else self.api

    async def begin(self, redirect_uri: str) -> Begun:
        """Return the address at which a person lets us in, with a fresh state and verifier."""
        text, grant = self.endpoint.reveal.text, self.grant
        address = await text(grant.key, grant.authorization_url)
        issuer = await text(grant.key, grant.issuer) if grant.issuer is not None else ""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        query = {
            "response_type": "code",
            "client_id": await text(grant.key, grant.client.client_id),
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        if grant.scopes:
            query["scope"] = " ".join(grant.scopes)
        joint = "&" if urlsplit(address).query else "?"
        return Begun(f"{address}{joint}{urlencode(query)}", redirect_uri, state, verifier, issuer)

    async def finish(self, begun: Begun, brought: Mapping[str, str], subject: str) -> UserToken:
        """Exchange the code that the browser brought for tokens, and keep them.

        Raises `CredentialError` for a state that is not ours, an answer of another server, a
        person who said no, and a code that the server does not take.
        """
        self._check(begun, brought)
        form = Form(
            {
                "grant_type": "authorization_code",
                "code": brought["code"],
                "redirect_uri": begun.redirect_uri,
                "code_verifier": begun.verifier,
            }
        )
        answer = await self.endpoint.ask(form)
        if isinstance(answer, Refused):
            raise self.endpoint.refused(answer)
        return await self.tokens.put(self._given(answer, subject, former=""))

    async def token(self, subject: str) -> str:
        """Return the access token of an end user, renewed where it has come to its end.

        Raises `CredentialError` where that person has to connect (again), and `NetworkError` with
        `sent=False` where the server cannot be asked now.
        """
        known = await self._known(subject)
        if self._is_good(known):
            return known.access
        task = self._renewing.get(subject)
        if task is None:
            task = self._renewing[subject] = asyncio.create_task(self._renewed(subject))
            task.add_done_callback(partial(self._has_ended, subject))
        # It goes on without us: where the server exchanges refresh tokens, one that nobody waited
        # for would be lost, and the end user would have to connect again.
        return (await asyncio.shield(task)).access

    async def forget(self, subject: str, token: str) -> bool:
        """Renew at the next use a token that the API refused; whether there is a way to."""
        known = await self.tokens.get(self._place, subject)
        if known is None or known.refused:
            return False
        if known.access == token:
            await self.tokens.end_early(known)
        return known.access != token or bool(known.refresh)

    async def subjects(self) -> list[str]:
        """Return who has connected, 1,000 at the most; the owner is the empty one."""
        return await self.tokens.subjects(self._place)

    async def disconnect(self, subject: str) -> bool:
        """Forget what an end user gave, and give it back where the file says where to.

        Returns whether there was anything. Of a server that cannot be reached it is forgotten too.
        """
        known = await self.tokens.get(self._place, subject)
        if known is None:
            return False
        await self.tokens.remove(self._place, subject)
        if self.grant.revocation_url is not None:
            await self.endpoint.revoke(self.grant.revocation_url, known.refresh or known.access)
        return True

    async def aclose(self) -> None:
        """Let refreshes that are under way come to their end, two seconds at the most."""
        if tasks := list(self._renewing.values()):
            await asyncio.wait(tasks, timeout=_CLOSING_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _known(self, subject: str) -> UserToken:
        known = await self.tokens.get(self._place, subject)
        if known is None:
            raise self._reconnect(subject, "has not connected", "To connect")
        if known.refused:
            raise self._reconnect(subject, f"has to connect again: {known.refused}", "To do so")
        reveal = self.endpoint.reveal
        for value in filter(None, (known.access, known.refresh)):
            reveal.keep_secret(value, f"token of {self.api}", fleeting=True)
        return known

    def _has_ended(self, subject: str, task: asyncio.Task[UserToken]) -> None:
        del self._renewing[subject]
        if not task.cancelled():
            task.exception()  # Looked at, because its callers may all have gone.

    async def _renewed(self, subject: str) -> UserToken:
        """Renew a token, or wait for the process that does."""
        began = self.clock.monotonic()
        while not self._is_good(known := await self._known(subject)):
            waited = self.clock.monotonic() - began
            if await self.tokens.begin_refresh(known, take_over=waited >= _WATCH_SECONDS):
                return await self._refresh(known)
            if waited > _WAIT_SECONDS:
                raise NetworkError(
                    f"{self.api}: another process is renewing this token.", sent=False
                )
            await asyncio.sleep(_LOOK_SECONDS)
        return known

    def _is_good(self, token: UserToken) -> bool:
        return self.clock.now() < token.until

    async def _refresh(self, known: UserToken) -> UserToken:
        """Renew a token (RFC 6749, 6); where another refresh token comes, the old one is void."""
        if not known.refresh:
            return await self._refuse(known, "its token has ended and cannot be renewed")
        form = Form({"grant_type": "refresh_token", "refresh_token": known.refresh})
        try:
            answer = await self.endpoint.ask(form)
        except BaseException:
            await asyncio.shield(self.tokens.release(known))
            raise
        if isinstance(answer, Token):
            return await self._settled(
                known, self._given(answer, known.subject, former=known.refresh)
            )
        if answer.error == "invalid_grant":
            said = self.endpoint.reveal.secrets.live.redact(answer.said)
            return await self._refuse(known, said)
        await self.tokens.release(known)
        raise self.endpoint.refused(answer)

    def _given(self, token: Token, subject: str, *, former: str) -> UserToken:
        reveal, refresh = self.endpoint.reveal, token.refresh_token or former
        for value in filter(None, (token.value, refresh)):
            reveal.keep_secret(value, f"token of {self.api}", fleeting=True)
        until = self.clock.now() + timedelta(seconds=seconds_of(token))
        return UserToken(self._place, subject, token.value, refresh, until)

    async def _settled(self, known: UserToken, new: UserToken) -> UserToken:
        """Keep the end of a refresh, or return what has taken the place of the token meanwhile."""
        return new if await self.tokens.renew(known, new) else await self._known(known.subject)

    async def _refuse(self, known: UserToken, why: str) -> UserToken:
        """Keep why a token is of no use any more, so that nobody asks the server again."""
        ended = datetime.min.replace(tzinfo=known.until.tzinfo)
        settled = await self._settled(known, replace(known, refused=why.rstrip("."), until=ended))
        if settled.refused:
            raise self._reconnect(known.subject, f"has to connect again: {why}", "To do so")
        return settled

    def _reconnect(self, subject: str, what: str, todo: str) -> CredentialError:
        who = f"The end user '{subject}'" if subject else "The owner"
        user = f" --user {subject}" if subject else ""
        user += f" --account {self.account}" if self.account else ""
        return CredentialError(
            f"{who} {what.rstrip('.')} ({self.api}).",
            hint=f"{todo}: dragoman connect {self.api}{user}",
        )

    def _check(self, begun: Begun, brought: Mapping[str, str]) -> None:
        if not hmac.compare_digest(brought.get("state", "").encode(), begun.state.encode()):
            raise CredentialError("What the browser brought does not belong to this connection.")
        issuer = brought.get("iss")
        if begun.issuer and issuer != begun.issuer:
            raise CredentialError(
                f"The answer is from {issuer or 'a server that does not say who it is'}, "
                f"not from {begun.issuer}."
            )
        if issuer and not begun.issuer and _origin(issuer) != _origin(begun.url):
            raise CredentialError(
                f"The answer is from {issuer}, not from where you were sent.",
                hint=f"If it is right, write under auth issuer: {issuer}",
            )
        if "error" in brought:
            said = " ".join(f"{brought['error']} {brought.get('error_description', '')}".split())
            raise CredentialError(f"{self.api} was not connected: {said[:200]}.")
        if not brought.get("code"):
            raise CredentialError("The browser brought no code.")


def _challenge(verifier: str) -> str:
    """Return the code challenge of a verifier (RFC 7636, 4.2, S256)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
