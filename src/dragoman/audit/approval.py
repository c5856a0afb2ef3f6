"""One approval as plain data: who may answer it, why it is answered no more, what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from dragoman.errors import PolicyError
from dragoman.exact_json import encode_text
from dragoman.operation import OWNER, JsonObject, JsonValue

__all__ = [
    "MAX_NAME",
    "Approval",
    "ApprovalState",
    "answer_told",
    "answered_already",
    "changes",
    "check_answerer",
    "question_told",
]

MAX_NAME = 100
"""Characters of the name of whoever answers."""

_MAX_TOLD = 4_000
"""Characters of one thing in an event; `dragoman approvals show` shows all of it."""


class ApprovalState(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to a person, and the answer.

    `call` is all that is needed to run the call again; it stays exact, because the yes is bound to
    `prepared_hash`. `shown` is what the person sees: the request, and where each value came from.
    `asked_by` is the caller, `user` the end user it acts for; only those in `may_answer` may say
    yes or no, where it names any. `edits` are the arguments, and the hash of the request, as they
    were asked, where the person has changed them; all else is then what the yes is for.
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
    edits: JsonObject | None = None


def check_answerer(approval: Approval, by: str) -> None:
    """Raise `PolicyError` where that one is not to answer it."""
    rule = str(approval.shown.get("rule", ""))
    if by == approval.asked_by and by != OWNER:
        raise PolicyError(f"{by} asked {approval.id} itself: somebody else answers it.", rule=rule)
    if approval.may_answer and by not in approval.may_answer:
        others = " or ".join(approval.may_answer)
        raise PolicyError(
            f"{approval.id} is for {others} to answer, not for {by[:MAX_NAME]}.",
            hint=f"If you are: dragoman approvals approve {approval.id} "
            f"--by {approval.may_answer[0]}",
            rule=rule,
        )


def changes(before: JsonObject, after: JsonObject) -> dict[str, JsonValue]:
    """Return what of the arguments was changed, each `{from: …, to: …}`; what is absent is left."""
    return {
        name: {
            **({"from": before[name]} if name in before else {}),
            **({"to": after[name]} if name in after else {}),
        }
        for name in dict.fromkeys((*before, *after))
        if before.get(name, ...) != after.get(name, ...)
    }


def answered_already(approval: Approval) -> PolicyError:
    """Return why it cannot be answered any more."""
    if approval.state is ApprovalState.WAITING:
        return PolicyError(f"{approval.id} asks for another request by now: look at it again.")
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


def question_told(approval: Approval) -> JsonObject:
    """Return what is told of a question."""
    shown = approval.shown
    return {
        **_about(approval),
        "effect": approval.effect,
        "question": _bounded(shown.get("question", "")),
        "request": _bounded(f"{shown.get('method', '')} {shown.get('target', '')}"),
        "body": _bounded(shown.get("body", "")),
        "arguments": _bounded(shown.get("arguments", {})),
        "origins": _bounded(shown.get("origins", {})),
        "credential": shown.get("credential", ""),
        "rule": shown.get("rule", ""),
        "may_answer": list(approval.may_answer),
    }


def answer_told(approval: Approval) -> JsonObject:
    """Return what is told of an answer, or of an end without one."""
    if approval.state is ApprovalState.EXPIRED:
        return _about(approval)
    before = cast("Mapping[str, JsonValue]", (approval.edits or {}).get("arguments", {}))
    after = cast("Mapping[str, JsonValue]", approval.call.get("arguments", {}))
    return {
        **_about(approval),
        "approved": approval.state is not ApprovalState.DENIED,
        "by": approval.answered_by,
        "reason": approval.reason,
        "changes": _bounded(changes(before, after)) if approval.edits else None,
    }


def _about(approval: Approval) -> dict[str, JsonValue]:
    return {
        "approval": approval.id,
        "operation": approval.operation,
        "asked_by": approval.asked_by,
        "user": approval.user,
        "asked": approval.asked.isoformat(),
        "expires": approval.expires.isoformat(),
        "call": approval.call_id,
        "answer": approval.answer_id,
    }


def _bounded(value: JsonValue) -> JsonValue:
    """Return a value that is not too large for a message, or how large it is."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_TOLD else f"{value[:_MAX_TOLD]}…"
    size = len(encode_text(value))
    return value if size <= _MAX_TOLD else f"({size:,} characters)"
