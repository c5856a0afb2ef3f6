"""The call path: the page that every call goes through, whichever door it came in by.

    identify → authorize → fill → validate → prepare
             → reuse( approve → limit → claim → send ) → shape → record

Each stage is a module of this room with one job. A stage either passes its value on, raises a
`DragomanError` that says why the call cannot go on, or raises `Ended` with the outcome where the
call ends early for a good reason: it waits for a person, or is a repeat of one under way.
"""

from __future__ import annotations

from dataclasses import dataclass

from dragoman.call.approve import Approve
from dragoman.call.authorize import Authorize
from dragoman.call.claim import Claiming
from dragoman.call.ending import Ended, failed
from dragoman.call.fill import fill
from dragoman.call.identify import Identify
from dragoman.call.limit import Limit
from dragoman.call.prepare import prepare, previewed
from dragoman.call.record import Record, Trace
from dragoman.call.reuse import Reuse
from dragoman.call.send import Send, refuse_errors
from dragoman.call.shape import Shape
from dragoman.call.validate import Validate
from dragoman.errors import DragomanError
from dragoman.operation import Call, Outcome, Received

__all__ = ["CallPath"]


@dataclass(frozen=True, slots=True)
class CallPath:
    """The stages, each with what it needs; `run` is their order."""

    identify: Identify
    authorize: Authorize
    validate: Validate
    reuse: Reuse
    approve: Approve
    limit: Limit
    claim: Claiming
    send: Send
    shape: Shape
    record: Record

    async def run(self, call: Call) -> Outcome:
        """Carry out one call and record it; what goes wrong on the way is in the outcome."""
        async with self.record(call) as trace:
            try:
                outcome = await self._stages(call, trace)
            except Ended as ended:
                outcome = ended.outcome
            except DragomanError as error:
                outcome = failed(call, error, trace.prepared)
            trace.outcome = outcome
        return trace.finished

    async def _stages(self, call: Call, trace: Trace) -> Outcome:
        caller = self.identify(call)
        operation, rules = await self.authorize(call, caller)
        call = trace.call = fill(call, operation, rules)
        self.validate(call, operation)
        prepared = trace.prepared = prepare(call, operation)
        if call.dry_run:
            return previewed(call, prepared, rules)

        async def perform() -> Received:
            trace.approval = await self.approve(call, prepared, rules)
            await self.limit(rules)
            async with self.claim(call, prepared, rules) as held:
                held.received = trace.received = await self.send(prepared, rules, call.deadline)
                refuse_errors(prepared, held.received)
                return held.received

        received = trace.received = await self.reuse(call, prepared, rules, perform)
        return await self.shape(call, operation, rules, prepared, received)
