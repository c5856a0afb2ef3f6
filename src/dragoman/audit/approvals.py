"""Approvals: a person's yes to one exact prepared request, held by the store and used once."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from dragoman.audit.approval import (
    MAX_NAME,
    Approval,
    ApprovalState,
    answer_told,
    answered_already,
    check_answerer,
    question_told,
)
from dragoman.audit.outbox import Outbox
from dragoman.clock import Clock
from dragoman.errors import NotFoundError, PolicyError
from dragoman.exact_json import decode
from dragoman.nearest import did_you_mean
from dragoman.operation import JsonObject
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row, Statements
from dragoman.store.store import Store

__all__ = ["Approval", "ApprovalState", "Approvals", "Edit"]

T = TypeVar("T")

_COLUMNS = (
    "id, call, call_id, answer_id, operation, effect, prepared_hash, shown, asked_by, user_id, "
    "asked, expires, may_answer, state, answered_by, answered, reason, edits"
)
_SELECT = f"SELECT {_COLUMNS} FROM approval_log"  # noqa: S608 - made of constants, as all SQL here
_ASK = f"""
INSERT INTO approval_log ({_COLUMNS}) VALUES (:id, :call, :call_id, :answer_id, :operation,
  :effect, :prepared_hash, :shown, :asked_by, :user_id, :asked, :expires, :may_answer, 'waiting',
  NULL, NULL, '', NULL)
"""  # noqa: S608
_GET = f"{_SELECT} WHERE id = :id"
_OF_CALL = f"{_SELECT} WHERE call_id = :call_id ORDER BY asked DESC, id DESC LIMIT 1"
_ANSWER = f"""
UPDATE approval_log SET state = :state, answered_by = :by, answered = :now, reason = :reason,
  call = :call, shown = :shown, prepared_hash = :prepared_hash, edits = :edits
WHERE id = :id AND state = 'waiting' AND expires > :now AND prepared_hash = :seen
RETURNING {_COLUMNS}
"""  # noqa: S608
_USE = """
UPDATE approval_log SET state = 'used'
WHERE id = :id AND state = 'approved' AND expires > :now AND prepared_hash = :prepared_hash
RETURNING id
"""
_RETIRE = f"""
UPDATE approval_log SET state = 'expired', expires = CASE WHEN expires < :now THEN expires
  ELSE :now END WHERE id = :id AND state IN ('waiting', 'approved') RETURNING {_COLUMNS}
"""  # noqa: S608
_EXPIRE = f"""
UPDATE approval_log SET state = 'expired' WHERE state = 'waiting' AND id IN (
  SELECT id FROM approval_log WHERE state = 'waiting' AND expires <= :now LIMIT 100)
RETURNING {_COLUMNS}
"""  # noqa: S608
_NEXT = "SELECT min(expires) AS next FROM approval_log WHERE state = 'waiting'"
_NEWEST = "ORDER BY asked DESC, id DESC LIMIT 200"
"""More than 200 are nobody's to-do list."""

_MAX_REASON = 500
"""Characters of the reason that a model is told."""

_WHERE = {
    None: "",
    ApprovalState.WAITING: "WHERE state = 'waiting' AND expires > :now",
    ApprovalState.APPROVED: "WHERE state = 'approved' AND expires > :now",
    ApprovalState.DENIED: "WHERE state = 'denied'",
    ApprovalState.USED: "WHERE state = 'used'",
    ApprovalState.EXPIRED: (
        "WHERE state = 'expired' OR (state IN ('waiting', 'approved') AND expires <= :now)"
    ),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person makes of a call that waits; `also` is done in the transaction of the answer."""

    call: JsonObject
    prepared_hash: str
    shown: JsonObject
    also: Callable[[Statements], object] | None = None


class Approvals:
    """The approvals in the store; every change is committed before it returns.

    What happens to one is put into the outbox in the same transaction, so that none goes untold.
    """

    def __init__(self, store: Store, clock: Clock, outbox: Outbox | None = None) -> None:
        self._store = store
        self._clock = clock
        self._outbox = outbox or Outbox(store, clock)

    async def ask(
        self,
        approval: Approval,
        *,
        unless: Callable[[Statements], T | None] = lambda _: None,
        instead_of: str | None = None,
    ) -> T | None:
        """Put a question, so that it can be answered from anywhere.

        What `unless` returns in the same transaction stands in the way: then nothing is asked.
        Otherwise the question before it, `instead_of`, can be answered no more.
        """

        def put(statements: Statements) -> T | None:
            in_the_way = unless(statements)
            if in_the_way is not None:
                return in_the_way
            if instead_of is not None:
                self._retire(statements, instead_of)
            statements.run(_ASK, _parameters(approval))
            self._outbox.put(statements, "approval.asked", approval.id, question_told(approval))
            return None

        in_the_way = await self._store.write(put)
        self._outbox.wake()
        return in_the_way

    async def get(self, id: str) -> Approval:  # noqa: A002 - it is what people call it
        """Return one; raises `NotFoundError` with one of a like name, or those that wait."""
        rows = await self._store.read(_GET, {"id": id})
        if rows:
            return self._read(rows[0])
        waiting = [approval.id for approval in await self.waiting()]
        hint = did_you_mean(id, waiting) or (
            f"Waiting: {', '.join(waiting[:5])}." if waiting else "Nothing waits for a yes."
        )
        raise NotFoundError(f"There is no approval '{id[:40]}'.", hint=hint)

    async def list(self, state: ApprovalState | None = None) -> builtins.list[Approval]:
        """Return those in that state, or all; the newest first, 200 at the most."""
        sql = f"{_SELECT} {_WHERE[state]} {_NEWEST}"
        parameters = {"now": self._now()} if ":now" in sql else {}
        return [self._read(row) for row in await self._store.read(sql, parameters)]

    async def waiting(self) -> builtins.list[Approval]:
        """Return those that nobody has answered yet, the newest first."""
        return await self.list(ApprovalState.WAITING)

    async def of_call(self, call_id: str) -> Approval | None:
        """Return the newest approval that a call has asked for."""
        rows = await self._store.read(_OF_CALL, {"call_id": call_id})
        return self._read(rows[0]) if rows else None

    async def answer(
        self,
        id: str,  # noqa: A002
        *,
        approved: bool,
        by: str,
        reason: str = "",
        edit: Edit | None = None,
        seen: str | None = None,
    ) -> Approval:
        """Say yes or no, once; a yes may be to the call as the person has changed it.

        `seen` is the hash of the request that was answered to, by default of the one that waits.
        Raises `PolicyError` where it was answered already, has expired, is not that request any
        more, or is for others to answer; `NotFoundError`.
        """
        asked = await self.get(id)
        check_answerer(asked, by)
        now = edit or Edit(asked.call, asked.prepared_hash, asked.shown)
        parameters = {
            "id": id,
            "state": ApprovalState.APPROVED if approved else ApprovalState.DENIED,
            "by": by[:MAX_NAME],
            "reason": " ".join(reason.split())[:_MAX_REASON],
            "now": self._now(),
            "seen": seen or asked.prepared_hash,
            "call": json_text(now.call),
            "shown": json_text(now.shown),
            "prepared_hash": now.prepared_hash,
            "edits": json_text(_before(asked)) if edit else None,
        }

        def take(statements: Statements) -> builtins.list[Row]:
            rows = list(statements.run(_ANSWER, parameters))
            if rows and edit is not None and edit.also is not None:
                edit.also(statements)
            self._told(statements, "approval.answered", rows)
            return rows

        rows = await self._store.write(take)
        if rows:
            self._outbox.wake()
            return self._read(rows[0])
        raise answered_already(await self.get(id))

    async def expire(self) -> int:
        """Let those that nobody has answered in time expire, 100 at the most; returns how many.

        Of many processes one tells of each.
        """

        def end(statements: Statements) -> int:
            rows = statements.run(_EXPIRE, {"now": self._now()})
            self._told(statements, "approval.expired", rows)
            return len(rows)

        count = await self._store.write(end)
        if count:
            self._outbox.wake()
        return count

    async def next_expiry(self) -> datetime | None:
        """Return when the first of those that wait expires."""
        rows = await self._store.read(_NEXT, {})
        return read_moment(rows[0]["next"]) if rows[0]["next"] else None

    async def use(self, id: str, *, prepared_hash: str) -> bool:  # noqa: A002
        """Use up a yes for the request of that hash; false where there is none for it."""
        return await self._store.write(lambda s: self._use(s, id, prepared_hash))

    def use_in(
        self, approval: Approval | None, statements: Statements, waited_for: str | None
    ) -> None:
        """Use up the yes by which a write is claimed, in the transaction that claims it.

        Another question that it has waited for can be answered no more. Raises `PolicyError` for a
        yes that counts no more; one that was used before is that of a write that is sent again.
        """
        if waited_for is not None and (approval is None or approval.id != waited_for):
            self._retire(statements, waited_for)
        if approval is None or approval.state is not ApprovalState.APPROVED:
            return
        if not self._use(statements, approval.id, approval.prepared_hash):
            raise PolicyError(
                f"The yes {approval.id} has expired, or was used or asked anew meanwhile.",
                hint="Nothing was sent. Make the call again.",
            )

    def _use(self, statements: Statements, id: str, prepared_hash: str) -> bool:  # noqa: A002
        parameters = {"id": id, "prepared_hash": prepared_hash, "now": self._now()}
        return bool(statements.run(_USE, parameters))

    def _retire(self, statements: Statements, id: str) -> None:  # noqa: A002
        before = {"id": id, "now": self._now()}
        self._told(statements, "approval.expired", statements.run(_RETIRE, before))

    def _told(self, statements: Statements, event: str, rows: Sequence[Row]) -> None:
        for row in rows:
            approval = self._read(row)
            self._outbox.put(statements, event, approval.id, answer_told(approval))

    def _now(self) -> str:
        return moment_text(self._clock.now())

    def _read(self, row: Row) -> Approval:
        state, expires = ApprovalState(row["state"]), read_moment(row["expires"])
        open_ = state in {ApprovalState.WAITING, ApprovalState.APPROVED}
        if open_ and expires <= self._clock.now():
            state = ApprovalState.EXPIRED
        return Approval(
            id=row["id"],
            call=read_json(row["call"]),
            call_id=row["call_id"],
            answer_id=row["answer_id"],
            operation=row["operation"],
            effect=row["effect"],
            prepared_hash=row["prepared_hash"],
            shown=read_json(row["shown"]),
            asked_by=row["asked_by"],
            user=row["user_id"],
            asked=read_moment(row["asked"]),
            expires=expires,
            may_answer=_names(row["may_answer"]),
            state=state,
            answered_by=row["answered_by"],
            answered=read_moment(row["answered"]) if row["answered"] else None,
            reason=row["reason"],
            edits=read_json(row["edits"]) if row["edits"] else None,
        )


def _parameters(approval: Approval) -> Parameters:
    return {
        "id": approval.id,
        "call": json_text(approval.call),
        "call_id": approval.call_id,
        "answer_id": approval.answer_id,
        "operation": approval.operation,
        "effect": approval.effect,
        "prepared_hash": approval.prepared_hash,
        "shown": json_text(approval.shown),
        "asked_by": approval.asked_by,
        "user_id": approval.user,
        "asked": moment_text(approval.asked),
        "expires": moment_text(approval.expires),
        "may_answer": json_text(list(approval.may_answer)) if approval.may_answer else None,
    }


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(cast("list[str]", decode(text))) if text else ()


def _before(asked: Approval) -> JsonObject:
    return {"arguments": asked.call.get("arguments"), "prepared_hash": asked.prepared_hash}
