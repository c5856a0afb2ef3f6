"""What is recorded, as plain data: calls, turns of a model, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from dragoman.operation import Attempt, JsonObject, JsonValue

__all__ = ["AnswerRecord", "CallFilter", "CallRecord", "Later", "TurnRecord", "plain"]


class Later(Mapping[str, JsonValue]):
    """An object that is made when somebody first looks into it: most are never looked into."""

    def __init__(self, make: Callable[[], JsonObject]) -> None:
        self._make = make

    @cached_property
    def made(self) -> dict[str, JsonValue]:
        """The object itself."""
        return dict(self._make())

    def __getitem__(self, name: str) -> JsonValue:
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)

    def __repr__(self) -> str:
        return repr(self.made)

    def __reduce__(self) -> tuple[Any, ...]:  # a copy is of what it holds, not of how it is made
        return dict, (self.made,)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call and what came of it.

    Times in seconds: `seconds` for all of the call, `api_seconds` for the exchanges with the API,
    `queue_seconds` for the waits before them; `connect_seconds` and `first_byte_seconds` are those
    of the last attempt. `bytes_sent` are the request line, headers and body of one attempt,
    without the credential; `bytes_shown` what the caller was given, as JSON.

    `decision` says in words why it went on or not, `rule` is the line that decided. `cached` is
    `fresh` or `revalidated`, `result_id` the handle of what was left out. `credential` is the
    label of what the API was shown, never its value; `resumable` all that is needed to run the
    call again, empty where it held a secret. The digests are of what it was made under.
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
    decision: str = ""
    attempts: tuple[Attempt, ...] = ()
    cached: str = ""
    bytes_sent: int | None = None
    bytes_shown: int | None = None
    queue_seconds: float = 0.0
    connect_seconds: float | None = None
    first_byte_seconds: float | None = None
    result_id: str = ""
    description_digest: str = ""
    settings_digest: str = ""

    def as_json(self) -> dict[str, JsonValue]:
        """Return the members that people see, under stable names; `resumable` is not for them."""
        return _as_json(self, without="resumable")


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One reply of a model within an answer; `usage` in tokens.

    `first_chunk_seconds` is the time until it began, where it was streamed; `limits` what the
    provider says is left of its own.
    """

    answer_id: str
    step: int
    at: datetime
    model: str
    seconds: float
    usage: Mapping[str, int]
    tool_calls: int
    finish: str
    first_chunk_seconds: float | None = None
    dollars: float | None = None
    limits: JsonObject | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """Return the members that people see, under stable names."""
        return _as_json(self, without="")


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
    user: str | None = None


def _as_json(
    record: CallRecord | TurnRecord | AnswerRecord, *, without: str
) -> dict[str, JsonValue]:
    names = type(record).__slots__
    return {name: plain(getattr(record, name)) for name in names if name != without}


def plain(value: Any) -> JsonValue:  # of any field
    """Return what a field holds as a value of JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_attempt(one) for one in value]
    return cast("JsonValue", value.made if isinstance(value, Later) else value)


def _attempt(one: Attempt) -> dict[str, JsonValue]:
    return {
        "at": one.at.isoformat(),
        "ended": one.ended,
        "seconds": one.seconds,
        "waited": one.waited,
        "connect": one.connect,
        "first_byte": one.first_byte,
    }
