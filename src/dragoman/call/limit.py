"""*limit*: when a request may go out. The owner's rates, the places of an API, and its own word.

In this order: what the API asked for is waited for without a place, so that who sleeps keeps nobody
out; then a place is taken; then the use is counted, so that what never goes out uses nothing up.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from dragoman.access.policy import Rules
from dragoman.apis.http.waiting import asked
from dragoman.call.learned import Learned, Subject
from dragoman.call.places import Line, Places
from dragoman.clock import Clock, Deadline
from dragoman.credentials.parts import OF_THE_USER
from dragoman.errors import LimitError
from dragoman.operation import Prepared, Received
from dragoman.store.shared import Shared

__all__ = ["ApiUse", "Limit", "Rates"]

_ORIGIN = re.compile(r"[^:/?#]+://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts uses by subject, a caller, an API or an operation, by the rates of the owner."""

    shared: Shared

    async def take(
        self, rates: Iterable[tuple[str, str]], rule: str, *, kind: str = "caller"
    ) -> None:
        """Count one use of each subject; raises `LimitError` at the first that is used up.

        Where one of several is, none is counted: what it refuses does not use up the others.
        """
        wanted = tuple(rates)
        for ask in (self.shared.left, self.shared.take)[len(wanted) < 2 :]:
            for subject, rate in wanted:
                seconds = await ask(f"{kind} {subject}", rate)
                if seconds is not None:
                    raise _used_up(subject, rate, rule, seconds)


def _used_up(subject: str, rate: str, rule: str, seconds: float) -> LimitError:
    count, _, unit = rate.partition("/")
    times = "once" if count == "1" else f"{int(count):,} times"
    return LimitError(
        f"{subject} may be used {times} a {unit}, and that is used up.",
        rule=rule,
        retry_after=round(seconds, 3),
    )


@dataclass(frozen=True, slots=True)
class ApiUse:
    """How an API is used now. `limit`, `remaining` and `reset` (seconds) are its own last words.

    None where it has said nothing of the kind; `asked` is for how many seconds it has asked to be
    left alone, counted from now as `reset` is.
    """

    running: int
    waiting: int
    concurrency: int
    queue: int
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    asked: float = 0.0


@dataclass(slots=True)
class _Seat:
    """One call among those of its API, whether it has a place or waits between two attempts."""

    line: Line
    subject: Subject
    has_place: bool = False

    async def take(self, deadline: Deadline) -> bool:
        waited = await self.line.take(deadline)
        self.has_place = True
        return waited

    def leave(self) -> None:
        if self.has_place:
            self.has_place = False
            self.line.free()


# The attempts of a call are made deep in *send*, and give back the place that the call has taken.
_SEAT: ContextVar[_Seat | None] = ContextVar("dragoman_call_seat", default=None)


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of an API, ours and its own; those of a caller are counted in *authorize*.

    `credential` names what a request is shown, without its value.
    """

    rates: Rates
    places: Places
    learned: Learned
    credential: Callable[[Prepared], str]
    clock: Clock

    @asynccontextmanager
    async def __call__(
        self, prepared: Prepared, rules: Rules, deadline: Deadline, user: str | None = None
    ) -> AsyncIterator[float]:
        """Hold a place for a call and its attempts, and yield the seconds that it has waited.

        Raises `LimitError` for a rate of the owner that is used up, `BusyError` where too many wait
        for a place, and `ApiLimitError` where the API asks to wait beyond the deadline; each with
        the seconds after which to come back.
        """
        seat = _Seat(self.places.line(prepared.api, rules), self._subject(prepared, user))
        outer = _SEAT.get()
        _SEAT.set(seat)
        try:
            yield await self._admit(seat, prepared, rules, deadline)
        finally:
            seat.leave()
            _SEAT.set(outer)

    async def again(
        self, prepared: Prepared, rules: Rules, deadline: Deadline, pause: float = 0.0
    ) -> float:
        """Let one more attempt of the call go out; returns the seconds that it has waited.

        That is `pause`, or as long as the API has asked for where that is longer. In it the call
        gives its place up: one that sleeps asks nothing of the API.

        Raises what the first attempt does, and `LimitError` for a pause beyond the deadline. An
        attempt has been made by then, and what became of it is all that is known of the call: who
        asks has to go by that, and not by this error.
        """
        seat = _SEAT.get() or _Seat(
            self.places.line(prepared.api, rules), self._subject(prepared, None)
        )
        seat.leave()
        return await self._admit(seat, prepared, rules, deadline, pause)

    async def learn(self, prepared: Prepared, received: Received) -> None:
        """Take note of what an answer says of the API's own limits."""
        seat = _SEAT.get()
        subject = seat.subject if seat else self._subject(prepared, None)
        said = asked(received, self.clock.now())
        await self.learned.learn(subject, prepared.operation, said)

    def known(self) -> Mapping[str, ApiUse]:
        """Return how each API is used that has been called."""
        return {api: self._use(line) for api, line in self.places.lines.items()}

    async def _admit(
        self,
        seat: _Seat,
        prepared: Prepared,
        rules: Rules,
        deadline: Deadline,
        pause: float = 0.0,
    ) -> float:
        started, operation = self.clock.monotonic(), prepared.operation
        if pause and pause >= deadline.remaining():
            raise LimitError(f"{operation} would be tried again after its time.")
        while True:
            pause = max(pause, await self.learned.pause(seat.subject, operation, deadline))
            if pause:
                with seat.line.standing():
                    await self.clock.sleep(pause)
                pause = 0.0
                continue
            waited = await seat.take(deadline)
            # While it stood in line, an answer to another call may have said to wait.
            if not waited or not await self.learned.pause(seat.subject, operation, deadline):
                break
            seat.leave()
        for subject, rate in rules.rates:
            line = rules.rule_of.get(subject) or rules.rule_of.get("limits", "")
            await self.rates.take(((subject, rate),), line, kind="api")
        return self.clock.monotonic() - started

    def _subject(self, prepared: Prepared, user: str | None) -> Subject:
        label = self.credential(prepared)
        whose = (user or "") if OF_THE_USER in label else ""
        origin = _ORIGIN.match(prepared.target)
        return Subject(prepared.api, prepared.account, label, whose, origin[0] if origin else "")

    def _use(self, line: Line) -> ApiUse:
        use = ApiUse(line.running, line.waiting, line.places, line.queue)
        said, at = self.learned.last.get(line.api, (None, 0.0))
        if said is None:
            return use
        gone = self.clock.monotonic() - at
        return ApiUse(
            running=use.running,
            waiting=use.waiting,
            concurrency=use.concurrency,
            queue=use.queue,
            limit=said.limit,
            remaining=said.remaining,
            reset=None if said.reset is None else max(0.0, said.reset - gone),
            asked=max(0.0, (said.wait or 0.0) - gone),
        )
