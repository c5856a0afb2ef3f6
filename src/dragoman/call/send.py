"""*send*: the credential is attached here, and the request leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import problem_of
from dragoman.apis.kinds import KINDS
from dragoman.clock import Deadline
from dragoman.credentials.credentials import Credentials
from dragoman.errors import NetworkError
from dragoman.network import Network, Reach
from dragoman.operation import Prepared, Received

__all__ = ["Route", "Send", "refuse_errors"]


@dataclass(frozen=True, slots=True)
class Route:
    """How one API is reached: with which credentials, and at which private addresses."""

    credentials: Credentials
    reach: Reach


@dataclass(frozen=True, slots=True)
class Send:
    """Knows the routes to all APIs; no other stage does."""

    routes: Mapping[str, Route]
    network: Network

    async def __call__(self, prepared: Prepared, rules: Rules, deadline: Deadline) -> Received:
        """Return what the API answered, whatever its status.

        Raises `CredentialError` for one that there is not, or `NetworkError`, which says whether
        anything was sent.
        """
        if deadline.remaining() <= 0:
            raise NetworkError(f"The time for {prepared.operation} was over.", sent=False)
        deadline = deadline.sooner(rules.timeout)
        route = self.routes[prepared.api]
        credential = await route.credentials.credential(
            prepared.security, prepared.target, deadline
        )
        return await KINDS[prepared.kind].send(
            prepared,
            credential,
            deadline,
            network=self.network,
            reach=route.reach,
            max_bytes=rules.max_bytes,
        )


def refuse_errors(prepared: Prepared, received: Received) -> None:
    """Let an answer through, or raise `ApiError` or `CredentialError` for one of an error."""
    problem = problem_of(prepared, received)
    if problem is not None:
        raise problem
