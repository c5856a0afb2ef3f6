"""How far one exchange has come: noted by hooks deep in the client, read when it fails."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from dragoman.network.address import Address

__all__ = ["ATTEMPT", "Attempt"]


@dataclass(slots=True)
class Attempt:
    """Where an exchange is, after redirects, and what has happened.

    `sent`: a byte may have left this process. It is True unless the connector says otherwise, so
    that an error never claims more than is known. `redirected`: it was surely sent once before.
    `answered`: the headers of the response were read. `refused`: an address the guard refused.
    """

    address: Address
    sent: bool = True
    redirected: bool = False
    answered: bool = False
    refused: str = ""


# The tasks in which a client dials copy the context of the exchange, so they find its attempt.
ATTEMPT: ContextVar[Attempt | None] = ContextVar("dragoman_network_attempt", default=None)
