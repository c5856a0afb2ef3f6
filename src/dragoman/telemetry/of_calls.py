"""What a call tells: to Prometheus, to the log, and as attributes of its spans."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dragoman.operation import Effect, Status
from dragoman.telemetry import names

if TYPE_CHECKING:
    from dragoman.errors import Problem
    from dragoman.operation import Attempt, Call
    from dragoman.telemetry.facts import Seen
    from dragoman.telemetry.metrics import Metrics
    from dragoman.telemetry.spans import Attribute

__all__ = ["OTHER", "counted", "log", "measure", "sendings", "told", "toolcall"]

_log = logging.getLogger("dragoman.calls")

OTHER = "other"
"""The label of whatever the configuration does not name."""

_STATUSES = frozenset(str(status.value) for status in HTTPStatus)


def measure(
    metrics: Metrics, seen: Seen, labels: tuple[str, str], caller: str, seconds: float
) -> None:
    """Count a call that has ended; `labels` are its API and operation."""
    api, problem = labels[0], _problem(seen)
    metrics.add("calls", *labels, caller, seen.call.door, _status(seen))
    metrics.observe("call_seconds", *labels, seconds=seconds)
    if problem is not None:
        metrics.add("errors", *labels, problem.code, problem.fault.value)
    if waited := seen.waited + sum(one.waited for one in seen.attempts[1:]):
        metrics.observe("queue_seconds", api, seconds=waited)
    if result := _reuse(seen):
        metrics.add("cache", api, result)
    if not seen.attempts:
        return
    metrics.observe("api_seconds", *labels, seconds=sum(one.seconds for one in seen.attempts))
    for attempt in seen.attempts:
        metrics.add("attempts", api, _ended(attempt))
    if seen.prepared is not None and seen.prepared.body:
        metrics.add("bytes", api, "sent", by=len(seen.prepared.body) * len(seen.attempts))
    if seen.received is not None:
        metrics.add("bytes", api, "received", by=len(seen.received.body))


def log(seen: Seen, seconds: float) -> None:
    """Write the one line of a call; who asked for INFO has it, nobody else pays for it."""
    if not _log.isEnabledFor(logging.INFO):
        return
    call, problem = seen.call, _problem(seen)
    fields: dict[str, object] = {
        "call": call.id,
        "operation": call.operation,
        "caller": call.caller,
        "status": _status(seen),
        "seconds": round(seconds, 4),
    }
    if problem is not None:
        fields |= {"code": problem.code, "fault": problem.fault.value}
    _log.info("call", extra=fields)


def toolcall(call: Call, tool: str, model_id: str) -> dict[str, Attribute]:
    """Return the attributes of the span of a call, before it is made."""
    return {
        names.OPERATION: "execute_tool",
        names.TOOL: tool,
        names.TOOL_TYPE: "extension",  # run on the agent's side, to call an API
        names.TOOL_CALL: model_id or call.id,
        names.CALL: call.id,
        names.CALLER: call.caller,
        names.DOOR: call.door,
    }


def told(seen: Seen) -> dict[str, Attribute]:
    """Return the attributes of the span of a call that its end brings."""
    problem = _problem(seen)
    added: dict[str, Attribute] = {names.STATUS: _status(seen)}
    if problem is not None:
        added |= {names.ERROR: problem.code, names.FAULT: problem.fault.value}
    elif seen.outcome is None:
        added[names.ERROR] = "cancelled"
    return added


def counted(added: dict[str, Attribute], operation: str) -> dict[str, Attribute]:
    """Return the attributes under which the duration of a call is counted: few, and bounded."""
    attributes: dict[str, Attribute] = {names.OPERATION: "execute_tool", names.TOOL: operation}
    if names.ERROR in added:
        attributes[names.ERROR] = added[names.ERROR]
    return attributes


def sendings(seen: Seen) -> Iterator[tuple[str, dict[str, Attribute], datetime, float]]:
    """Return each exchange with the API as name, attributes, start and seconds of a span.

    Of its address only the host is told: path and query hold arguments.
    """
    if seen.prepared is None:
        return
    place = urlsplit(seen.prepared.target)
    for number, attempt in enumerate(seen.attempts):
        attributes: dict[str, Attribute] = {names.METHOD: seen.prepared.method}
        if place.hostname:
            attributes[names.SERVER] = place.hostname
        if place.port:
            attributes[names.PORT] = place.port
        if number:
            attributes[names.RESENT] = number
        answered = attempt.ended.isdecimal()
        if answered:
            attributes[names.STATUS_CODE] = int(attempt.ended)
        if not answered or attempt.ended >= "400":
            attributes[names.ERROR] = attempt.ended
        yield seen.prepared.method, attributes, attempt.at, attempt.seconds


def _status(seen: Seen) -> str:
    return seen.outcome.status.value if seen.outcome is not None else "cancelled"


def _problem(seen: Seen) -> Problem | None:
    """Return what went wrong; a call that waits for a person has failed nobody."""
    if seen.outcome is None or seen.outcome.status in {Status.PENDING, Status.RUNNING}:
        return None
    return seen.outcome.problem


def _reuse(seen: Seen) -> str:
    if seen.cached:
        return seen.cached
    if seen.received is not None and seen.received.repeated_from is not None:
        return "repeated"
    is_read = seen.prepared is not None and seen.prepared.effect is Effect.READ
    return "miss" if is_read and seen.attempts else ""


def _ended(attempt: Attempt) -> str:
    """Return how an attempt ended; an API may answer with any number as its status."""
    ended = attempt.ended
    return ended if not ended.isdecimal() or ended in _STATUSES else OTHER
