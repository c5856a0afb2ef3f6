"""How much of what people and APIs said is kept in the audit log, and for how long.

Secrets are kept in no case. A question that waits for a person keeps what it needs to go on. So
does a write that is out, or that nobody knows the end of: its arguments, without which no API could
be asked about it, are kept whole until it is settled, and for `keep` at the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, TypeAlias, cast

from dragoman.audit.facts import AnswerRecord, CallRecord, TurnRecord
from dragoman.clock import Clock
from dragoman.operation import JsonObject, JsonValue, Status
from dragoman.store.columns import moment_text, read_json
from dragoman.store.statements import Statements

__all__ = ["Bodies", "Privacy", "forget_user", "sweep", "withheld"]

Bodies: TypeAlias = Literal["full", "redacted", "nothing"]
"""Of arguments, requests, questions and answers: all of it, their shape without the words in them,
or nothing."""

_REPEATS = timedelta(hours=24)
"""How long the first answer of a write is kept for a repeat, where less than `full` is kept."""

_OF_ANSWERS = "answer_id IN (SELECT id FROM answer_log WHERE {})"

_SWEEPS = (
    f"DELETE FROM turn_log WHERE {_OF_ANSWERS.format('at < :before')}",  # noqa: S608 - constants, as all SQL here
    "DELETE FROM answer_log WHERE at < :before",
    "DELETE FROM call_log WHERE at < :before",
    "DELETE FROM approval_log WHERE asked < :before AND expires < :now",
    "DELETE FROM event_outbox WHERE at < :before",
    "DELETE FROM pause_log WHERE ended < :before",
    "DELETE FROM caller_keys WHERE revoked < :before OR expires < :before",
    "DELETE FROM claims WHERE state = 'ok' AND started < :repeats",
    "DELETE FROM claims WHERE state = 'pending' AND lease_until < :before",
    "UPDATE claims SET call = NULL WHERE call IS NOT NULL AND started < :before",
    "DELETE FROM result_log WHERE expires < :now",
    # The last row of each thing stays: by it the next change is known as one.
    """
    DELETE FROM change_log WHERE at < :before AND EXISTS (SELECT 1 FROM change_log AS later
      WHERE later.kind = change_log.kind AND later.subject = change_log.subject
        AND later.at > change_log.at)
    """,
)
_SCRUBS = (
    # An answer that waits still is gone on with by the call of its approval, denied or used.
    """
    UPDATE approval_log SET call = '{}', shown = '{}', edits = NULL
    WHERE call <> '{}' AND (expires < :now OR (state IN ('used', 'denied') AND NOT EXISTS (
      SELECT 1 FROM answer_log WHERE id = approval_log.answer_id AND status = 'pending')))
    """,
    """
    UPDATE event_outbox SET payload = '{}', error = coalesce(error, 'nobody was told in time'),
      state = CASE WHEN state = 'waiting' THEN 'given_up' ELSE state END
    WHERE payload <> '{}' AND at < :repeats
    """,
    """
    UPDATE answer_log SET state = NULL WHERE state IS NOT NULL AND at < :repeats AND NOT EXISTS (
      SELECT 1 FROM approval_log WHERE answer_id = answer_log.id AND expires >= :now)
    """,
)

_OF_USER = (
    f"DELETE FROM turn_log WHERE {_OF_ANSWERS.format('user_id = :user')}",  # noqa: S608
    "DELETE FROM answer_log WHERE user_id = :user",
    "DELETE FROM claims WHERE state IN ('ok', 'pending')"
    " AND call_id IN (SELECT id FROM call_log WHERE user_id = :user)",
    "DELETE FROM event_outbox WHERE subject IN (SELECT id FROM call_log WHERE user_id = :user"
    " UNION SELECT id FROM approval_log WHERE user_id = :user)",
    "DELETE FROM call_log WHERE user_id = :user",
    "DELETE FROM approval_log WHERE user_id = :user",
    "DELETE FROM user_tokens WHERE subject = :user",
    "DELETE FROM result_log WHERE user_id = :user",
)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the owner has chosen: `keep` is how long a row lives."""

    bodies: Bodies = "full"
    keep: timedelta = timedelta(days=90)


def withheld(
    record: CallRecord | TurnRecord | AnswerRecord, bodies: Bodies
) -> CallRecord | TurnRecord | AnswerRecord:
    """Return a record without what is not to be kept of it."""
    if bodies == "full" or isinstance(record, TurnRecord):
        return record
    if isinstance(record, AnswerRecord):
        waits = record.status == Status.PENDING
        return replace(
            record,
            question=_text(record.question, bodies),
            text=_text(record.text, bodies),
            state=record.state if waits else None,
        )
    arguments = cast("JsonObject", _shape(record.arguments)) if bodies == "redacted" else {}
    origins = record.origins if bodies == "redacted" else {}  # It names the arguments.
    return replace(
        record,
        question=_text(record.question, bodies),
        arguments=arguments,
        origins=origins,
        prepared=_request(record.prepared, bodies),
        problem=_problem(record.problem),
        resumable=record.resumable if record.status == Status.RUNNING else {},
    )


def sweep(statements: Statements, privacy: Privacy, clock: Clock) -> None:
    """Delete what is older than it may be; a write that may have happened stays known."""
    now = clock.now()
    before = now - privacy.keep
    repeats = before if privacy.bodies == "full" else max(before, now - _REPEATS)
    moments = {
        "before": moment_text(before),
        "now": moment_text(now),
        "repeats": moment_text(repeats),
    }
    for sql in _SWEEPS if privacy.bodies == "full" else (*_SWEEPS, *_SCRUBS):
        statements.run(sql, {name: at for name, at in moments.items() if f":{name}" in sql})


def forget_user(statements: Statements, user: str) -> int:
    """Delete what is kept of an end user, and return how many calls and answers that were.

    A claim of a write that is out, or may have happened, stays: it holds a keyed hash and no word
    of the user, and without it the write could be sent twice.
    """
    count = statements.run(
        "SELECT (SELECT count(*) FROM call_log WHERE user_id = :user)"
        " + (SELECT count(*) FROM answer_log WHERE user_id = :user) AS found",
        {"user": user},
    )
    for sql in _OF_USER:
        statements.run(sql, {"user": user})
    for row in statements.run("SELECT key, call FROM claims WHERE call IS NOT NULL", {}):
        if read_json(row["call"]).get("user") == user:
            statements.run("UPDATE claims SET call = NULL WHERE key = :key", {"key": row["key"]})
    return int(count[0]["found"])


def _text(text: str, bodies: Bodies) -> str:
    if bodies == "nothing" or not text:
        return ""
    return f"[{len(text)} characters]"


def _shape(value: JsonValue) -> JsonValue:
    """Return a value with its names, numbers and structure, and without its words."""
    if isinstance(value, str):
        return f"[{len(value)} characters]"
    if isinstance(value, Mapping):
        return {name: _shape(member) for name, member in value.items()}
    if isinstance(value, Sequence):
        return [_shape(item) for item in value]
    return value


def _request(prepared: JsonObject | None, bodies: Bodies) -> JsonObject | None:
    """Return the request without its body; its target holds arguments, so only its origin stays."""
    if prepared is None:
        return None
    if bodies == "nothing":
        return {"method": prepared.get("method")}  # A hash of few possible requests tells which.
    whole = ("operation", "effect", "method", "origins", "hash")
    kept = {name: prepared[name] for name in whole if name in prepared}
    return {**kept, "target": _origin(prepared.get("target"))}


def _origin(target: JsonValue) -> str:
    return "/".join(str(target).split("/", 3)[:3]) + "/…"


def _problem(problem: JsonObject | None) -> JsonObject | None:
    """Return a problem without its sentences: an API and a schema repeat what they were given."""
    words = ("detail", "hint", "errors")
    return problem and {name: value for name, value in problem.items() if name not in words}
