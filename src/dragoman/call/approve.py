"""*approve*: a person's yes to this exact prepared request, where the owner's rules want one.

An approval is held by the store, bound to the hash of the request, and used once. The stage
never waits: without a yes the call ends as pending, and is run again when one was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from dragoman.access.policy import Rules
from dragoman.audit.approval import Approval, ApprovalState
from dragoman.audit.approvals import Approvals
from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.call.claim import first_answer, under_way
from dragoman.call.edited import Edits
from dragoman.call.ending import Repeated, ended
from dragoman.call.keys import Keys
from dragoman.call.prepare import shown
from dragoman.call.stored import store_call
from dragoman.clock import Clock
from dragoman.errors import ArgumentError, NotFoundError, PolicyError
from dragoman.exact_json import encode_text
from dragoman.identifiers import new_id
from dragoman.operation import Call, Effect, JsonObject, Prepared, Status

__all__ = ["Approve"]


@dataclass(frozen=True, slots=True)
class Approve:
    """Asks, and finds what was answered.

    `credential` names what a request would be shown with, without its value. `public_url` is where
    people sign in to answer; what a model reads carries no address that grants anything.
    """

    approvals: Approvals
    claims: Claims
    keys: Keys
    clock: Clock
    redact: Callable[[JsonObject], JsonObject]
    credential: Callable[[Prepared], str]
    edits: Edits
    public_url: str = ""

    async def __call__(self, call: Call, prepared: Prepared, rules: Rules) -> Approval | None:
        """Return the yes by which the call goes on, None where it needs none.

        Raises `Ended` as pending, or `PolicyError` when someone said no.
        """
        # What a person has changed goes out by that yes alone, also where it would need none.
        if call.asked_as is None and not rules.needs_approval(call, prepared.effect):
            return None
        key = await self.keys.key(call, rules)
        claim = await self.claims.find(key)
        await self.keys.check(call, rules, claim)
        if (sent_by := await self._sent_by(claim, prepared, rules)) is not None:
            return sent_by
        approval = await self._asked(claim)
        if claim is None or approval is None:
            raise await self._ask(call, prepared, rules, key)
        await self.edits.follow(call, prepared, rules, claim, approval)
        is_same = approval.prepared_hash == prepared.hash
        is_same = is_same and approval.may_answer == rules.approval_by
        if approval.state is ApprovalState.WAITING and is_same:
            raise self._pending(call, prepared, approval.id)
        if approval.state is ApprovalState.DENIED:
            await self.claims.withdraw(claim)
            raise _denied(approval, rules)
        # The rule of today says whose yes counts, also where it was asked under another.
        counts = not rules.approval_by or approval.answered_by in rules.approval_by
        is_same = approval.prepared_hash == prepared.hash
        if counts and is_same and approval.state is ApprovalState.APPROVED:
            # *claim* uses it up with the claim: who is second at it finds the claim, and asks
            # nobody again. A read has none.
            if prepared.effect is not Effect.READ:
                return approval
            if await self.approvals.use(approval.id, prepared_hash=prepared.hash):
                await self.claims.withdraw(claim)
                return approval
        await self.claims.withdraw(claim)
        raise await self._ask(call, prepared, rules, key, before=approval)

    async def _sent_by(
        self, claim: Claim | None, prepared: Prepared, rules: Rules
    ) -> Approval | None:
        """Return the yes by which a write went out whose answer was lost.

        It comes here again only where the API knows it by its key, so it is the same use of it.
        """
        if claim is None or claim.state is not ClaimState.UNKNOWN or claim.approval is None:
            return None
        try:
            approval = await self.approvals.get(claim.approval)
        except NotFoundError:
            return None
        counts = not rules.approval_by or approval.answered_by in rules.approval_by
        is_same = approval.state is ApprovalState.USED and approval.prepared_hash == prepared.hash
        return approval if counts and is_same else None

    async def _asked(self, claim: Claim | None) -> Approval | None:
        """Return the approval that an equal call has asked for, in whatever state it is."""
        if claim is None or claim.state is not ClaimState.PENDING or claim.approval is None:
            return None
        try:
            return await self.approvals.get(claim.approval)
        except NotFoundError:
            # It was deleted with all that was kept of its end user.
            await self.claims.withdraw(claim)
            return None

    async def _ask(
        self,
        call: Call,
        prepared: Prepared,
        rules: Rules,
        key: str,
        before: Approval | None = None,
    ) -> Exception:
        """Put the question into the store, once for all equal calls, and end this one.

        An equal call may have got its yes and gone on by now: then there is nothing to ask.
        `before` is the question that stood for it until now.
        """
        now = self.clock.now()
        # The owner's file may fill in other values by now, under which no claim is found.
        before = before or await self.approvals.of_call(call.id)
        approval = Approval(
            id=new_id("ap_", 8),
            call=self.stored(call),
            call_id=call.id,
            answer_id=call.answer,
            operation=prepared.operation,
            effect=prepared.effect.value,
            prepared_hash=prepared.hash,
            shown=self.question(call, prepared, rules),
            asked_by=call.caller,
            user=call.user,
            asked=now,
            expires=now + timedelta(seconds=rules.approval_seconds),
            may_answer=rules.approval_by,
        )
        claim = Claim(
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
            content=await self.keys.content(call, rules),
        )
        held = await self.approvals.ask(
            approval,
            unless=partial(self.claims.wait_in, claim=claim),
            instead_of=before.id if before else None,
        )
        if held is None:
            return self._pending(call, prepared, approval.id, before)
        await self.keys.check(call, rules, held)
        if held.state is ClaimState.OK:
            return Repeated(first_answer(held))
        if held.state is not ClaimState.PENDING:
            return under_way(call, prepared, held)
        return self._pending(call, prepared, held.approval or approval.id)

    def stored(self, call: Call) -> JsonObject:
        """Return all of the call that is kept while it waits.

        Raises `ArgumentError` where a secret of ours is in it.
        """
        stored = store_call(call)
        if self.redact(stored) != stored:
            raise ArgumentError(
                f"An argument of {call.operation} is one of our secrets, and what waits is stored.",
                hint="Nothing was sent. A secret belongs under auth.",
            )
        return stored

    def question(self, call: Call, prepared: Prepared, rules: Rules) -> JsonObject:
        """Return what the person sees: the request, where its values came from, why it asks."""
        return self.redact(
            {
                **shown(prepared),
                "arguments": call.arguments,
                "question": call.question,
                "credential": self.credential(prepared),
                "rule": rules.rule_of.get("require_approval", ""),
            }
        )

    def _pending(
        self, call: Call, prepared: Prepared, approval: str, before: Approval | None = None
    ) -> Exception:
        note = f"It waits for a person's yes: dragoman approvals approve {approval}"
        if self.public_url:
            note += f" or {self.public_url}/approvals/{approval}"
        if before is not None and before.state is ApprovalState.EXPIRED:
            note = f"{before.id} has expired, so it is asked anew. {note}"
        return ended(call, prepared, Status.PENDING, note, approval=approval)


def _denied(approval: Approval, rules: Rules) -> PolicyError:
    # In quotes: it is what a person wrote, and no word of ours.
    reason = f", and wrote: {encode_text(approval.reason)}" if approval.reason else ""
    return PolicyError(
        f"{approval.answered_by} said no to {approval.operation}{reason}.",
        hint="Nothing was sent. Do not try it again unless the user asks for something else.",
        rule=rules.rule_of.get("require_approval", ""),
    )
