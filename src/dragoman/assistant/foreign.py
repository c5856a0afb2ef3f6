"""Tool calls of a loop that is not ours: any reply of OpenAI's API in, what to send back out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from dragoman.assistant.answer import Question
from dragoman.assistant.conversation import Conversation
from dragoman.assistant.execution import Execution
from dragoman.assistant.finding import Choice
from dragoman.assistant.prompt import about_api
from dragoman.clock import Clock, Deadline
from dragoman.config.settings import ApiSettings
from dragoman.errors import ArgumentError
from dragoman.exact_json import encode_text
from dragoman.identifiers import new_id
from dragoman.models.provider import ToolCall, ToolResult, UserMessage
from dragoman.models.responses import tools_found
from dragoman.operation import Call, JsonValue, Outcome

__all__ = ["run_tool_calls"]

_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A tool call, and which of OpenAI's two interfaces it came from."""

    call: ToolCall
    is_chat: bool


async def run_tool_calls(
    tool_calls: Sequence[object],
    *,
    run: Callable[[Call], Awaitable[Outcome]],
    read: Callable[[Call], Awaitable[Outcome]],
    choice: Choice,
    question: Question,
    apis: Mapping[str, ApiSettings],
    budget: int,
    clock: Clock,
) -> list[dict[str, object]]:
    """Run the calls and return one output item, or `tool` message, for each.

    Items of a reply that are no tool calls (text, reasoning) are passed over. Raises
    `ArgumentError` for an object that is neither a tool call nor an item of a reply.
    """
    foreign = [one for item in tool_calls if (one := _read(item)) is not None]
    conversation = Conversation(new_id(), question, [UserMessage(question.text)])
    execution = Execution(
        run=run,
        read=read,
        table=choice.table,
        more=choice.more,
        clock=clock,
        budget=budget,
        about={name: about_api(api) for name, api in apis.items()},
        when_missing={name: api.when_missing for name, api in apis.items()},
    )
    outcomes = await execution.step(
        conversation, [one.call for one in foreign], Deadline.after(_SECONDS, clock)
    )
    return [
        _output(one, execution.result(one.call, outcome))
        for one, outcome in zip(foreign, outcomes, strict=True)
    ]


def _read(item: object) -> _Foreign | None:
    """Read a call of a function or a tool search of Responses, or one of Chat's `tool_calls`."""
    kind = _member(item, "type")
    if kind == "tool_search_call":
        arguments = encode_text(cast("JsonValue", _member(item, "arguments")))
        call = ToolCall(_text(item, "call_id"), kind, arguments, searches=True)
        return _Foreign(call, is_chat=False)
    if kind == "function_call":
        call = ToolCall(_text(item, "call_id"), _text(item, "name"), _text(item, "arguments"))
        return _Foreign(call, is_chat=False)
    function = _member(item, "function")
    if function is not None:
        call = ToolCall(_text(item, "id"), _text(function, "name"), _text(function, "arguments"))
        return _Foreign(call, is_chat=True)
    if isinstance(kind, str):
        return None
    raise ArgumentError(
        f"{type(item).__name__} is no tool call.",
        hint="Pass response.output of Responses, or message.tool_calls of Chat Completions.",
    )


def _member(item: object, name: str) -> object:
    if isinstance(item, Mapping):
        return cast("Mapping[str, object]", item).get(name)
    return getattr(item, name, None)


def _text(item: object, name: str) -> str:
    value = _member(item, name)
    if not isinstance(value, str):
        raise ArgumentError(f"A tool call without '{name}'.")
    return value


def _output(foreign: _Foreign, result: ToolResult) -> dict[str, object]:
    if foreign.is_chat:
        return {"role": "tool", "tool_call_id": result.call_id, "content": result.content}
    if result.tools is not None:
        return dict(tools_found(result.call_id, result.tools))
    return {"type": "function_call_output", "call_id": result.call_id, "output": result.content}
