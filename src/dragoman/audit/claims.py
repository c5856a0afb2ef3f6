"""Claims: that a write is about to be sent, stored before its first byte, and how it ended.

A claim is found by the key of its call. Equal calls have equal keys, so the database lets one
of them through, whatever process they come from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from dragoman.audit.outbox import Outbox
from dragoman.clock import Clock
from dragoman.errors import DragomanError, StoreError
from dragoman.operation import JsonObject
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row, Statements
from dragoman.store.store import Store

__all__ = ["CLAIM_COLUMNS", "RETIRE", "Claim", "ClaimState", "Claims", "Using", "read_claim"]

CLAIM_COLUMNS = (
    "key, scope, api, operation, call_id, state, approval, prepared_hash, started, lease_until, "
    "outcome, content, call"
)
_INSERT = f"""
INSERT INTO claims ({CLAIM_COLUMNS}) VALUES (:key, :scope, :api, :operation, :call_id, :state,
  :approval, :prepared_hash, :started, :lease_until, NULL, :content, :call)
"""  # noqa: S608 - made of constants, as is all SQL here
_TAKEN = """
  state = 'running', call_id = :call_id, prepared_hash = :prepared_hash, started = :started,
  lease_until = :lease_until, outcome = NULL, call = :call
"""
_FIND = f"SELECT {CLAIM_COLUMNS} FROM claims WHERE key = :key"  # noqa: S608
_WAIT = f"{_INSERT} ON CONFLICT (key) DO NOTHING RETURNING approval"
_START = f"""
{_INSERT} ON CONFLICT (key) DO UPDATE SET {_TAKEN}
WHERE claims.state = 'pending' AND COALESCE(claims.content, '') = :content RETURNING approval
"""
_RESTART = f"""
UPDATE claims SET {_TAKEN} WHERE key = :key
  AND (state = 'unknown' OR (state = 'running' AND lease_until < :now)) RETURNING key
"""  # noqa: S608
_FINISH = """
UPDATE claims SET state = :state, outcome = :outcome, call = CASE WHEN :state <> 'ok' THEN call END
WHERE key = :key AND call_id = :call_id RETURNING scope, api, operation
"""
RETIRE = """
DELETE FROM claims WHERE scope = :scope AND api = :api AND state = 'ok' AND key <> :key
"""
_WITHDRAW = "DELETE FROM claims WHERE key = :key AND state = 'pending' AND approval = :approval"
_FREE = "DELETE FROM claims WHERE key = :key AND call_id = :call_id AND state <> 'ok'"

_FORGET = "DELETE FROM claims WHERE key = :key AND call_id = :call_id AND state = 'ok'"

_ATTEMPTS = 5
"""How often a claim is looked for that was freed between the insert and the look."""


Using: TypeAlias = Callable[[Statements, str | None], None]
"""Is told within a transaction which approval a claim has waited for."""


class ClaimState(StrEnum):
    """How far a write has come. What surely did not happen has no claim."""

    PENDING = "pending"
    RUNNING = "running"
    OK = "ok"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Claim:
    """A write, by the key of its call.

    `scope` is within what an equal call counts as the same one; `lease_until` the time after
    which a running one is unknown; `approval` the one a pending claim waits for, or was sent by;
    `outcome` the answer of one that ended well. `content` says what a key of the caller's stands
    for. `call` is the call itself while its end is not known: without it a write whose process
    died could not be asked about. It is not kept where a secret is in it.
    """

    key: str
    scope: str
    api: str
    operation: str
    call_id: str
    state: ClaimState
    approval: str | None
    prepared_hash: str
    started: datetime
    lease_until: datetime
    outcome: JsonObject | None = None
    content: str = ""
    call: JsonObject | None = None


class Claims:
    """The claims in the store; every change is committed, and on disk, before it returns."""

    def __init__(self, store: Store, clock: Clock, outbox: Outbox | None = None) -> None:
        self._store = store
        self._clock = clock
        self._outbox = outbox or Outbox(store, clock)
        self._undoing: set[asyncio.Task[None]] = set()

    async def find(self, key: str, *, lasting: float | None = None) -> Claim | None:
        """Return the claim of that key, if there is one.

        One that ended well more than `lasting` seconds after it was started is forgotten.
        """
        rows = await self._store.read(_FIND, {"key": key})
        claim = self._read(rows[0]) if rows else None
        if claim is None or claim.state is not ClaimState.OK or lasting is None:
            return claim
        if self._clock.now() - claim.started < timedelta(seconds=lasting):
            return claim
        old = {"key": key, "call_id": claim.call_id}
        await self._store.write(lambda s: s.run(_FORGET, old))
        return None

    async def wait(self, claim: Claim) -> Claim:
        """Keep the claim as pending, or return the one that holds its key already."""
        pending = replace(claim, state=ClaimState.PENDING)
        return await self._store.write(lambda s: self.wait_in(s, pending)) or pending

    def wait_in(self, statements: Statements, claim: Claim) -> Claim | None:
        """The same within a transaction: None where it is kept, or the claim that is in its way."""
        return self._insert(statements, _WAIT, replace(claim, state=ClaimState.PENDING))

    async def start(
        self, claim: Claim, within: float | None = None, by: Using = lambda *_: None
    ) -> Claim | None:
        """Take the key for a write that is about to be sent; None when it is ours now.

        A pending claim of the same key becomes this one; `by` is called with the approval that it
        waited for, in the same transaction, and what it raises leaves all as it was. Otherwise
        returns the claim that holds the key. Where the caller is cancelled, the key is free again:
        nothing was sent. Raises `StoreError` where the store takes longer than `within` seconds,
        with the same care.
        """
        running = replace(claim, state=ClaimState.RUNNING)

        def take(statements: Statements) -> Claim | None:
            return self._insert(statements, _START, running, by)

        writing = asyncio.ensure_future(self._store.write(take))
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.shield(self._undo(writing, claim))
            raise
        except TimeoutError:
            undoing = asyncio.create_task(self._undo(writing, claim))
            self._undoing.add(undoing)
            undoing.add_done_callback(self._undoing.discard)
            raise StoreError(
                f"The store was busy until the time for {claim.operation} was over, "
                "so nothing was sent."
            ) from None

    async def restart(self, claim: Claim) -> bool:
        """Take over a claim that is unknown, for sending it again; one of many callers may."""
        parameters = {**_parameters(claim), "now": moment_text(self._clock.now())}

        def take(statements: Statements) -> bool:
            return bool(statements.run(_RESTART, parameters))

        return await self._store.write(take)

    async def finish(
        self, key: str, call_id: str, state: ClaimState, outcome: JsonObject | None
    ) -> None:
        """Keep how it ended. A success ends the sameness of other writes to that API in its scope.

        Does nothing where another call has taken the claim over.
        """
        parameters = {
            "key": key,
            "call_id": call_id,
            "state": state.value,
            "outcome": json_text(outcome) if outcome is not None else None,
        }

        def end(statements: Statements) -> None:
            for row in statements.run(_FINISH, parameters):
                if state is ClaimState.OK:
                    place = {"scope": row["scope"], "api": row["api"], "key": key}
                    statements.run(RETIRE, place)
                elif state is ClaimState.UNKNOWN:
                    told = {"call": call_id, "operation": row["operation"], "api": row["api"]}
                    self._outbox.put(statements, "call.unknown", call_id, told)

        await self._store.write(end)
        if state is ClaimState.UNKNOWN:
            self._outbox.wake()

    async def free(self, key: str, call_id: str) -> None:
        """Forget the claim of a write that surely did not happen."""
        await self._store.write(lambda s: s.run(_FREE, {"key": key, "call_id": call_id}))

    async def withdraw(self, claim: Claim) -> None:
        """Forget that a call waits for its approval; one that has gone on since stays."""
        parameters = {"key": claim.key, "approval": claim.approval}
        await self._store.write(lambda s: s.run(_WITHDRAW, parameters))

    def _insert(
        self, statements: Statements, sql: str, claim: Claim, by: Using = lambda *_: None
    ) -> Claim | None:
        """Insert the claim, or return the one in its way."""
        for _ in range(_ATTEMPTS):
            if taken := statements.run(sql, _parameters(claim)):
                by(statements, taken[0]["approval"])
                return None
            rows = statements.run(_FIND, {"key": claim.key})
            if rows:
                return self._read(rows[0])
        raise StoreError(f"The claim of call {claim.call_id} could not be stored: others free it.")

    async def _undo(self, writing: asyncio.Future[Claim | None], claim: Claim) -> None:
        with suppress(DragomanError):  # the claim then ends as unknown, which is true
            if await writing is None:
                await self.free(claim.key, claim.call_id)

    def _read(self, row: Row) -> Claim:
        return read_claim(row, self._clock.now())


def read_claim(row: Row, now: datetime) -> Claim:
    """Return the claim that a row holds; one that runs past its lease is unknown."""
    state, lease_until = ClaimState(row["state"]), read_moment(row["lease_until"])
    if state is ClaimState.RUNNING and lease_until < now:
        state = ClaimState.UNKNOWN
    return Claim(
        key=row["key"],
        scope=row["scope"],
        api=row["api"],
        operation=row["operation"],
        call_id=row["call_id"],
        state=state,
        approval=row["approval"],
        prepared_hash=row["prepared_hash"],
        started=read_moment(row["started"]),
        lease_until=lease_until,
        outcome=read_json(row["outcome"]) if row["outcome"] is not None else None,
        content=row["content"] or "",
        call=read_json(row["call"]) if row["call"] is not None else None,
    )


def _parameters(claim: Claim) -> Parameters:
    return {
        "key": claim.key,
        "scope": claim.scope,
        "api": claim.api,
        "operation": claim.operation,
        "call_id": claim.call_id,
        "state": claim.state.value,
        "approval": claim.approval,
        "prepared_hash": claim.prepared_hash,
        "started": moment_text(claim.started),
        "lease_until": moment_text(claim.lease_until),
        "content": claim.content,
        "call": json_text(claim.call) if claim.call is not None else None,
    }
