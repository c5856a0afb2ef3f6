"""*approve*: a person's yes to this exact prepared request, where the owner's rules want one.

An approval is held by the store, bound to the hash of the request, and used once. The stage
never waits: without a yes the call ends as pending, and is run again when one was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from dragoman.access.policy import Rules
from dragoman.audit.approvals import Approval, Approvals, ApprovalState
from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.call.claim import first_answer, under_way
from dragoman.call.ending import Repeated, ended
from dragoman.call.keys import Keys
from dragoman.call.prepare import shown
from dragoman.call.stored import store_call
from dragoman.clock import Clock
from dragoman.errors import ArgumentError, NotFoundError, PolicyError
from dragoman.identifiers import new_id
from dragoman.operation import Call, Effect, JsonObject, Prepared, Status

__all__ = ["Approve"]

LIFETIME = timedelta(hours=24)
"""How long a question stands before it expires unanswered."""


@dataclass(frozen=True, slots=True)
class Approve:
    """Asks, and finds what was answered.

    `credential` names what a request would be shown with, without its value.
    """

    approvals: Approvals
    claims: Claims
    keys: Keys
    clock: Clock
    redact: Callable[[JsonObject], JsonObject]
    credential: Callable[[Prepared], str]

    async def __call__(self, call: Call, prepared: Prepared, rules: Rules) -> str | None:
        """Return the id of the yes by which the call goes on, None where it needs none.

        Raises `Ended` as pending, or `PolicyError` when someone said no.
        """
        if not rules.needs_approval(call, prepared.effect):
            return None
        key = await self.keys.key(call, rules)
        claim = await self.claims.find(key)
        approval = await self._asked(claim)
        if claim is None or approval is None:
            raise await self._ask(call, prepared, rules, key)
        is_same = approval.prepared_hash == prepared.hash
        is_same = is_same and approval.may_answer == rules.approval_by
        if approval.state is ApprovalState.WAITING and is_same:
            raise _pending(call, prepared, approval.id)
        if approval.state is ApprovalState.DENIED:
            await self.claims.withdraw(claim)
            raise _denied(approval, rules)
        # The rule of today says whose yes counts, also where it was asked under another.
        counts = not rules.approval_by or approval.answered_by in rules.approval_by
        if counts and await self.approvals.use(approval.id, prepared_hash=prepared.hash):
            if prepared.effect is Effect.READ:
                await self.claims.withdraw(claim)
            return approval.id
        await self.claims.withdraw(claim)
        raise await self._ask(call, prepared, rules, key)

    async def _asked(self, claim: Claim | None) -> Approval | None:
        """Return the approval that an equal call has asked for, in whatever state it is."""
        if claim is None or claim.state is not ClaimState.PENDING or claim.approval is None:
            return None
        try:
            return await self.approvals.get(claim.approval)
        except NotFoundError:
            # The process died between the two rows; the question was never seen by anybody.
            await self.claims.withdraw(claim)
            return None

    async def _ask(self, call: Call, prepared: Prepared, rules: Rules, key: str) -> Exception:
        """Put the question into the store, once for all equal calls, and end this one.

        An equal call may have got its yes and gone on by now: then there is nothing to ask.
        """
        now = self.clock.now()
        stored = store_call(call)
        if self.redact(stored) != stored:
            raise ArgumentError(
                f"An argument of {call.operation} is one of our secrets, and what waits is stored.",
                hint="Nothing was sent. A secret belongs under auth.",
            )
        approval = Approval(
            id=new_id("ap_", 8),
            call=stored,
            call_id=call.id,
            answer_id=call.answer,
            operation=prepared.operation,
            effect=prepared.effect.value,
            prepared_hash=prepared.hash,
            shown=_question(call, prepared, rules, self.credential(prepared)),
            asked_by=call.caller,
            user=call.user,
            asked=now,
            expires=now + LIFETIME,
            may_answer=rules.approval_by,
        )
        held = await self.claims.wait(
            Claim(
                key=key,
                scope=await self.keys.scope(call, rules),
                api=prepared.api,
                operation=prepared.operation,
                call_id=call.id,
                state=ClaimState.PENDING,
                approval=approval.id,
                prepared_hash=prepared.hash,
                started=now,
                lease_until=approval.expires,
            )
        )
        if held.state is ClaimState.OK:
            return Repeated(first_answer(held))
        if held.state is not ClaimState.PENDING:
            return under_way(call, prepared, held)
        if held.approval == approval.id:
            await self.approvals.ask(approval)
        return _pending(call, prepared, held.approval or approval.id)


def _question(call: Call, prepared: Prepared, rules: Rules, credential: str) -> JsonObject:
    """Return what the person sees: the request, where each value came from, and why it asks."""
    return {
        **shown(prepared),
        "arguments": call.arguments,
        "question": call.question,
        "credential": credential,
        "rule": rules.rule_of.get("require_approval", ""),
    }


def _pending(call: Call, prepared: Prepared, approval: str) -> Exception:
    note = f"It waits for a person's yes: dragoman approvals approve {approval}"
    return ended(call, prepared, Status.PENDING, note, approval=approval)


def _denied(approval: Approval, rules: Rules) -> PolicyError:
    reason = f": {approval.reason}" if approval.reason else ""
    return PolicyError(
        f"{approval.answered_by} said no to {approval.operation}{reason}.",
        hint="Nothing was sent. Do not try it again unless the user asks for something else.",
        rule=rules.rule_of.get("require_approval", ""),
    )
