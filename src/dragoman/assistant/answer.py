"""A question and its answer, as plain data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dragoman.audit.approval import Approval
from dragoman.errors import Problem
from dragoman.models.provider import Usage
from dragoman.operation import OWNER, Door, JsonObject, JsonSchema, Outcome, Status

__all__ = [
    "Answer",
    "CallFinished",
    "CallStarted",
    "Event",
    "OnApproval",
    "OnEvent",
    "Question",
    "TextArrived",
]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and within which bounds it is answered.

    `context` are outcomes that are shown to the model instead of tools; `after` is the id of the
    answer that this question follows in a conversation.
    """

    text: str
    user: str | None = None
    caller: str = OWNER
    toolset: str | None = None
    door: Door = "ask"
    dry_run: bool = False
    context: tuple[Outcome, ...] = ()
    output_schema: JsonSchema | None = None
    output_name: str = "answer"
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    `status` is ok, pending while a call waits for a person, or failed; `calls` are the outcomes
    of all calls in the order in which they were made, of a resumed answer from the one that
    waited on; `approvals` are those it waits for.
    """

    id: str
    text: str
    status: Status
    calls: tuple[Outcome, ...] = ()
    approvals: tuple[Approval, ...] = ()
    data: object = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.status is Status.OK


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The model has asked for a call."""

    operation: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class CallFinished:
    """A call has come to an outcome, after so many seconds."""

    outcome: Outcome
    arguments: JsonObject
    seconds: float


Event: TypeAlias = TextArrived | CallStarted | CallFinished
OnEvent: TypeAlias = Callable[[Event], Awaitable[None]]
OnApproval: TypeAlias = Callable[[Approval], Awaitable[None]]
"""Puts an approval that a call waits for to a person, and takes down the answer."""
