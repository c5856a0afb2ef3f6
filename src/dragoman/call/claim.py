"""*claim*: a write is in the store before a byte of it is sent, and its end is stored after.

A claim whose end nobody wrote down is *unknown*: the process died, or the answer never came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from dragoman.access.policy import Rules
from dragoman.audit.approvals import Approval, Approvals
from dragoman.audit.claims import Claim, Claims, ClaimState, Using
from dragoman.call.ending import Ended, Repeated, ended
from dragoman.call.keys import Keys
from dragoman.call.retry import is_idempotent
from dragoman.call.stored import read_received, store_call, store_received
from dragoman.clock import Clock
from dragoman.errors import (
    ApiError,
    DragomanError,
    NetworkError,
    StoreError,
)
from dragoman.exact_json import glimpse
from dragoman.operation import Call, Effect, JsonObject, Prepared, Received, Status

__all__ = ["Claiming", "Held", "first_answer", "sent_again_safely", "under_way"]

_log = logging.getLogger("dragoman.call")

_GRACE = timedelta(seconds=30)
"""How long after its deadline a claim still counts as running: the time to write down its end."""

_MOST = 1_000_000
"""Bytes of a call that is kept with its claim."""


def sent_again_safely(prepared: Prepared, rules: Rules, first: Claim, now: datetime) -> bool:
    """Whether sending this request again leaves the same as having sent it once.

    That is so by its method, or while the API remembers the key that it was first sent with; and
    only of the same request: the owner's file may make another of the same arguments by now.
    """
    if prepared.hash != first.prepared_hash:
        return False
    if is_idempotent(prepared):
        return True
    remembered = timedelta(seconds=rules.idempotency_seconds)
    return rules.knows_keys and timedelta(0) <= now - first.started < remembered


@dataclass(slots=True)
class Held:
    """A claim that is held while its request is out; the sender leaves the answer here.

    `key` is what the API is shown to know the request again, empty for a read; `since` when an
    earlier call has sent the same already, and nobody knows how that ended.
    """

    key: str = ""
    since: datetime | None = None
    received: Received | None = None


@dataclass(frozen=True, slots=True)
class Claiming:
    """Takes and settles claims. `wrote` is told of the API of each write that may have happened."""

    claims: Claims
    approvals: Approvals
    keys: Keys
    clock: Clock
    redact: Callable[[bytes], bytes]
    wrote: Callable[[str], Awaitable[None]]

    @asynccontextmanager
    async def __call__(
        self, call: Call, prepared: Prepared, rules: Rules, approval: Approval | None
    ) -> AsyncIterator[Held]:
        """Hold the claim of a write while it is sent; a read is sent without one.

        The `approval` by which it is sent is used up with the claim, or not at all.

        Raises `Ended` when another process holds it, or when the write ended nobody knows how.
        """
        held = Held()
        if prepared.effect is Effect.READ:
            yield held
            return
        claim = await self._claim(call, prepared, rules)
        held.key = self.keys.shown(claim.key)
        by = partial(self.approvals.use_in, approval)
        held.since = await self._take(call, prepared, rules, claim, by)
        try:
            yield held
        except DragomanError as error:
            # That it did not happen now says nothing of an earlier sending.
            if held.since is None and surely_not_done(error):
                await self.claims.free(claim.key, claim.call_id)
                raise
            await self._settle(claim, ClaimState.UNKNOWN, None)
            note = "It was sent, and nobody knows whether it happened. Look before trying again. "
            note += f"The owner settles it: dragoman reconcile {call.id}"
            raise ended(call, prepared, Status.UNKNOWN, note, error=error) from None
        except BaseException:
            # Cancelled or broken after a byte may have left: written down even while we unwind.
            await asyncio.shield(self._settle(claim, ClaimState.UNKNOWN, None))
            raise
        # Who cancels now does not make a known end an unknown one.
        await asyncio.shield(self._settle(claim, ClaimState.OK, held.received))

    async def _claim(self, call: Call, prepared: Prepared, rules: Rules) -> Claim:
        now = self.clock.now()
        return Claim(
            key=await self.keys.key(call, rules),
            scope=await self.keys.scope(call, rules),
            api=prepared.api,
            operation=prepared.operation,
            call_id=call.id,
            state=ClaimState.RUNNING,
            approval=None,
            prepared_hash=prepared.hash,
            started=now,
            lease_until=now + timedelta(seconds=call.deadline.remaining()) + _GRACE,
            content=await self.keys.content(call, rules),
            call=self._kept(call),
        )

    def _kept(self, call: Call) -> JsonObject | None:
        """Return the call as it is kept until its end is known; None where it holds a secret.

        Neither the question nor where its values came from is needed to ask the API about it.
        """
        kept = {**store_call(call), "question": "", "origins": {}}
        text = glimpse(kept)
        if text is None or len(text) > _MOST or self.redact(text) != text:
            return None
        return kept

    async def _take(
        self, call: Call, prepared: Prepared, rules: Rules, claim: Claim, by: Using
    ) -> datetime | None:
        """Take the claim, and return when it was sent first where this is to send it again."""
        within = call.deadline.sooner(rules.timeout).remaining()
        holder = await self.claims.start(claim, within, by)
        if holder is None:
            return None
        await self.keys.check(call, rules, holder)
        unknown = holder.state is ClaimState.UNKNOWN
        if unknown and sent_again_safely(prepared, rules, holder, self.clock.now()):
            # The time of the first sending stays: by it the API forgets the key.
            again = replace(claim, started=holder.started)
            if await self.claims.restart(again):
                return holder.started
        if holder.state is ClaimState.OK:
            raise Repeated(first_answer(holder))
        raise under_way(call, prepared, holder)

    async def _settle(self, claim: Claim, state: ClaimState, received: Received | None) -> None:
        """Write down how it ended. A store that fails now must not hide what the API answered."""
        await self.wrote(claim.api)
        outcome = store_received(received, self.redact) if received else None
        try:
            await self.claims.finish(claim.key, claim.call_id, state, outcome)
        except StoreError as error:
            _log.error("the end of call %s could not be stored: %s", claim.call_id, error)


def surely_not_done(error: DragomanError) -> bool:
    """Whether the error shows that the write did not happen (promise 4)."""
    if isinstance(error, NetworkError):
        return not error.sent
    if isinstance(error, ApiError):
        return 400 <= error.upstream_status < 500
    return True


def first_answer(claim: Claim) -> Received:
    """Return the answer that the first of the equal calls got, marked with its time."""
    first = read_received(claim.outcome or {}, repeated_from=claim.started)
    return replace(first, repeated_of=claim.call_id)


def under_way(call: Call, prepared: Prepared, claim: Claim) -> Ended:
    """Return the early end of a call whose equal is running, or ended nobody knows how."""
    if claim.state is ClaimState.RUNNING:
        note = f"The same call runs already as {claim.call_id}. Nothing was sent again."
        return ended(call, prepared, Status.RUNNING, note)
    note = (
        f"The same call was sent as {claim.call_id} at {claim.started:%Y-%m-%d %H:%M} UTC, and "
        "nobody knows whether it happened. Nothing was sent again. Look at the API first. "
        f"The owner settles it: dragoman reconcile {claim.call_id}"
    )
    return ended(call, prepared, Status.UNKNOWN, note)
