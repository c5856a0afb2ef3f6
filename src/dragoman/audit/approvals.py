"""Approvals: a person's yes to one exact prepared request, held by the store and used once."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from dragoman.clock import Clock
from dragoman.errors import NotFoundError, PolicyError
from dragoman.exact_json import decode
from dragoman.nearest import did_you_mean
from dragoman.operation import JsonObject
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row, Statements
from dragoman.store.store import Store

__all__ = ["Approval", "ApprovalState", "Approvals"]

_COLUMNS = (
    "id, call, call_id, answer_id, operation, effect, prepared_hash, shown, asked_by, user_id, "
    "asked, expires, may_answer, state, answered_by, answered, reason"
)
_SELECT = f"SELECT {_COLUMNS} FROM approval_log"  # noqa: S608 - made of constants, as all SQL here
_ASK = f"""
INSERT INTO approval_log ({_COLUMNS}) VALUES (:id, :call, :call_id, :answer_id, :operation,
  :effect, :prepared_hash, :shown, :asked_by, :user_id, :asked, :expires, :may_answer, 'waiting',
  NULL, NULL, '')
"""  # noqa: S608
_GET = f"{_SELECT} WHERE id = :id"
_OF_CALL = f"{_SELECT} WHERE call_id = :call_id ORDER BY asked DESC, id DESC LIMIT 1"
_ANSWER = f"""
UPDATE approval_log SET state = :state, answered_by = :by, answered = :now, reason = :reason
WHERE id = :id AND state = 'waiting' AND expires > :now RETURNING {_COLUMNS}
"""  # noqa: S608
_USE = """
UPDATE approval_log SET state = 'used'
WHERE id = :id AND state = 'approved' AND expires > :now AND prepared_hash = :prepared_hash
RETURNING id
"""
_NEWEST = "ORDER BY asked DESC, id DESC LIMIT 200"
"""More than 200 are nobody's to-do list."""


class ApprovalState(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"
    EXPIRED = "expired"


_WHERE = {
    None: "",
    ApprovalState.WAITING: "WHERE state = 'waiting' AND expires > :now",
    ApprovalState.APPROVED: "WHERE state = 'approved' AND expires > :now",
    ApprovalState.DENIED: "WHERE state = 'denied'",
    ApprovalState.USED: "WHERE state = 'used'",
    ApprovalState.EXPIRED: "WHERE state IN ('waiting', 'approved') AND expires <= :now",
}


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to a person, and the answer.

    `call` is all that is needed to run the call again; it stays exact, because the yes is bound to
    `prepared_hash`. `shown` is what the person sees: the request, and where each value came from.
    `asked_by` is the caller, `user` the end user it acts for; only those in `may_answer` may say
    yes or no, where it names any.
    """

    id: str
    call: JsonObject
    call_id: str
    answer_id: str | None
    operation: str
    effect: str
    prepared_hash: str
    shown: JsonObject
    asked_by: str
    user: str | None
    asked: datetime
    expires: datetime
    may_answer: tuple[str, ...] = ()
    state: ApprovalState = ApprovalState.WAITING
    answered_by: str | None = None
    answered: datetime | None = None
    reason: str = ""


class Approvals:
    """The approvals in the store; every change is committed before it returns."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ask(self, approval: Approval) -> None:
        """Put a question, so that it can be answered from anywhere."""
        await self._store.write(lambda s: s.run(_ASK, _parameters(approval)))

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
    ) -> Approval:
        """Say yes or no, once.

        Raises `PolicyError` where it was answered already, has expired, or is for others to
        answer; `NotFoundError`.
        """
        asked = await self.get(id)
        if asked.may_answer and by not in asked.may_answer:
            others = " or ".join(asked.may_answer)
            raise PolicyError(
                f"{asked.id} is for {others} to answer, not for {by}.",
                hint=f"If you are: dragoman approvals approve {id} --by {asked.may_answer[0]}",
                rule=str(asked.shown.get("rule", "")),
            )
        state = ApprovalState.APPROVED if approved else ApprovalState.DENIED
        parameters = {"id": id, "state": state, "by": by, "reason": reason, "now": self._now()}
        rows = await self._store.write(lambda s: s.run(_ANSWER, parameters))
        if rows:
            return self._read(rows[0])
        raise _answered(await self.get(id))

    async def use(self, id: str, *, prepared_hash: str) -> bool:  # noqa: A002
        """Use up a yes for the request of that hash; false where there is none for it."""
        parameters = {"id": id, "prepared_hash": prepared_hash, "now": self._now()}

        def take(statements: Statements) -> bool:
            return bool(statements.run(_USE, parameters))

        return await self._store.write(take)

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
        )


def _answered(approval: Approval) -> PolicyError:
    if approval.answered is None or approval.answered_by is None:
        return PolicyError(
            f"{approval.id} has expired at {approval.expires:%Y-%m-%d %H:%M} UTC unanswered.",
            hint="Make the call again to be asked anew.",
        )
    said = "denied" if approval.state is ApprovalState.DENIED else "approved"
    ending = {ApprovalState.USED: ", and used", ApprovalState.EXPIRED: ", and has expired since"}
    return PolicyError(
        f"{approval.id} was {said} already by {approval.answered_by} "
        f"at {approval.answered:%Y-%m-%d %H:%M} UTC{ending.get(approval.state, '')}.",
        hint=f"See it with: dragoman approvals show {approval.id}",
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
