"""*reconcile*: a write that nobody knows the end of is settled, by the API or by a person.

The owner's rule for it (`reconcile:`) reads the API and judges what it says. A write that did not
happen may be sent anew, so a *no* counts only once whoever sent it has surely given up.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dragoman.access.policy import Owner, Policy, facts_of
from dragoman.audit.approval import MAX_NAME
from dragoman.audit.claims import Claim, ClaimState
from dragoman.audit.records import AuditLog
from dragoman.audit.unsettled import Unsettled
from dragoman.call.hide import hide
from dragoman.call.keys import Keys
from dragoman.call.record import Record
from dragoman.call.stored import read_call
from dragoman.clock import Clock, Deadline
from dragoman.config.conditions import ConditionFault, evaluate
from dragoman.errors import ArgumentError, DragomanError, NotFoundError
from dragoman.exact_json import encode
from dragoman.identifiers import new_id
from dragoman.operation import OWNER, Call, JsonObject, JsonValue, Operation, Outcome, Status
from dragoman.secrets.live import LiveValues

__all__ = ["Reconcile", "Reconciled"]

_BY_WORD = "or say so yourself: --happened or --did-not-happen"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found out of a write whose end nobody knew.

    `happened` is None where nobody knows still, and `note` says why. `by` is the operation that
    was read, or who said so; `data` what that operation told of a write that happened.
    """

    id: str
    operation: str
    happened: bool | None
    by: str
    note: str
    data: JsonValue = None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Settles claims. `read` asks an API through the call path, for a rule of the owner.

    `wrote` is told of the API of each write that happened: its process may have died untold.
    """

    read: Callable[[Call, str], Awaitable[JsonValue]]
    operation: Callable[[str], Operation]
    policy: Policy
    unsettled: Unsettled
    record: Record
    audit: AuditLog
    live: LiveValues
    clock: Clock
    wrote: Callable[[str], Awaitable[None]]

    async def __call__(
        self, call_id: str, deadline: Deadline, *, happened: bool | None = None, by: str = OWNER
    ) -> Reconciled:
        """Settle the write of a call: by the word of `by`, or where there is none by the API.

        Raises `NotFoundError` for a call that claims nothing, `ArgumentError` for one whose end is
        known, or that still runs.
        """
        claim = await self.unsettled.get(call_id)
        if claim.state is ClaimState.OK:
            raise ArgumentError(f"{claim.call_id} is settled: {claim.operation} happened.")
        if claim.state is not ClaimState.UNKNOWN:
            raise ArgumentError(
                f"{claim.call_id} runs still, or died: "
                f"nobody knows before {claim.lease_until:%H:%M:%S} UTC."
            )
        if happened is not None:
            by = self.live.redact(" ".join(by.split())[:MAX_NAME])
            return await self._settle(claim, by, f"{by} said so", happened=happened)
        call = None if claim.call is None else read_call(claim.call, deadline)
        rule = self.policy.rules(self.operation(claim.operation)).reconcile
        if call is None:
            return _unknown(claim, f"Its arguments were not kept: look yourself, {_BY_WORD}.")
        if rule is None or rule.read is None:
            return _unknown(claim, f"{self._without_rule(claim)} {_BY_WORD}.")
        return await self._ask(claim, call, rule, rule.read)

    def _without_rule(self, claim: Claim) -> str:
        rules = self.policy.rules(self.operation(claim.operation))
        why = f"There is no reconcile: rule for {claim.operation}."
        if not rules.knows_keys:
            return f"{why} Look yourself,"
        return f"{why} Send it again under its key: dragoman resume {claim.call_id},"

    async def _ask(self, claim: Claim, call: Call, rule: Owner, read: str) -> Reconciled:
        facts = facts_of(call, key=Keys.shown(claim.key))
        asked = self.clock.now()  # what was read then says nothing of later
        try:
            arguments = {name: evaluate(text, facts) for name, text in rule.arguments.items()}
            found = await self.read(_reading(call, read, arguments), self._account(call))
            # In a thread: what was read may be large.
            happened = await asyncio.to_thread(evaluate, rule.where, {**facts, "result": found})
        except ConditionFault as fault:
            line = self.policy.rules(self.operation(claim.operation)).rule_of.get("reconcile")
            return _unknown(claim, f"The reconcile: rule ({line}) has no value: {fault}")
        except DragomanError as error:
            return _unknown(claim, f"{read} could not be read: {error}")
        if happened is False and asked < claim.lease_until:
            when = f"{claim.lease_until:%H:%M:%S} UTC"
            return _unknown(claim, f"{read} does not know it yet. It may still come until {when}.")
        if not isinstance(happened, bool):
            return _unknown(claim, "The reconcile: rule is neither true nor false.")
        rules = self.policy.rules(self.operation(read))
        data = self.live.redact_json(hide(found, rules.hide)) if happened else None
        return await self._settle(claim, read, f"{read} tells this", data, happened=happened)

    def _account(self, call: Call) -> str:
        api = call.operation.partition(".")[0]
        return self.policy.account(self.policy.caller(call.caller), api)

    async def _settle(
        self, claim: Claim, by: str, told: str, data: JsonValue = None, *, happened: bool
    ) -> Reconciled:
        word = "it happened" if happened else "it did not happen"
        decision = f"reconciled by {by}: {word}"
        await self._written(claim)
        outcome = _outcome(data, told) if happened else None
        recorded = await self.unsettled.settle(
            claim, happened=happened, decision=decision, outcome=outcome
        )
        if recorded is None:
            return _unknown(claim, "It was settled or sent again by somebody else meanwhile.")
        if happened:
            await self.wrote(claim.api)
        if not recorded and claim.call is not None:
            await self._write_record(claim, claim.call, decision, happened=happened)
        note = f"{word.capitalize()}." if happened else f"{word.capitalize()}, and may be called."
        return Reconciled(claim.call_id, claim.operation, happened, by, note, data)

    async def _written(self, claim: Claim) -> None:
        """Wait until this process has written the record that is to be changed."""
        try:
            await self.audit.get_call(claim.call_id)
        except NotFoundError:
            return

    async def _write_record(
        self, claim: Claim, stored: JsonObject, decision: str, *, happened: bool
    ) -> None:
        """Write the record that the process which died has left out."""
        call = read_call(stored, Deadline.after(0, self.clock))
        async with self.record(call) as trace:
            trace.at, trace.decision = claim.started, decision
            trace.outcome = Outcome(
                id=call.id,
                operation=call.operation,
                status=Status.OK if happened else Status.FAILED,
                source=claim.api,
            )


def _reading(call: Call, read: str, arguments: JsonObject) -> Call:
    """Return the call that asks: of the owner, on behalf of the same end user."""
    return Call(
        id=new_id(),
        operation=read,
        arguments=arguments,
        deadline=call.deadline,
        scope=f"call:{call.id}",
        caller=OWNER,
        user=call.user,
        door=call.door,
        parent=call.id,
        answer=call.answer,
    )


def _outcome(data: JsonValue, told: str) -> JsonObject:
    """Return what a repeat of the write is answered with, as `stored.read_received` reads it."""
    body = b"" if data is None else encode(data)
    return {
        "status": 200 if body else 204,
        "media_type": "application/json" if body else "",
        "body": base64.b64encode(body).decode("ascii"),
        "reconciled": told,
    }


def _unknown(claim: Claim, note: str) -> Reconciled:
    return Reconciled(claim.call_id, claim.operation, None, "", note)
