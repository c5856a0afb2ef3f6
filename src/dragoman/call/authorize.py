"""*authorize*: whether this caller may use this operation now, by the owner's rules alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dragoman.access.policy import Caller, Policy, Rules
from dragoman.audit.pauses import Pauses
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

    async def __call__(self, call: Call, caller: Caller) -> tuple[Operation, Rules]:
        """Return the operation and the rules for it.

        Raises `NotFoundError` for an operation that there is not, `PolicyError` for one that is
        paused or that the caller may not use, `LimitError` when its own rate is used up, and
        `UnsupportedError` for one whose request we cannot build.
        """
        operation = self.operation(call.operation)
        await self.pauses.check(caller.name, operation)
        self.policy.authorize(caller, operation)
        if caller.rate is not None:
            await self.rates.take(((caller.name, caller.rate),), caller.rule)
        if operation.contract.unsupported:
            raise UnsupportedError(
                f"{operation.id} cannot be called: {operation.contract.unsupported}"
            )
        return operation, self.policy.rules(operation)
