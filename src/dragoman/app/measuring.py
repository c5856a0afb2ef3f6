"""What other rooms know of their present state, put among the measurements."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from dragoman.app.parts import Parts
from dragoman.call.breaker import State
from dragoman.operation import JsonObject
from dragoman.telemetry.metrics import Metrics

__all__ = ["measure_rooms"]

_STATES = {State.CLOSED: 0, State.PROBING: 1, State.OPEN: 2}


def measure_rooms(parts: Parts) -> None:
    """Let telemetry read the rooms, and be told of approvals."""
    parts.telemetry.gauges = partial(_read, parts)
    parts.outbox.heard = partial(_heard, parts.telemetry.metrics)


def _read(parts: Parts, metrics: Metrics, apis: Collection[str]) -> None:
    """Set the gauges of these APIs, and those of the records."""
    now, last = parts.clock.monotonic(), parts.path.limit.learned.last
    for api in apis:
        said, at = last.get(api, (None, now))
        if said is None:
            continue
        if said.limit is not None:
            metrics.set("api_limit", api, to=said.limit)
        if said.remaining is not None:
            metrics.set("api_limit_remaining", api, to=said.remaining)
        if said.reset is not None:
            metrics.set("api_limit_reset_seconds", api, to=max(0.0, at + said.reset - now))
    worst: dict[str, int] = {}
    for (api, _), state in parts.path.send.breakers.states().items():
        worst[api] = max(_STATES[state], worst.get(api, 0))
    for api in worst.keys() & set(apis):
        metrics.set("breaker_state", api, to=worst[api])
    metrics.set("records_waiting", to=parts.audit.waiting)
    metrics.set("records_lost", to=parts.audit.lost)


def _heard(metrics: Metrics, event: str, told: JsonObject) -> None:
    """Count what becomes of questions to people."""
    kind, _, state = event.partition(".")
    if kind == "approval":
        if state == "answered":
            state = "approved" if told.get("approved") else "denied"
        metrics.add("approvals", state)
