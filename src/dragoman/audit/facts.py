"""What is recorded, as plain data: calls, turns of a model, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from dragoman.operation import JsonObject, JsonValue

__all__ = ["AnswerRecord", "CallFilter", "CallRecord", "TurnRecord"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call and what came of it.

    Times in seconds: `seconds` for all of the call, `api_seconds` for the exchange with the API.
    `credential` is the label of what the API was shown, never its value; `rule` the line that
    decided; `resumable` all that is needed to run the call again, empty where it held a secret.
    """

    id: str
    at: datetime
    answer_id: str | None
    parent_id: str | None
    door: str
    caller: str
    user: str | None
    question: str
    operation: str
    api: str
    effect: str
    status: str
    arguments: JsonObject
    origins: JsonObject
    prepared: JsonObject | None
    http_status: int | None
    problem: JsonObject | None
    rule: str
    approval_id: str | None
    bytes_received: int | None
    seconds: float
    api_seconds: float | None
    dry_run: bool
    repeated: bool
    resumable: JsonObject
    credential: str = ""

    def as_json(self) -> dict[str, JsonValue]:
        """Return the members that people see, under stable names; `resumable` is not for them."""
        return _as_json(self, without="resumable")


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One reply of a model within an answer; `usage` in tokens."""

    answer_id: str
    step: int
    at: datetime
    model: str
    seconds: float
    usage: Mapping[str, int]
    tool_calls: int
    finish: str


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One question and its answer; `state` is the conversation, so that it can go on."""

    id: str
    at: datetime
    caller: str
    user: str | None
    question: str
    model: str
    status: str
    text: str
    usage: Mapping[str, int]
    dollars: float | None
    calls: int
    seconds: float
    state: JsonObject | None

    def as_json(self) -> dict[str, JsonValue]:
        """Return the members that people see, under stable names, without the conversation."""
        return _as_json(self, without="state")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are wanted: from `since` on and before `until`.

    `operation` is a glob with `*` and `?`; its case does not matter.
    """

    since: datetime | None = None
    until: datetime | None = None
    caller: str | None = None
    operation: str | None = None
    status: str | None = None
    answer_id: str | None = None


def _as_json(record: CallRecord | AnswerRecord, *, without: str) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    for field in fields(record):
        if field.name != without:
            value = getattr(record, field.name)
            members[field.name] = value.isoformat() if isinstance(value, datetime) else value
    return members
