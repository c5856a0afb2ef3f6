"""One request and its repetitions: within the owner's rules, a budget, and the breaker's leave."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from dragoman.access.policy import Rules
from dragoman.call.breaker import Breakers
from dragoman.call.limit import Limit
from dragoman.call.retry import Budgets, End, may_have_happened, pause_before, worth_another
from dragoman.clock import Deadline
from dragoman.errors import DragomanError, FailingError, LimitError, NetworkError
from dragoman.operation import Attempt, Credential, Prepared, Received

__all__ = ["Attempts", "Sending"]

_FAIR = 5.0
"""Seconds that an API has to be given before it is held against it that it did not answer."""


@dataclass(slots=True)
class Sending:
    """A call on its way. `doubt` is the first of its ends that leaves open whether it was done."""

    prepared: Prepared
    rules: Rules
    deadline: Deadline
    key: str
    since: datetime
    attempts: list[Attempt]
    exchange: Callable[[Credential], Awaitable[Received]]
    renew: Callable[[Credential], Awaitable[Credential | None]]
    doubt: End | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return "/".join(self.prepared.target.split("/", 3)[:3])

    def note(self, at: datetime, began: float, end: End | None, waited: float) -> None:
        """Add what is known of an attempt; one that has no end was cancelled."""
        ended, connect, first_byte = "cancelled", None, None
        seconds = self.deadline.clock.monotonic() - began
        if isinstance(end, Received):
            # The first call of a process imports its client, which is no time of the API.
            ended, seconds = str(end.status), end.seconds
            connect, first_byte = end.connect, end.first_byte
        elif end is not None:
            ended = end.code
        self.attempts.append(Attempt(at, ended, seconds, waited, connect, first_byte))


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes the attempts of all calls. `draw` chooses between two numbers."""

    limit: Limit
    breakers: Breakers
    budgets: Budgets
    draw: Callable[[float, float], float] = random.uniform

    async def __call__(self, sending: Sending, shown: Credential) -> End:
        """Send it, and again where that is safe and may help; returns how that ended at last.

        Raises `FailingError` where the API is left alone, and why there is no other credential.
        """
        self.budgets.called(sending.prepared.api)
        end = await self._attempt(sending, shown)
        may_renew, retries = bool(shown.label), 0
        while True:
            waited: float | None = 0.0
            if may_renew and isinstance(end, Received) and end.status == 401:
                # Nothing was done (RFC 9110, 15.5.2), so a write may go out again.
                may_renew = False
                another = await sending.renew(shown)
                if another is None:
                    return end
                shown = another
            else:
                waited = await self._pause(sending, end, retries)
                retries += 1
            if waited is None:
                return end
            try:
                end = await self._attempt(sending, shown, waited)
            except FailingError:
                return end

    async def _attempt(self, sending: Sending, shown: Credential, waited: float = 0.0) -> End:
        """Send once. Raises `FailingError` where it may not go out."""
        prepared, clock = sending.prepared, sending.deadline.clock
        given = sending.deadline.remaining()
        end: End | None = None
        with self.breakers.passing(prepared.api, sending.origin) as passage:
            at, began = clock.now(), clock.monotonic()
            try:
                end = await sending.exchange(shown)
            except DragomanError as error:
                end = error
            finally:
                sending.note(at, began, end, waited)
            passage.failed = _failed(end, given, sending.rules)
        if isinstance(end, Received):
            await self.limit.learn(prepared, end)
        return end

    async def _pause(self, sending: Sending, end: End, retries: int) -> float | None:
        """Wait until it may go out once more; None where it may not, or not in time."""
        prepared, rules, deadline = sending.prepared, sending.rules, sending.deadline
        if retries >= rules.retries or not _is_worth_it(sending, end):
            return None
        if not self.budgets.take(prepared.api):
            return None
        if sending.doubt is None and may_have_happened(end):
            sending.doubt = end
        pause = pause_before(retries, self.draw)
        try:
            waited = await self.limit.again(prepared, rules, deadline, pause)
        except BaseException as error:
            self.budgets.give_back(prepared.api)
            if isinstance(error, LimitError):
                return None
            raise
        # In the pause the API may have forgotten the key that made it safe.
        return waited if _is_worth_it(sending, end) else None


def _is_worth_it(sending: Sending, end: End) -> bool:
    seconds = (sending.deadline.clock.now() - sending.since).total_seconds()
    return worth_another(end, sending.prepared, sending.rules, key=sending.key, seconds=seconds)


def _failed(end: End, given: float, rules: Rules) -> bool | None:
    """Whether an end speaks against the API; None where it says nothing of it.

    No answer in so little time as a hurried caller left does not, and nor does a certificate, or
    an answer that is larger than the owner allows.
    """
    if isinstance(end, Received):
        return end.status >= 500
    is_fair = given >= min(rules.timeout, _FAIR)
    return True if isinstance(end, NetworkError) and end.retryable and is_fair else None
