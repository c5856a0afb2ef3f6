"""*authorize*: whether this caller may use this operation now, by the owner's rules alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from dragoman.access.policy import Caller, Policy, Rules
from dragoman.audit.pauses import Pauses
from dragoman.call.allowance import Allowance
from dragoman.call.limit import Rates
from dragoman.errors import UnsupportedError
from dragoman.operation import Call, Operation

__all__ = ["Authorize"]


@dataclass(frozen=True, slots=True)
class Authorize:
    """Knows the operations, what is paused, the policy, and how often each caller has called."""

    operation: Callable[[str], Operation]
    pauses: Pauses
    policy: Policy
    rates: Rates
    allowance: Allowance

    def at_once(self, call: Call) -> AbstractContextManager[None]:
        """Hold one of the places that the caller has for calls at once; raises `LimitError`."""
        return self.allowance.at_once(self.policy.callers.get(call.caller), call.id)

    async def __call__(self, call: Call, caller: Caller) -> tuple[Operation, Rules]:
        """Return the operation and the rules for it.

        Raises `NotFoundError` for an operation that there is not, `PolicyError` for one that is
        paused or that the caller may not use, `UnsupportedError` for one whose request we cannot
        build, and `LimitError` when the caller's own rate or quota is used up. A dry run makes no
        call, so it takes nothing of the quota.
        """
        operation = await self.may(caller, call.operation)
        if operation.contract.unsupported:
            raise UnsupportedError(
                f"{operation.id} cannot be called: {operation.contract.unsupported}"
            )
        await self.count(caller)
        if not call.dry_run:
            await self.allowance.take(caller, call.id)
        return operation, self.policy.rules(operation)

    async def may(self, caller: Caller, name: str) -> Operation:
        """Return the operation; raises as a call does where the caller may not use it now."""
        operation = self.operation(name)
        await self.pauses.check(caller.name, operation)
        self.policy.authorize(caller, operation)
        return operation

    async def count(self, caller: Caller) -> None:
        """Count one use by the caller; raises `LimitError` when its own rate is used up."""
        if caller.rate is not None:
            await self.rates.take(((caller.name, caller.rate),), caller.rule_of["rate"])
