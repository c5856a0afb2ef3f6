"""A conversation as it is kept in the store, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, cast

from dragoman.assistant.answer import Question
from dragoman.models.provider import (
    ModelReply,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from dragoman.operation import Door, Effect, JsonObject, JsonValue, Tool

__all__ = ["Conversation", "Waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call of the model that waits for a person: its id in the conversation, and in the log."""

    tool_call: ToolCall
    call_id: str


@dataclass(slots=True)
class Conversation:
    """One question being answered: what was said and done so far, and what is waited for.

    `offered` are the operations whose tools the model was given, in their order, over all
    questions of the conversation.
    """

    id: str
    question: Question
    transcript: list[UserMessage | ModelReply | ToolResult] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    steps: int = 0
    offered: list[str] = field(default_factory=list)

    @property
    def used(self) -> set[str]:
        """The operations that were called so far."""
        return {result.operation for result in self.results}

    @property
    def words(self) -> str:
        """Everything that the person has said in this conversation."""
        said = (turn for turn in self.transcript if isinstance(turn, UserMessage))
        return "\n".join(turn.text for turn in said if not turn.added)

    @property
    def results(self) -> list[ToolResult]:
        """All results so far, in order."""
        return [turn for turn in self.transcript if isinstance(turn, ToolResult)]

    def as_json(self) -> JsonObject:
        """Return all of it as JSON."""
        question = self.question
        return {
            "question": {
                "text": question.text,
                "user": question.user,
                "caller": question.caller,
                "toolset": question.toolset,
                "door": question.door,
                "dry_run": question.dry_run,
                "output_schema": question.output_schema,
                "output_name": question.output_name,
            },
            "transcript": [_turn_as_json(turn) for turn in self.transcript],
            "waiting": [
                {"tool_call": _tool_call_as_json(w.tool_call), "call_id": w.call_id}
                for w in self.waiting
            ],
            "usage": _usage_as_json(self.usage),
            "steps": self.steps,
            "offered": list(self.offered),
        }

    @classmethod
    def from_json(cls, answer_id: str, stored: JsonObject) -> Conversation:
        """Return the conversation that was kept under that id."""
        question = cast("Mapping[str, JsonValue]", stored["question"])
        return cls(
            id=answer_id,
            question=Question(
                text=str(question["text"]),
                user=cast("str | None", question["user"]),
                caller=str(question["caller"]),
                toolset=cast("str | None", question["toolset"]),
                door=cast("Door", question["door"]),
                dry_run=bool(question["dry_run"]),
                output_schema=cast("JsonObject | None", question["output_schema"]),
                output_name=str(question["output_name"]),
            ),
            transcript=[_read_turn(turn) for turn in _objects(stored["transcript"])],
            waiting=[
                Waiting(_read_tool_call(cast("JsonObject", w["tool_call"])), str(w["call_id"]))
                for w in _objects(stored["waiting"])
            ],
            usage=_read_usage(cast("JsonObject", stored["usage"])),
            steps=int(cast("int", stored["steps"])),
            offered=[str(one) for one in cast("Sequence[str]", stored.get("offered", ()))],
        )


def _objects(value: JsonValue) -> Sequence[JsonObject]:
    return cast("Sequence[JsonObject]", value)


def _turn_as_json(turn: UserMessage | ModelReply | ToolResult) -> JsonObject:
    match turn:
        case UserMessage():
            return {"type": "user", "text": turn.text, "added": turn.added}
        case ModelReply():
            return {
                "type": "reply",
                "text": turn.text,
                "tool_calls": [_tool_call_as_json(call) for call in turn.tool_calls],
                "items": list(turn.items),
                "finish": turn.finish,
                "model": turn.model,
            }
        case ToolResult():
            found = turn.tools
            return {
                "type": "result",
                "call_id": turn.call_id,
                "name": turn.name,
                "content": turn.content,
                "status": turn.status,
                "data": turn.data,
                "when_missing": turn.when_missing,
                "operation": turn.operation,
                "tools": None if found is None else [_tool_as_json(tool) for tool in found],
                "handle": turn.handle,
            }


def _read_turn(stored: JsonObject) -> UserMessage | ModelReply | ToolResult:
    if stored["type"] == "user":
        return UserMessage(str(stored["text"]), added=bool(stored["added"]))
    if stored["type"] == "reply":
        return ModelReply(
            text=str(stored["text"]),
            tool_calls=tuple(_read_tool_call(call) for call in _objects(stored["tool_calls"])),
            items=tuple(_objects(stored["items"])),
            finish=cast("Literal['stop', 'length', 'refusal']", stored["finish"]),
            model=str(stored["model"]),
        )
    return ToolResult(
        call_id=str(stored["call_id"]),
        name=str(stored["name"]),
        content=str(stored["content"]),
        status=str(stored["status"]),
        data=stored["data"],
        when_missing=str(stored["when_missing"]),
        operation=str(stored.get("operation", "")),
        tools=_read_tools(stored.get("tools")),
        handle=str(stored.get("handle", "")),
    )


def _tool_call_as_json(call: ToolCall) -> JsonObject:
    return {
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "searches": call.searches,
    }


def _read_tool_call(stored: JsonObject) -> ToolCall:
    return ToolCall(
        str(stored["id"]),
        str(stored["name"]),
        str(stored["arguments"]),
        searches=bool(stored.get("searches")),
    )


def _tool_as_json(tool: Tool) -> JsonObject:
    """Return a tool as it was shown: it is kept for that alone."""
    return {
        "name": tool.name,
        "operation": tool.operation,
        "description": tool.description,
        "parameters": tool.shown_parameters,
        "effect": tool.effect.value,
        "strict": tool.strict,
    }


def _read_tools(stored: JsonValue) -> tuple[Tool, ...] | None:
    if stored is None:
        return None
    return tuple(
        Tool(
            name=str(one["name"]),
            operation=str(one["operation"]),
            description=str(one["description"]),
            parameters=cast("JsonObject", one["parameters"]),
            effect=Effect(str(one["effect"])),
            strict=bool(one["strict"]),
        )
        for one in _objects(stored)
    )


def _usage_as_json(usage: Usage) -> JsonObject:
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "dollars": usage.dollars,
    }


def _read_usage(stored: JsonObject) -> Usage:
    dollars = stored["dollars"]
    return Usage(
        input_tokens=int(cast("int", stored["input_tokens"])),
        cached_tokens=int(cast("int", stored["cached_tokens"])),
        output_tokens=int(cast("int", stored["output_tokens"])),
        reasoning_tokens=int(cast("int", stored["reasoning_tokens"])),
        dollars=float(cast("Decimal | float", dollars)) if dollars is not None else None,
    )
