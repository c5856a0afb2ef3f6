"""The circuit breaker: an API that fails is left alone for a while, and then tried by one call.

Closed, everything goes through and is counted. Once enough of the last calls have failed it is
open, and calls are refused at once. After a pause it is half-open: a single call at a time is let
through, whose success closes it and whose failure opens it for twice as long. A failure is that of
a connection, a timeout or a 5xx. What the API refuses (4xx, 429) shows that it works.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from dragoman.clock import Clock
from dragoman.errors import FailingError

__all__ = ["Breakers", "Circuit", "Passage", "State"]

_SECONDS = 30.0
_LAST = 50
"""What is looked at: so many calls at the most, none of them longer ago."""

_LEAST = 10
_SHARE = 0.5
"""How many it takes to judge, and which share of them has to fail."""

_PAUSE = 10.0
_LONGEST = 60.0
"""Seconds until the first probe, and at the most, after others that failed."""

_MAX_CIRCUITS = 1_000
"""Origins that are watched; the one that was used longest ago is forgotten for a new one."""


class State(StrEnum):
    """What comes of a call now: it goes out, it goes out if no other probes, or it does not."""

    CLOSED = "closed"
    PROBING = "probing"
    OPEN = "open"


@dataclass(slots=True)
class Circuit:
    """What is known of one origin of an API. Times are on the monotonic clock."""

    state: State = State.CLOSED
    until: float = 0.0
    pause: float = _PAUSE
    is_probed: bool = False
    last: deque[tuple[float, bool]] = field(default_factory=deque, repr=False)
    failures: int = 0

    def admit(self, now: float) -> float:
        """Return 0 where a call may go out, as the probe perhaps, or the seconds until one may."""
        if self.state is State.OPEN and now >= self.until:
            self.state = State.PROBING
        if self.state is State.OPEN:
            return self.until - now
        if self.state is State.PROBING:
            if self.is_probed:
                return 1.0
            self.is_probed = True
        return 0.0

    def count(self, now: float, *, failed: bool | None, was_probe: bool) -> bool:
        """Take note of how a call ended; True where that has opened it."""
        if was_probe:
            self.is_probed = False
        if failed is None or self.state is State.OPEN:
            return False
        if self.state is State.PROBING:
            return was_probe and self._probed(failed=failed, now=now)
        self.last.append((now, failed))
        self.failures += failed
        while len(self.last) > _LAST or self.last[0][0] < now - _SECONDS:
            self.failures -= self.last.popleft()[1]
        if len(self.last) < _LEAST or self.failures < _SHARE * len(self.last):
            return False
        self._open(now)
        return True

    def _probed(self, *, failed: bool, now: float) -> bool:
        if failed:
            self.pause = min(_LONGEST, self.pause * 2)
            self._open(now)
            return True
        self.state, self.pause, self.failures = State.CLOSED, _PAUSE, 0
        self.last.clear()
        return False

    def _open(self, now: float) -> None:
        self.state, self.until = State.OPEN, now + self.pause


def _nobody(api: str, origin: str) -> None:
    del api, origin


@dataclass(slots=True)
class Breakers:
    """The circuits of all origins. `opened` is told of each that opens: API and origin."""

    clock: Clock
    opened: Callable[[str, str], None] = _nobody
    _circuits: OrderedDict[tuple[str, str], Circuit] = field(
        default_factory=OrderedDict, repr=False
    )

    def passing(self, api: str, origin: str) -> Passage:
        """Let one attempt through, which says before its end whether it failed.

        Raises `FailingError`, with the seconds until the next probe, where none may go out.
        """
        circuit = self._circuit(api, origin)
        seconds = circuit.admit(self.clock.monotonic())
        if seconds:
            raise FailingError(_told(api, circuit, seconds), retry_after=round(seconds, 3))
        return Passage(self, (api, origin), circuit, circuit.state is State.PROBING)

    def states(self) -> Mapping[tuple[str, str], State]:
        """Return the state of each circuit, by API and origin; for whoever measures."""
        now = self.clock.monotonic()
        return {
            key: State.PROBING if one.state is State.OPEN and now >= one.until else one.state
            for key, one in self._circuits.items()
        }

    def _circuit(self, api: str, origin: str) -> Circuit:
        key = (api, origin)
        circuit = self._circuits.get(key)
        if circuit is None:
            circuit = self._circuits[key] = Circuit()
            if len(self._circuits) > _MAX_CIRCUITS:
                self._circuits.popitem(last=False)
        else:
            self._circuits.move_to_end(key)
        return circuit


@dataclass(slots=True)
class Passage:
    """One attempt that was let through, to be used in `with`; it has to say whether it `failed`.

    None says nothing, as an attempt that is cancelled does: it gives the place of the probe back.
    """

    breakers: Breakers
    of: tuple[str, str]
    circuit: Circuit
    is_probe: bool
    failed: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        now = self.breakers.clock.monotonic()
        if self.circuit.count(now, failed=self.failed, was_probe=self.is_probe):
            self.breakers.opened(*self.of)


def _told(api: str, circuit: Circuit, seconds: float) -> str:
    said = f"{api} is failing ({circuit.failures} of the last {len(circuit.last)} calls)"
    if circuit.state is State.PROBING:
        return f"{said}; whether it works again is being tried."
    return f"{said}; it is tried again in {math.ceil(seconds)} s."
