"""*reuse*: the first answer of the same write again, or of an equal read that is still fresh.

A repeat must not trouble a person either, so this stage comes before *approve* and wraps what
follows.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from dragoman.access.policy import Rules
from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.call.claim import first_answer, sent_again_safely, under_way
from dragoman.call.edited import Edits
from dragoman.call.ending import Repeated
from dragoman.call.fresh import Fresh
from dragoman.call.keys import Keys
from dragoman.operation import Call, Effect, Headers, Prepared, Received

__all__ = ["Perform", "Reuse"]


class Perform(Protocol):
    """Carries out what is left of the path; conditional headers go out with the request."""

    def __call__(self, conditional: Headers = ()) -> Awaitable[Received]:
        """Return what the API answered."""
        ...


@dataclass(frozen=True, slots=True)
class Reuse:
    """Looks for the claim that an equal write has left, and for the answer to an equal read."""

    claims: Claims
    keys: Keys
    fresh: Fresh
    edits: Edits

    async def __call__(
        self,
        call: Call,
        prepared: Prepared,
        rules: Rules,
        perform: Perform,
    ) -> Received:
        """Return the first answer, or what `perform` brings; raises `Ended` for one under way."""
        if prepared.effect is Effect.READ:
            return await self._read(call, prepared, rules, perform)
        key = await self.keys.key(call, rules)
        claim = await self.claims.find(key, lasting=call.same_for)
        await self.keys.check(call, rules, claim)
        await self.edits.follow(call, prepared, rules, claim)
        if claim is not None and claim.state is ClaimState.OK:
            return first_answer(claim)
        if claim is not None and _stands_in_the_way(claim, prepared, rules, self.fresh.clock.now()):
            raise under_way(call, prepared, claim)
        try:
            return await perform()
        except Repeated as repeated:
            return repeated.received

    async def _read(
        self,
        call: Call,
        prepared: Prepared,
        rules: Rules,
        perform: Perform,
    ) -> Received:
        place = await self.fresh.place(call, prepared, rules)
        if place is None:
            return await perform()
        kept = await self.fresh.find(place)
        if kept is not None and kept.is_fresh:
            return kept.again()
        received = await perform(kept.conditions if kept else ())
        if kept is not None and received.status == HTTPStatus.NOT_MODIFIED:
            revalidated = await self.fresh.freshen(place, kept, received)
            if revalidated is not None:
                return revalidated
            received = await perform()
        await self.fresh.keep(place, received)
        return received


def _stands_in_the_way(claim: Claim, prepared: Prepared, rules: Rules, now: datetime) -> bool:
    """Whether an equal call is out, or may have happened and cannot be sent again safely."""
    if claim.state is ClaimState.UNKNOWN:
        return not sent_again_safely(prepared, rules, claim, now)
    return claim.state is ClaimState.RUNNING
