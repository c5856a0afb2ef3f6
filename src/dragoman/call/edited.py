"""A call as a person has changed it: whoever repeats it, or what became of it, gets that one.

One question has one side effect, whatever is changed or repeated: the changed call keeps the claim
of the one that was asked about, and its new arguments lead to the same claim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from dragoman.access.policy import Rules
from dragoman.audit.approval import Approval, changes
from dragoman.audit.approvals import Approvals
from dragoman.audit.claims import Claim, Claims
from dragoman.call.ending import Ended, ended
from dragoman.call.keys import Keys
from dragoman.errors import NotFoundError, PolicyError
from dragoman.exact_json import encode_text
from dragoman.operation import Call, JsonObject, JsonValue, Outcome, Prepared, Status

__all__ = ["Edited", "Edits", "with_changes"]

_MAX_VALUE = 100
_MAX_CHANGES = 10


class Edited(Ended):
    """The call goes on as the person has changed it, or, where it cannot, waits for that one."""

    def __init__(self, call: Call, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.call = call


@dataclass(frozen=True, slots=True)
class Edits:
    """Finds what a person has made of a call, by the claim that it meets."""

    approvals: Approvals
    claims: Claims
    keys: Keys

    async def follow(
        self,
        call: Call,
        prepared: Prepared,
        rules: Rules,
        claim: Claim | None,
        approval: Approval | None = None,
    ) -> None:
        """Raise `Edited` where a person has changed the call that this one repeats."""
        if call.asked_as is not None or claim is None or claim.approval is None:
            return
        try:
            approval = approval or await self.approvals.get(claim.approval)
        except NotFoundError:  # what is known of an end user was forgotten
            return
        asked_as = cast("JsonObject | None", approval.call.get("asked_as"))
        if asked_as is None:
            return
        edited = replace(
            call,
            arguments=cast("JsonObject", approval.call["arguments"]),
            origins=cast("dict[str, str]", approval.call["origins"]),
            asked_as=asked_as,
        )
        first = await self.keys.key(edited, rules)
        if first != claim.key and await self.claims.find(first) is None:
            await self.claims.withdraw(claim)  # it led to one that counts no more
            return
        note = "A person has approved it with changes."
        waits = ended(call, prepared, Status.PENDING, note, approval=approval.id)
        raise Edited(edited, waits.outcome)


def with_changes(outcome: Outcome, call: Call) -> Outcome:
    """Return the outcome with what a person has changed of its call, so that the model knows."""
    refused = outcome.problem is not None and outcome.problem.code == PolicyError.code
    if call.asked_as is None or refused or outcome.status is Status.PENDING:
        return outcome
    changed = changes(call.asked_as, call.arguments)
    told = "; ".join(_told(name, one) for name, one in list(changed.items())[:_MAX_CHANGES])
    return replace(outcome, note=f"approved with changes: {told}. {outcome.note}".strip())


def _told(name: str, changed: JsonValue) -> str:
    both = cast("JsonObject", changed)
    if "to" not in both:
        return f"without {name}"
    before = f" instead of {_shown(both['from'])}" if "from" in both else ""
    return f"{name} {_shown(both['to'])}{before}"


def _shown(value: JsonValue) -> str:
    text = encode_text(value)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
