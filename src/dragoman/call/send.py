"""*send*: the credential is attached here, and the request leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import problem_of
from dragoman.apis.kinds import KINDS
from dragoman.call.limit import Limit
from dragoman.clock import Deadline
from dragoman.credentials.credentials import Credentials
from dragoman.errors import DragomanError, NetworkError
from dragoman.exact_json import decode, encode
from dragoman.network import Network, Reach
from dragoman.operation import Attempt, Headers, Prepared, Received
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
    limit: Limit

    async def __call__(
        self,
        prepared: Prepared,
        rules: Rules,
        deadline: Deadline,
        user: str | None = None,
        *,
        key: str = "",
        conditional: Headers = (),
        attempts: list[Attempt] | None = None,
    ) -> Received:
        """Return what the API answered, whatever its status; an error without our secrets.

        After a 401 it is sent once more, with another credential where there is one. `key` goes
        out under the name by which the API knows a write again, where it has one; `conditional`
        headers as they are. What is known of each attempt is added to `attempts`.

        Raises `CredentialError` for one that there is not, or `NetworkError`, which says whether
        anything was sent.
        """
        del attempts
        if deadline.remaining() <= 0:
            raise NetworkError(f"The time for {prepared.operation} was over.", sent=False)
        deadline = deadline.sooner(rules.timeout)
        route = self.routes[prepared.api]
        credentials = route.accounts[prepared.account]
        added = ((rules.idempotency_header, key),) if key and rules.idempotency_header else ()
        if added or conditional:
            prepared = replace(prepared, headers=(*prepared.headers, *added, *conditional))
        security, target = prepared.security, prepared.target
        shown = await credentials.credential(security, target, deadline, user=user)
        send = partial(
            KINDS[prepared.kind].send,
            prepared,
            deadline=deadline,
            network=self.network,
            reach=route.reach,
            max_bytes=rules.max_bytes,
        )
        received = await self._told(send(shown))
        if received.status != 401 or not shown.label:
            return self._redacted(received)
        # A 401 means that nothing was done (RFC 9110, 15.5.2), so a write may go out again.
        another = await credentials.renewed(shown, security, target, deadline, user=user)
        return self._redacted(received if another is None else await self._told(send(another)))

    async def _told(self, sending: Awaitable[Received]) -> Received:
        """Wait for an answer; an error, which may say where a redirect pointed, without secrets."""
        try:
            return await sending
        except DragomanError as error:
            error.detail = self.live.redact(error.detail)
            error.args = (error.detail,)
            raise

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
