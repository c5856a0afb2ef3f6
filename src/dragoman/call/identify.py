"""*identify*: who calls, and for which end user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from dragoman.access.policy import Caller, Policy
from dragoman.errors import PolicyError
from dragoman.operation import Call

__all__ = ["Identify"]


@dataclass(frozen=True, slots=True)
class Identify:
    """Knows the callers of the configuration."""

    policy: Policy

    def __call__(self, call: Call) -> Caller:
        """Return the caller; raises `NotFoundError`, or `PolicyError` for a foreign end user."""
        caller = self.policy.caller(call.caller)
        is_proved = call.is_subject or call.user is None
        if not is_proved and not caller.may_act_for(cast("str", call.user)):
            raise PolicyError(
                f"{caller.name} may not act for the end user '{call.user}'.",
                hint="acts_for: any, or a list with this user, would allow it.",
                rule=caller.rule,
            )
        return caller
