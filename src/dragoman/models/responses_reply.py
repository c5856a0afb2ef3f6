"""The Responses API: how an answer is read, whole or in events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.exact_json import encode_text
from dragoman.models.dialect import FILTERED
from dragoman.models.faults import MALFORMED, ServerFaultError, reported
from dragoman.models.members import member, number, objects, text
from dragoman.models.provider import ModelReply, ToolCall, Usage

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["ResponsesAssembly", "read"]

_CALLS = ("function_call", "tool_search_call")


def read(answer: JsonObject) -> ModelReply:
    """Return the turn in a response object; raises `ServerFaultError` where it holds none.

    Of a response that is incomplete neither items nor calls are kept: the last of them may be
    half of what the model meant.
    """
    _check(answer)
    output = objects(answer, "output")
    usage, model = _usage(member(answer, "usage")), text(answer, "model")
    refusal = _parts(output, "refusal", "refusal")
    if text(answer, "status") == "incomplete":
        reason = text(member(answer, "incomplete_details"), "reason")
        if reason == "content_filter":
            return ModelReply(text=FILTERED, usage=usage, finish="refusal", model=model)
        return ModelReply(text=_text(output), usage=usage, finish="length", model=model)
    if refusal:
        return ModelReply(text=refusal, usage=usage, finish="refusal", model=model)
    return ModelReply(
        text=_text(output),
        tool_calls=tuple(_call(item) for item in output if item.get("type") in _CALLS),
        items=tuple(output),
        usage=usage,
        model=model,
    )


def _check(answer: JsonObject) -> None:
    error = member(answer, "error")
    if error:
        raise reported(error)
    status = text(answer, "status") or "completed"
    if status not in {"completed", "incomplete"}:
        raise ServerFaultError(MALFORMED, f"its status is {status}")
    if not isinstance(answer.get("output"), list):
        raise ServerFaultError(MALFORMED, "it has no output")


def _call(item: JsonObject) -> ToolCall:
    call_id, arguments = text(item, "call_id"), text(item, "arguments")
    if item.get("type") == "function_call":
        return ToolCall(call_id, text(item, "name"), arguments)
    # Its arguments are an object, and not the text of one.
    arguments = arguments or encode_text(item.get("arguments"))
    return ToolCall(call_id, "tool_search", arguments, searches=True)


def _text(output: list[JsonObject]) -> str:
    """Return the final answer where the model marks one, else all that it says."""
    final = [item for item in output if item.get("phase") == "final_answer"]
    return _parts(final or output, "output_text", "text")


def _parts(output: list[JsonObject], kind: str, name: str) -> str:
    return "".join(
        text(part, name)
        for item in output
        if item.get("type") == "message"
        for part in objects(item, "content")
        if part.get("type") == kind
    )


def _usage(usage: JsonObject) -> Usage:
    return Usage(
        input_tokens=number(usage, "input_tokens"),
        cached_tokens=number(member(usage, "input_tokens_details"), "cached_tokens"),
        output_tokens=number(usage, "output_tokens"),
        reasoning_tokens=number(member(usage, "output_tokens_details"), "reasoning_tokens"),
    )


@dataclass(slots=True)
class ResponsesAssembly:
    """Puts the events of a streamed response together.

    The items count as their `done` events give them: the encrypted reasoning of an item that was
    only added may be incomplete, and some servers leave the output of the last event empty.
    """

    _items: dict[int, JsonObject] = field(default_factory=dict)
    _arguments: dict[int, str] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)
    _last: JsonObject | None = None

    def feed(self, event: JsonObject) -> str:
        """Take in the next event; raises `ServerFaultError` for one that reports a fault."""
        index = number(event, "output_index")
        match text(event, "type"):
            case "response.output_text.delta":
                return text(event, "delta")
            case "response.output_item.added":
                self._items[index] = member(event, "item")
            case "response.function_call_arguments.delta":
                self._arguments[index] = self._arguments.get(index, "") + text(event, "delta")
            case "response.function_call_arguments.done":
                # It names neither function nor call: those are the item's at the same place.
                self._arguments[index] = text(event, "arguments")
            case "response.output_item.done":
                self._items[index] = member(event, "item")
                self._done.add(index)
            case "response.completed" | "response.incomplete" | "response.failed":
                self._last = member(event, "response")
            case "error":
                raise reported(member(event, "error") or event)
            case _:  # progress, and what later versions add
                pass
        return ""

    def answer(self) -> JsonObject | None:
        """Return the response object; None before the event that ends it."""
        if self._last is None:
            return None
        given = objects(self._last, "output")
        if not self._items or (given and self._done != set(self._items)):
            return self._last
        return {**self._last, "output": [self._item(index) for index in sorted(self._items)]}

    def _item(self, index: int) -> JsonValue:
        item = self._items[index]
        if index in self._done or index not in self._arguments:
            return item
        return {**item, "arguments": self._arguments[index]}
