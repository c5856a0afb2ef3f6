"""A person's answer to a question: yes, no with a reason, or yes to the call with changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from dragoman.audit.approval import MAX_NAME, Approval
from dragoman.audit.approvals import Approvals, Edit
from dragoman.call.approve import Approve
from dragoman.call.authorize import Authorize
from dragoman.call.fill import fill
from dragoman.call.identify import Identify
from dragoman.call.prepare import prepare
from dragoman.call.stored import read_call
from dragoman.call.validate import Validate
from dragoman.clock import Deadline
from dragoman.errors import ArgumentError
from dragoman.operation import Effect, JsonObject

__all__ = ["Answering"]


@dataclass(frozen=True, slots=True)
class Answering:
    """Takes answers down. A changed call goes through the stages of the path, up to *prepare*."""

    identify: Identify
    authorize: Authorize
    validate: Validate
    approve: Approve
    redact: Callable[[str], str]

    @property
    def _approvals(self) -> Approvals:
        return self.approve.approvals

    async def __call__(
        self,
        id: str,  # noqa: A002 - it is what people call it
        *,
        approved: bool,
        by: str,
        reason: str = "",
        arguments: JsonObject | None = None,
        seen: str | None = None,
    ) -> Approval:
        """Say yes or no, once; `arguments` are those that the person changes with the yes.

        Raises what `Approvals.answer` does, and `ArgumentError` for changes that cannot be made.
        """
        by, reason = self.redact(" ".join(by.split())[:MAX_NAME]), self.redact(reason)
        edit = None
        if approved and arguments:
            asked = await self._approvals.get(id)
            edit, seen = await self._edit(asked, arguments, by), seen or asked.prepared_hash
        return await self._approvals.answer(
            id, approved=approved, by=by, reason=reason, edit=edit, seen=seen
        )

    async def preview(self, asked: Approval, arguments: JsonObject, by: str) -> Approval:
        """Return the question as it would be with these changes; nothing is kept."""
        edit = await self._edit(asked, arguments, by)
        if edit is None:
            return asked
        return replace(asked, call=edit.call, shown=edit.shown, prepared_hash=edit.prepared_hash)

    async def _edit(self, asked: Approval, arguments: JsonObject, by: str) -> Edit | None:
        """Return the changed call; None where it makes the same request."""
        call = read_call(asked.call, Deadline.after(0, self.approve.clock))
        operation = self.authorize.operation(call.operation)
        caller, policy = self.identify(call), self.authorize.policy
        policy.authorize(caller, operation)
        rules = policy.rules(operation)
        pinned = [name for name in arguments if name in rules.fill]
        if pinned:
            raise ArgumentError(
                f"{pinned[0]} is filled in by the owner: nobody changes it.",
                rule=rules.rule_of.get("fill", ""),
            )
        edited = fill(
            replace(
                call,
                arguments={**call.arguments, **arguments},
                origins={**call.origins, **dict.fromkeys(arguments, f"edited by {by}")},
                asked_as=call.known_by,
            ),
            operation,
            rules,
        )
        self.validate(edited, operation)
        prepared = prepare(edited, operation, policy.account(caller, operation.api))
        if prepared.hash == asked.prepared_hash:
            return None
        keys, claims = self.approve.keys, self.approve.claims
        claim = await claims.find(await keys.key(edited, rules))
        also = None
        if claim is not None and prepared.effect is not Effect.READ:
            # Who makes the changed call anew is led to the claim of this one.
            plain = replace(edited, asked_as=None)
            alias = replace(
                claim,
                key=await keys.key(plain, rules),
                content=await keys.content(plain, rules),
                prepared_hash=prepared.hash,
            )
            also = partial(claims.wait_in, claim=alias)
        shown = self.approve.question(edited, prepared, rules)
        return Edit(self.approve.stored(edited), prepared.hash, shown, also)
