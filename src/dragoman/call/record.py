"""*record*: what happened is written down, whatever happened, and nothing leaves unredacted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from dragoman.access.policy import Caller, Rules
from dragoman.audit.approval import Approval
from dragoman.audit.changes import Changes
from dragoman.audit.facts import Later
from dragoman.audit.records import AuditLog, CallRecord
from dragoman.call.prepare import shown
from dragoman.call.stored import store_call
from dragoman.clock import Clock
from dragoman.errors import Fault, Problem
from dragoman.operation import (
    Attempt,
    Call,
    Effect,
    JsonObject,
    Outcome,
    Prepared,
    Received,
    Status,
)
from dragoman.secrets.live import LiveValues
from dragoman.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Record", "Trace", "line_for", "redacted"]

_LARGE = 64 * 1024
"""Bytes from which on a body is looked through in a thread, or made into text at once."""


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

    def approved(self, approval: Approval | None) -> None:
        """Take note of the yes by which it goes on, where it needed one."""
        if approval is not None:
            self.approval, self.decision = approval.id, f"approved by {approval.answered_by}"

    @property
    def finished(self) -> Outcome:
        """The outcome, once there is one."""
        assert self.outcome is not None, "the path ended without an outcome"  # noqa: S101
        return self.outcome


@dataclass(frozen=True, slots=True)
class Record:
    """Writes one row of the audit log for each call; `changes` knows what it was made under.

    `under_way` are the ends of the calls that have none yet.
    """

    audit: AuditLog
    live: LiveValues
    clock: Clock
    telemetry: Telemetry
    changes: Changes | None = None
    under_way: set[asyncio.Future[None]] = field(default_factory=set, repr=False)

    async def settled(self, seconds: float) -> None:
        """Wait until all calls that are under way have ended, for so long at the most."""
        if self.under_way:
            await asyncio.wait(set(self.under_way), timeout=seconds)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        end = asyncio.get_running_loop().create_future()
        self.under_way.add(end)
        try:
            yield
        finally:
            self.under_way.discard(end)
            end.set_result(None)

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[Trace]:
        """Watch over one call: its outcome comes out redacted and with its record.

        A call that was cancelled or broke is recorded too, without an outcome.
        """
        await self.telemetry.start()
        trace = Trace(call, self.clock.now(), self.clock.monotonic())
        with self._counted(), self.telemetry.call(trace):
            try:
                yield trace
            finally:
                seconds = self.clock.monotonic() - trace.started
                bytes_shown: int | None = None
                told = Later(lambda: cast("JsonObject", self.live.redact_json(record.as_json())))
                try:
                    if trace.outcome is not None:
                        is_large = trace.received is not None and len(trace.received.body) > _LARGE
                        clean = partial(_clean, trace.outcome, self.live, told)
                        trace.outcome, bytes_shown = (
                            await asyncio.to_thread(clean) if is_large else clean()
                        )
                finally:
                    record = self._record(trace, seconds, bytes_shown)
                    await self.audit.call(record)

    def _record(self, trace: Trace, seconds: float, bytes_shown: int | None) -> CallRecord:
        """Put together what is known; what has to be written out is left to whoever reads it."""
        call, outcome, received = trace.call, trace.outcome, trace.received
        attempts = tuple(trace.attempts)
        problem = outcome.problem if outcome else None
        trace.cached = trace.cached or (received.cached if received else "")
        last = attempts[-1] if attempts else None
        was_sent = last or (received and not received.repeated_from)
        api = call.operation.partition(".")[0]
        decision = trace.decision or _decision(trace)
        by_rule = "" if decision in _BY_NO_RULE else trace.rule
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
            api=api,
            effect=trace.prepared.effect.value if trace.prepared else "",
            status=outcome.status.value if outcome else "cancelled",
            arguments=call.arguments,
            origins=call.origins,
            prepared=_later(trace.prepared),
            http_status=received.status if received else None,
            problem=cast("JsonObject", problem.as_json()) if problem else None,
            rule=(problem.rule if problem else "") or by_rule,
            approval_id=(outcome.approval if outcome else None) or trace.approval,
            bytes_received=len(received.body) if received else None,
            seconds=seconds,
            api_seconds=_api_seconds(attempts, received),
            credential=received.credential if received else "",
            dry_run=call.dry_run,
            repeated=bool(received and received.repeated_from),
            resumable=store_call(call),
            decision=decision,
            attempts=attempts,
            cached=trace.cached,
            bytes_sent=_size(trace.prepared) if was_sent and trace.prepared else None,
            bytes_shown=bytes_shown,
            queue_seconds=trace.waited + sum(one.waited for one in attempts[1:]),
            connect_seconds=last.connect if last else None,
            first_byte_seconds=last.first_byte if last else None,
            result_id=trace.result or (outcome.handle if outcome else ""),
            description_digest=self.changes.description_digest(api) if self.changes else "",
            settings_digest=self.changes.settings_digest if self.changes else "",
        )


def line_for(caller: Caller, rules: Rules, effect: Effect) -> str:
    """Return the line that lets a caller's call go on, or has it asked.

    That is the caller's own for a read; for a write, and for what may be asked, the one that says
    when a person is.
    """
    is_asked = effect is not Effect.READ or rules.may_need_approval(effect)
    asks = rules.rule_of.get("require_approval", "")
    return asks if is_asked else caller.rule or asks


def _decision(trace: Trace) -> str:
    """Say in words why a call went on or not, where no stage knew better."""
    outcome, received = trace.outcome, trace.received
    if outcome is None:
        return "cancelled"
    problem = outcome.problem
    if problem is not None and problem.fault is Fault.POLICY:
        return "held back by a limit" if problem.code == "limit" else "refused"
    if outcome.status is Status.PENDING:
        return "asked"
    if outcome.status is Status.PREVIEWED:
        return "dry run"
    if trace.cached:
        return "fresh answer" if trace.cached == "fresh" else trace.cached
    if received is not None and received.repeated_from is not None:
        return f"repeat of {received.repeated_of or 'another'}"
    if problem is not None and not trace.attempts and received is None:
        return "not valid" if problem.fault is Fault.ARGUMENTS else "not sent"
    if outcome.status in {Status.RUNNING, Status.UNKNOWN} and not trace.attempts:
        return "an equal call is not settled"
    return "allowed"


_BY_NO_RULE = frozenset({"not valid", "not sent"})


def _api_seconds(attempts: tuple[Attempt, ...], received: Received | None) -> float | None:
    if attempts:
        return sum(one.seconds for one in attempts)
    return received.seconds if received and not received.repeated_from else None


def _size(prepared: Prepared) -> int:
    """Return the bytes of a request, without what is added to it when it is sent."""
    headers = sum(len(name) + len(value) + 4 for name, value in prepared.headers)
    return len(prepared.method) + len(prepared.target) + headers + len(prepared.body or b"")


def _later(prepared: Prepared | None) -> JsonObject | None:
    if prepared is None:
        return None
    if prepared.body is not None and len(prepared.body) > _LARGE:
        return shown(prepared)  # so that the body is not held until it is written down
    return Later(partial(shown, prepared))


def redacted(outcome: Outcome, live: LiveValues) -> Outcome:
    """Return the outcome without any live secret in what an API or a person wrote."""
    return _clean(outcome, live, outcome.record)[0]


def _clean(outcome: Outcome, live: LiveValues, record: JsonObject) -> tuple[Outcome, int | None]:
    """Return the outcome without secrets, and the bytes of its data as JSON."""
    data, size = live.redact_measured(outcome.data)
    clean = replace(
        outcome,
        data=data,
        note=live.redact(outcome.note),
        problem=_redacted_problem(outcome.problem, live.redact),
        record=record,
    )
    return clean, None if data is None else size


def _redacted_problem(problem: Problem | None, redact: Callable[[str], str]) -> Problem | None:
    if problem is None:
        return None
    return replace(
        problem,
        detail=redact(problem.detail),
        hint=redact(problem.hint),
        errors=tuple(replace(e, detail=redact(e.detail)) for e in problem.errors),
    )
