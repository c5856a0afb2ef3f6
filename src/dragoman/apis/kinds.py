"""The kinds of API that there are: how the call path finds what prepares and what sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from dragoman.apis.http.prepare import prepare
from dragoman.apis.http.send import send
from dragoman.clock import Deadline
from dragoman.network import Network, Reach
from dragoman.operation import Credential, JsonObject, Operation, Prepared, Received

__all__ = ["KINDS", "Kind", "Prepare", "Send"]


class Prepare(Protocol):
    """Builds the exact request of a call; pure, and without any credential."""

    def __call__(
        self, operation: Operation, arguments: JsonObject, *, origins: Mapping[str, str] = ...
    ) -> Prepared:
        """Return the request; raises `ArgumentError` or `UnsupportedError` where there is none."""
        ...


class Send(Protocol):
    """Lets a prepared request leave: the only input and output of a kind."""

    async def __call__(
        self,
        prepared: Prepared,
        credential: Credential,
        deadline: Deadline,
        *,
        network: Network,
        reach: Reach,
        max_bytes: int,
        first_byte: float | None = None,
    ) -> Received:
        """Return what was answered, whatever its status; raises `NetworkError` and its kin."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """The two functions of a kind of API."""

    prepare: Prepare
    send: Send


KINDS: Mapping[str, Kind] = MappingProxyType({"http": Kind(prepare, send)})
"""By `Operation.kind`."""
