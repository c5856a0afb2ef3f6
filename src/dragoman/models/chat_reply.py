"""Chat Completions: how an answer is read, whole or in events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.exact_json import encode_text
from dragoman.identifiers import new_id
from dragoman.models.dialect import FILTERED
from dragoman.models.faults import MALFORMED, ServerFaultError, reported
from dragoman.models.members import member, number, objects, text
from dragoman.models.provider import ModelReply, ToolCall, Usage

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["ChatAssembly", "read"]


def read(answer: JsonObject) -> ModelReply:
    """Return the turn in a completion; raises `ServerFaultError` where it holds none.

    Of a completion that was cut off by its length neither message nor calls are kept: the last
    of them may be half of what the model meant.
    """
    choices = objects(answer, "choices")
    if not choices:
        error = member(answer, "error")
        raise reported(error) if error else ServerFaultError(MALFORMED, "it has no choices")
    message, finish = member(choices[0], "message"), text(choices[0], "finish_reason")
    usage, model = _usage(member(answer, "usage")), text(answer, "model")
    refusal = text(message, "refusal")
    if finish == "length":
        return ModelReply(text=_content(message), usage=usage, finish="length", model=model)
    if refusal or finish == "content_filter":
        said = refusal or FILTERED
        return ModelReply(text=said, usage=usage, finish="refusal", model=model)
    calls = [_with_id(call) for call in objects(message, "tool_calls")]
    return ModelReply(
        text=_content(message),
        tool_calls=tuple(_call(call) for call in calls),
        items=(_passed_back(message, calls),),
        usage=usage,
        model=model,
    )


def _content(message: JsonObject) -> str:
    """Return the text of a message; some servers give it in parts."""
    parts = [text(part, "text") for part in objects(message, "content")]
    return text(message, "content") or "".join(parts)


def _with_id(call: JsonObject) -> JsonObject:
    """Return a call with an id: a result must name one, and some servers give none."""
    return call if text(call, "id") else {**call, "id": new_id("call_")}


def _call(call: JsonObject) -> ToolCall:
    function = member(call, "function")
    return ToolCall(text(call, "id"), text(function, "name"), _arguments(function))


def _arguments(function: JsonObject) -> str:
    """Return the arguments as text; some servers give them as an object."""
    arguments = function.get("arguments")
    if isinstance(arguments, Mapping):
        return encode_text(arguments)
    return text(function, "arguments")


def _passed_back(message: JsonObject, calls: list[JsonObject]) -> JsonObject:
    """Return the message for the next request, without what servers give and do not take.

    An empty list of calls is refused by OpenAI, a null by servers that know no null.
    """
    kept: dict[str, JsonValue] = {
        name: value for name, value in message.items() if value is not None and value != []
    }
    kept["role"] = "assistant"
    kept.setdefault("content", None if calls else "")
    if calls:
        kept["tool_calls"] = calls
    return kept


def _usage(usage: JsonObject) -> Usage:
    return Usage(
        input_tokens=number(usage, "prompt_tokens"),
        cached_tokens=number(member(usage, "prompt_tokens_details"), "cached_tokens"),
        output_tokens=number(usage, "completion_tokens"),
        reasoning_tokens=number(member(usage, "completion_tokens_details"), "reasoning_tokens"),
    )


@dataclass(slots=True)
class _PartialCall:
    """A tool call as far as it has come; `other` is what only its server understands."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    index: int | None = None
    other: dict[str, JsonValue] = field(default_factory=dict)

    def add(self, delta: JsonObject) -> None:
        """Take in the next piece; what names the call comes once, or each time anew."""
        function = member(delta, "function")
        self.id = self.id or text(delta, "id")
        self.name = self.name or text(function, "name")
        self.arguments += _arguments(function)
        known = {"id", "index", "type", "function"}
        self.other |= {name: value for name, value in delta.items() if name not in known}

    def whole(self) -> JsonObject:
        """Return it in the form that an unstreamed answer has."""
        function = {"name": self.name, "arguments": self.arguments}
        return {**self.other, "id": self.id, "type": "function", "function": function}


@dataclass(slots=True)
class ChatAssembly:
    """Puts the chunks of a streamed completion together, of its first choice."""

    _message: dict[str, JsonValue] = field(default_factory=dict)
    _calls: list[_PartialCall] = field(default_factory=list)
    _about: dict[str, JsonValue] = field(default_factory=dict)
    _finish: str = ""

    def feed(self, event: JsonObject) -> str:
        """Take in the next chunk; the one that carries the usage has no choices."""
        for name in ("model", "usage", "service_tier"):
            if event.get(name) is not None:
                self._about[name] = event[name]
        piece = ""
        for choice in objects(event, "choices"):
            if number(choice, "index") == 0:
                piece += self._feed_delta(member(choice, "delta"))
                self._finish = text(choice, "finish_reason") or self._finish
        return piece

    def answer(self) -> JsonObject | None:
        """Return the completion; None before a chunk has said why it ended."""
        if not self._finish:
            return None
        message: dict[str, JsonValue] = {**self._message, "role": "assistant"}
        if self._calls:
            message["tool_calls"] = [call.whole() for call in self._calls]
        return {**self._about, "choices": [{"message": message, "finish_reason": self._finish}]}

    def _feed_delta(self, delta: JsonObject) -> str:
        """Add up what a delta says: content, a refusal, and reasoning by whatever name."""
        for call in objects(delta, "tool_calls"):
            self._call_of(call).add(call)
        content = _content(delta)
        for name, value in delta.items():
            if name not in {"role", "content", "tool_calls"} and value is not None:
                self._message[name] = _added(self._message.get(name), value)
        self._message["content"] = _added(self._message.get("content"), content)
        return content

    def _call_of(self, delta: JsonObject) -> _PartialCall:
        """Return the call that a piece belongs to, by its place, or its id where places are wrong.

        Some servers number every call 0, or none.
        """
        index, id_ = delta.get("index"), text(delta, "id")
        place = index if isinstance(index, int) else None
        for call in reversed(self._calls):
            if (place is None or call.index == place) and (not id_ or call.id in {"", id_}):
                return call
        self._calls.append(_PartialCall(index=place))
        return self._calls[-1]


def _added(old: JsonValue, new: JsonValue) -> JsonValue:
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    return new
