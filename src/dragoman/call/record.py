"""*record*: what happened is written down, whatever happened, and nothing leaves unredacted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from dragoman.audit.records import AuditLog, CallRecord
from dragoman.call.prepare import shown
from dragoman.call.stored import store_call
from dragoman.clock import Clock
from dragoman.errors import Problem
from dragoman.operation import Attempt, Call, JsonObject, Outcome, Prepared, Received
from dragoman.secrets.live import LiveValues

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Record", "Trace", "redacted"]


@dataclass(slots=True)
class Trace:
    """What is known of a call so far; each stage leaves here what a record needs.

    `decision` says in a word or two why it went on or not: a rule, a person, an earlier answer.
    `waited` is the time in queues, in seconds; `cached` is `fresh` or `revalidated` where the
    answer came from the cache; `result` the handle of what was left out of it.
    """

    call: Call
    at: datetime
    started: float
    decision: str = ""
    rule: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    waited: float = 0.0
    cached: str = ""
    result: str = ""
    prepared: Prepared | None = None
    approval: str | None = None
    received: Received | None = None
    outcome: Outcome | None = None

    @property
    def finished(self) -> Outcome:
        """The outcome, once there is one."""
        assert self.outcome is not None, "the path ended without an outcome"  # noqa: S101
        return self.outcome


@dataclass(frozen=True, slots=True)
class Record:
    """Writes one row of the audit log for each call."""

    audit: AuditLog
    live: LiveValues
    clock: Clock

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[Trace]:
        """Watch over one call: its outcome comes out redacted and with its record.

        A call that was cancelled or broke is recorded too, without an outcome.
        """
        trace = Trace(call, self.clock.now(), self.clock.monotonic())
        try:
            yield trace
        finally:
            record = self._record(trace)
            if trace.outcome is not None:
                outcome = redacted(trace.outcome, self.live)
                told = cast("JsonObject", self.live.redact_json(record.as_json()))
                trace.outcome = replace(outcome, record=told)
            await self.audit.call(record)

    def _record(self, trace: Trace) -> CallRecord:
        call, outcome, received = trace.call, trace.outcome, trace.received
        problem = outcome.problem if outcome else None
        return CallRecord(
            id=call.id,
            at=trace.at,
            answer_id=call.answer,
            parent_id=call.parent,
            door=call.door,
            caller=call.caller,
            user=call.user,
            question=call.question,
            operation=call.operation,
            api=call.operation.partition(".")[0],
            effect=trace.prepared.effect.value if trace.prepared else "",
            status=outcome.status.value if outcome else "cancelled",
            arguments=call.arguments,
            origins=dict(call.origins),
            prepared=shown(trace.prepared) if trace.prepared else None,
            http_status=received.status if received else None,
            problem=cast("JsonObject", problem.as_json()) if problem else None,
            rule=problem.rule if problem else "",
            approval_id=(outcome.approval if outcome else None) or trace.approval,
            bytes_received=len(received.body) if received else None,
            seconds=self.clock.monotonic() - trace.started,
            api_seconds=received.seconds if received else None,
            credential=received.credential if received else "",
            dry_run=call.dry_run,
            repeated=bool(received and received.repeated_from),
            resumable=store_call(call),
        )


def redacted(outcome: Outcome, live: LiveValues) -> Outcome:
    """Return the outcome without any live secret in what an API or a person wrote."""
    return replace(
        outcome,
        data=live.redact_json(outcome.data),
        note=live.redact(outcome.note),
        problem=_redacted_problem(outcome.problem, live.redact),
    )


def _redacted_problem(problem: Problem | None, redact: Callable[[str], str]) -> Problem | None:
    if problem is None:
        return None
    return replace(
        problem,
        detail=redact(problem.detail),
        hint=redact(problem.hint),
        errors=tuple(replace(e, detail=redact(e.detail)) for e in problem.errors),
    )
