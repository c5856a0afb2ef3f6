"""How far one exchange has come: noted by hooks deep in the client, read when it fails."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from dragoman.clock import Clock
from dragoman.network.address import Address
from dragoman.network.message import Bounds

__all__ = ["ATTEMPT", "Attempt", "Timer"]


@dataclass(slots=True)
class Attempt:
    """Where an exchange is, after redirects, and what has happened.

    `sent`: a byte may have left this process. It is True unless the connector says otherwise, so
    that an error never claims more than is known. `redirected`: it was surely sent once before.
    `answered`: the headers of the response were read. `refused`: an address the guard refused.
    `proxy`: the one that it goes through. `connect` and `first_byte` are as in `Response`.
    """

    address: Address
    sent: bool = True
    redirected: bool = False
    answered: bool = False
    refused: str = ""
    proxy: str = ""
    connect: float | None = None
    first_byte: float | None = None


# The tasks in which a client dials copy the context of the exchange, so they find its attempt.
ATTEMPT: ContextVar[Attempt | None] = ContextVar("dragoman_network_attempt", default=None)


class Timer:
    """The bounds of one exchange, and the one timer that holds both of its bounds of time."""

    def __init__(self, clock: Clock, bounds: Bounds) -> None:
        self.bounds = bounds
        self.clock = clock
        self.began = clock.monotonic()
        self._end = asyncio.get_running_loop().time() + bounds.seconds
        first = bounds.first_byte_seconds
        self._waits = first is not None and first < bounds.seconds
        self.timeout = asyncio.timeout(first if self._waits else bounds.seconds)

    def answered(self, attempt: Attempt) -> None:
        """Note that the answer has begun: from here on only the whole counts."""
        attempt.answered = True
        attempt.first_byte = self.clock.monotonic() - self.began
        if self._waits:
            self.timeout.reschedule(self._end)
