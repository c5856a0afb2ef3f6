"""*send*: the credential is attached here, and the request leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import problem_of
from dragoman.apis.kinds import KINDS
from dragoman.call.attempts import Attempts, Sending
from dragoman.call.breaker import Breakers
from dragoman.call.keys import keyed
from dragoman.call.retry import End, may_have_happened, status_of
from dragoman.clock import Deadline
from dragoman.credentials.credentials import Credentials
from dragoman.errors import DragomanError, NetworkError
from dragoman.exact_json import decode, encode
from dragoman.network import Network, Reach
from dragoman.operation import Attempt, Credential, Effect, Headers, Prepared, Received
from dragoman.secrets.live import LiveValues

__all__ = ["Route", "Send", "refuse_errors"]


@dataclass(frozen=True, slots=True)
class Route:
    """How one API is reached: with the credentials of each account, at which private addresses."""

    accounts: Mapping[str, Credentials]
    reach: Reach


@dataclass(frozen=True, slots=True)
class Send:
    """Knows the routes to all APIs; no other stage does."""

    routes: Mapping[str, Route]
    network: Network
    live: LiveValues
    attempts: Attempts

    @property
    def breakers(self) -> Breakers:
        """Which origins are left alone now, for whoever measures or tells."""
        return self.attempts.breakers

    async def __call__(
        self,
        prepared: Prepared,
        rules: Rules,
        deadline: Deadline,
        user: str | None = None,
        *,
        key: str = "",
        since: datetime | None = None,
        conditional: Headers = (),
        attempts: list[Attempt] | None = None,
    ) -> Received:
        """Return what the API answered, whatever its status; an error without our secrets.

        After a 401 it is sent once more, with another credential where there is one, and otherwise
        as often as `rules` say, where `worth_another` does. `key` goes out under the name by which
        the API knows a write again, where it has one, and was shown first at `since` where not now;
        `conditional` headers as they are. What is known of each attempt is added to `attempts`.

        Raises `CredentialError` for one that there is not, `FailingError` where the API is left
        alone, or `NetworkError`, which says whether anything was sent by any of the attempts.
        """
        if deadline.remaining() <= 0:
            raise NetworkError(f"The time for {prepared.operation} was over.", sent=False)
        deadline = deadline.sooner(rules.timeout)
        route = self.routes[prepared.api]
        credentials = route.accounts[prepared.account]
        prepared = keyed(prepared, rules, key)
        if conditional:
            prepared = replace(prepared, headers=(*prepared.headers, *conditional))
        security, target = prepared.security, prepared.target
        shown = await credentials.credential(security, target, deadline, user=user)
        sending = Sending(
            prepared=prepared,
            rules=rules,
            deadline=deadline,
            key=key,
            since=since or deadline.clock.now(),
            attempts=[] if attempts is None else attempts,
            exchange=self._exchange(prepared, rules, deadline, route.reach),
            renew=lambda old: credentials.renewed(old, security, target, deadline, user=user),
        )
        try:
            end = await self.attempts(sending, shown)
        except DragomanError as error:  # of another credential, or of the breaker
            end = error
        return self._settled(sending, end)

    def _exchange(
        self, prepared: Prepared, rules: Rules, deadline: Deadline, reach: Reach
    ) -> Callable[[Credential], Awaitable[Received]]:
        """Return what makes one attempt with a credential; its errors hold no secret of ours."""
        send = partial(
            KINDS[prepared.kind].send,
            prepared,
            deadline=deadline,
            network=self.network,
            reach=reach,
            max_bytes=rules.max_bytes,
            first_byte=rules.first_byte,
        )

        async def exchange(shown: Credential) -> Received:
            try:
                return await send(shown)
            except DragomanError as error:
                # It may say where a redirect pointed, with what was sent in it.
                error.detail = self.live.redact(error.detail)
                error.args = (error.detail,)
                raise

        return exchange

    def _settled(self, sending: Sending, end: End) -> Received:
        """Return the last answer, or raise the error in place of one.

        Where an earlier attempt of a write may have been carried out, the last one that was surely
        not says nothing of that: a DELETE that got no answer and then a 404 may have deleted.
        """
        doubt = sending.doubt if sending.prepared.effect is not Effect.READ else None
        if doubt and not _is_good(end) and not may_have_happened(end):
            raise NetworkError(
                f"An earlier attempt of {sending.prepared.operation} may have been carried out"
                f" ({_named(doubt)}); the last was not ({_named(end)}).",
                sent=True,
            )
        if isinstance(end, DragomanError):
            raise end
        return self._redacted(end)

    def _redacted(self, received: Received) -> Received:
        """Return an error without any secret.

        What is told of it is cut and put on one line later, and half a secret, or one without its
        line break, would not be known as one any more.
        """
        if received.status < 300:
            return received
        headers = tuple((name, self.live.redact(value)) for name, value in received.headers)
        try:
            body = encode(self.live.redact_json(decode(received.body)))
        except (ValueError, ArithmeticError, RecursionError):
            body = self.live.redact_bytes(received.body)
        return replace(received, headers=headers, body=body)


def refuse_errors(prepared: Prepared, received: Received) -> None:
    """Let an answer through, or raise `ApiError` or `CredentialError` for one of an error."""
    problem = problem_of(prepared, received)
    if problem is not None:
        raise problem


def _is_good(end: End) -> bool:
    return isinstance(end, Received) and 200 <= status_of(end) < 300


def _named(end: End) -> str:
    return str(end.status) if isinstance(end, Received) else end.detail.rstrip(".")
