"""The call path: the page that every call goes through, whichever door it came in by.

    identify → authorize → fill → validate → prepare → owner
             → reuse( approve → limit → claim → send ) → shape → record

Each stage is a module of this room with one job. A stage either passes its value on, raises a
`DragomanError` that says why the call cannot go on, or raises `Ended` with the outcome where the
call ends early for a good reason: it waits for a person, or is a repeat of one under way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from dragoman.access.policy import Rules
from dragoman.call.approve import Approve
from dragoman.call.authorize import Authorize
from dragoman.call.claim import Claiming
from dragoman.call.edited import Edited, with_changes
from dragoman.call.ending import Ended, done, failed
from dragoman.call.fill import fill
from dragoman.call.hide import hide_in_error
from dragoman.call.identify import Identify
from dragoman.call.limit import Limit
from dragoman.call.owner import check_before, same_as_absent
from dragoman.call.pages import all_pages
from dragoman.call.prepare import prepare, previewed
from dragoman.call.record import Record, Trace, line_for
from dragoman.call.reuse import Reuse
from dragoman.call.send import Send, refuse_errors
from dragoman.call.shape import Shape, readable
from dragoman.call.validate import Validate
from dragoman.errors import ConfigurationError, DragomanError
from dragoman.operation import (
    Call,
    Headers,
    JsonObject,
    JsonValue,
    Operation,
    Outcome,
    Prepared,
    Received,
)

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
                with self.authorize.at_once(call):
                    outcome = await self._stages(call, trace)
            except Ended as ended:
                outcome = ended.outcome
            except DragomanError as error:
                outcome = failed(call, error, trace.prepared, trace.received)
            trace.outcome = with_changes(outcome, trace.call)
        return trace.finished

    async def read(self, call: Call, account: str) -> JsonValue:
        """Return what an API answers, unshaped, for a rule of the owner; recorded like any call.

        It is asked now and of that account, for a rule is judged by nothing else.

        Raises the `DragomanError` that ends the call.
        """
        async with self.record(call) as trace:
            try:
                _, _, prepared, received = await self._received(call, trace, account)
                trace.outcome = done(call, prepared)
                return await asyncio.to_thread(readable, received, quoted=False)
            except Ended as ended:
                trace.outcome = ended.outcome
                raise ConfigurationError(
                    f"{call.operation} is {ended.outcome.status}, so an owner rule cannot read it."
                ) from None
            except DragomanError as error:
                trace.outcome = failed(call, error, trace.prepared)
                raise

    async def _stages(self, call: Call, trace: Trace) -> Outcome:
        operation, rules, prepared, received = await self._received(call, trace)

        async def page(arguments: JsonObject) -> tuple[Prepared, Received]:
            one = replace(trace.call, arguments=arguments)
            self.validate(one, operation)
            wanted = prepare(one, operation, prepared.account)
            return wanted, await self._answer(one, operation, rules, wanted, trace)

        trace.received, note = await all_pages(
            trace.call, operation, rules, (prepared, received), page
        )
        outcome = await self.shape(
            trace.call, operation, rules, prepared, trace.received, note=note
        )
        trace.result = outcome.handle
        return outcome

    async def _received(
        self, call: Call, trace: Trace, judged_in: str | None = None
    ) -> tuple[Operation, Rules, Prepared, Received]:
        caller = self.identify(call)
        operation, rules = await self.authorize(call, caller)
        trace.rule = line_for(caller, rules, operation.effect)
        if judged_in is None:
            account = self.authorize.policy.account(caller, operation.api)
        else:
            account, rules = judged_in, replace(rules, owner=None, cache=0.0)
        call = trace.call = fill(call, operation, rules)
        self.validate(call, operation)
        prepared = trace.prepared = prepare(call, operation, account)
        if call.dry_run:
            raise Ended(previewed(call, prepared, rules))
        await check_before(call, operation, rules, partial(self.read, account=account))
        try:
            received = await self._answer(call, operation, rules, prepared, trace)
        except Edited as edited:
            return await self._received(edited.call, trace, judged_in)
        return operation, rules, prepared, received

    async def _answer(
        self, call: Call, operation: Operation, rules: Rules, prepared: Prepared, trace: Trace
    ) -> Received:
        async def perform(conditional: Headers = ()) -> Received:
            approval = await self.approve(call, prepared, rules)
            trace.approved(approval)
            async with (
                self.limit(prepared, rules, call.deadline, call.user) as trace.waited,
                self.claim(call, prepared, rules, approval) as held,
            ):
                held.received = trace.received = await self.send(
                    prepared,
                    rules,
                    call.deadline,
                    call.user,
                    key=held.key,
                    since=held.since,
                    conditional=conditional,
                    attempts=trace.attempts,
                )
                if not (conditional and held.received.status == HTTPStatus.NOT_MODIFIED):
                    refuse_errors(prepared, hide_in_error(held.received, rules.hide))
                return held.received

        with same_as_absent(operation, rules):
            trace.received = await self.reuse(call, prepared, rules, perform)
        trace.cached = trace.received.cached
        return trace.received
