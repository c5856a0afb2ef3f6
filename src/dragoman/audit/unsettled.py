"""Writes that nobody knows the end of: they are listed, and settled by what is found out later.

A claim is unknown when its call ended so, or when its process died and its lease is over.
"""

from __future__ import annotations

from dragoman.audit.claims import CLAIM_COLUMNS, RETIRE, Claim, read_claim
from dragoman.clock import Clock
from dragoman.errors import NotFoundError
from dragoman.operation import JsonObject, Status
from dragoman.store.columns import json_text, moment_text
from dragoman.store.statements import Statements
from dragoman.store.store import Store

__all__ = ["Unsettled"]

_IS_UNKNOWN = "(state = 'unknown' OR (state = 'running' AND lease_until < :now))"
_SELECT = f"SELECT {CLAIM_COLUMNS} FROM claims WHERE "  # noqa: S608 - constants, as all SQL here
_ALL = f"{_SELECT} {_IS_UNKNOWN} ORDER BY started DESC, key LIMIT :limit"
_RUNNING = (
    f"{_SELECT} state = 'running' AND lease_until >= :now ORDER BY started DESC, key LIMIT :limit"
)
_BY_NAME = (
    f"{_SELECT} state <> 'pending' AND upper(call_id) >= :first AND upper(call_id) < :last "
    "ORDER BY call_id LIMIT 2"
)
# Sent again by the same call it has another lease: what was found out before says nothing of that.
_OURS = (
    f"WHERE key = :key AND call_id = :call_id AND lease_until = :lease_until AND {_IS_UNKNOWN} "
    "RETURNING key"
)
_HAPPENED = f"UPDATE claims SET state = 'ok', outcome = :outcome, call = NULL {_OURS}"  # noqa: S608
_DID_NOT = f"DELETE FROM claims {_OURS}"  # noqa: S608
_RECORD = "UPDATE call_log SET status = :status, decision = :decision WHERE id = :id RETURNING id"

_MOST = 1_000


class Unsettled:
    """The claims without an end; what settles one is committed with its record."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list(self) -> list[Claim]:
        """Return them, the newest first, a thousand at the most."""
        now = self._clock.now()
        rows = await self._store.read(_ALL, {"now": moment_text(now), "limit": _MOST})
        return [read_claim(row, now) for row in rows]

    async def running(self) -> tuple[Claim, ...]:
        """Return those that may end yet, the newest first, a thousand at the most."""
        now = self._clock.now()
        rows = await self._store.read(_RUNNING, {"now": moment_text(now), "limit": _MOST})
        return tuple(read_claim(row, now) for row in rows)

    async def get(self, call_id: str) -> Claim:
        """Return the claim of a call, in whatever state; by its id or the beginning of it.

        Raises `NotFoundError` for a call that has none: a read, or a write that surely did not
        happen.
        """
        name = call_id.strip().upper()[:100]
        rows = await self._store.read(_BY_NAME, {"first": name, "last": f"{name}\U0010ffff"})
        now = self._clock.now()
        exact = [row for row in rows if row["call_id"].upper() == name]
        if name and len(exact or rows) == 1:
            return read_claim((exact or rows)[0], now)
        raise NotFoundError(
            f"There is no write '{call_id[:40]}' whose end is not known.",
            hint="dragoman log --status unknown lists what there is.",
        )

    async def settle(
        self, claim: Claim, *, happened: bool, decision: str, outcome: JsonObject | None = None
    ) -> bool | None:
        """Write down that it happened, with what is told of it, or that it may be sent anew.

        Returns whether its record was there to be changed with it; None where the claim was
        settled, or sent again, by somebody else meanwhile.
        """
        ours = {"key": claim.key, "call_id": claim.call_id}
        times = {"now": self._clock.now(), "lease_until": claim.lease_until}
        ours |= {name: moment_text(at) for name, at in times.items()}
        ending = {"outcome": json_text(outcome or {})} if happened else {}
        status = Status.OK if happened else Status.FAILED
        record = {"id": claim.call_id, "status": status.value, "decision": decision}

        def end(statements: Statements) -> bool | None:
            if not statements.run(_HAPPENED if happened else _DID_NOT, {**ours, **ending}):
                return None
            if happened:
                place = {"scope": claim.scope, "api": claim.api, "key": claim.key}
                statements.run(RETIRE, place)
            return bool(statements.run(_RECORD, record))

        return await self._store.write(end)
