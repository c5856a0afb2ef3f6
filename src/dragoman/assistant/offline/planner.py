"""The planner as a model: it reads a transcript and returns its next turn, keeping nothing."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dragoman.assistant.offline.fill import Slot, Step, accepts
from dragoman.assistant.offline.plan import decide
from dragoman.assistant.offline.rank import Index, words_of
from dragoman.assistant.offline.table import rows_of, table
from dragoman.exact_json import encode_text
from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage
from dragoman.tools.prose import visible

if TYPE_CHECKING:
    from dragoman.models.provider import ModelRequest, OnText
    from dragoman.operation import JsonObject, JsonValue, Tool

__all__ = ["OfflinePlanner"]

_SIGNED = "(offline planner, not a language model: it matches words, and judges nothing)"
_STATES = {
    "previewed": "was not sent: this is a dry run",
    "pending": "waits for a person's yes",
    "running": "is still running",
    "unknown": "was sent and may have happened: look before you send it again",
}


class OfflinePlanner:
    """Answers without a language model, and says so in every answer."""

    name = "offline"
    max_tools = 100_000

    def __init__(self) -> None:
        self._index = Index(())

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """Return a call or the answer; the words are counted in a thread."""
        reply = await asyncio.to_thread(self._reply, request)
        if on_text is not None and reply.text:
            await on_text(reply.text)
        return reply

    async def aclose(self) -> None:
        """Do nothing: there is nothing open."""

    def _reply(self, request: ModelRequest) -> ModelReply:
        index = self._index
        if index.tools is not request.tools:
            index = self._index = Index(request.tools)
        question, results = "", list[ToolResult]()
        for turn in request.transcript:
            if isinstance(turn, UserMessage) and not turn.added:
                question, results = turn.text, []
            elif isinstance(turn, ToolResult):
                results.append(turn)
        last = results[-1] if results else None
        plan, nearest = decide(question, index) if len(results) < 2 else (None, ())
        if last is None:
            return _call(plan.first.tool, plan.first.arguments) if plan else _unsure(nearest)
        if plan and plan.wanted and plan.first.tool.name == last.name and last.status == "ok":
            found = list(_values(plan.wanted, plan.first, last.data))
            if len(found) == 1:
                return _call(plan.target.tool, {**plan.target.arguments, plan.wanted.name: found[0]})
            said = f"{plan.target.tool.operation} needs one {plan.wanted.name}; {len(found)} fit:"
            return _text(said, _shown(last, index.tools))
        return _text(_shown(last, index.tools))


def _call(tool: Tool, arguments: JsonObject) -> ModelReply:
    call = ToolCall(f"call_{tool.name}", tool.name, encode_text(arguments))
    return ModelReply(tool_calls=(call,), model=OfflinePlanner.name)


def _text(*parts: str) -> ModelReply:
    return ModelReply("\n".join([*filter(None, parts), _SIGNED]), model=OfflinePlanner.name)


def _unsure(nearest: tuple[Step, ...]) -> ModelReply:
    if not nearest:
        return _text("I know of no operation for that.")
    return _text("I am not sure which operation is meant. The nearest:", *map(_line, nearest))


def _line(step: Step) -> str:
    given = [f"{name}={v}" if isinstance(v, str) and v[0] != "@" else f"{name}:={encode_text(v)}" for name, v in step.arguments.items()]
    wanted = [f"{slot.name}={'|'.join(slot.choices[:5]) or '…'}" for slot in step.missing]
    words = ["dragoman", "call", step.tool.operation, *given, *wanted]
    return "  " + visible(" ".join(map(shlex.quote, words)))


def _values(wanted: Slot, look_up: Step, data: JsonValue) -> Iterator[JsonValue]:
    """Yield what a look-up found for an argument, by name and schema, each once.

    Where rows hold exactly what was looked for, only these count.
    """
    rows = rows_of(data)
    said = {str(value).lower() for value in look_up.arguments.values()}
    exact = [row for row in rows if said & {str(value).lower() for value in row.values()}]
    words = words_of(wanted.name)
    for names in (words, words[-1:]):
        found = [v for row in exact or rows for k, v in row.items() if words_of(k) == names]
        if found:
            yield from dict.fromkeys(v for v in found if isinstance(v, str | int) and accepts(wanted, v))
            return


def _shown(result: ToolResult, tools: tuple[Tool, ...]) -> str:
    """Tell what came of a call; its note is on a line of its own, which no data can imitate."""
    source = next((tool.operation for tool in tools if tool.name == result.name), result.name)
    data = result.data
    if result.status == "failed":
        detail = data.get("detail") if isinstance(data, Mapping) else data
        return f"I don't know: {source} says: {visible(str(detail))}"
    if result.status != "ok":
        return f"{source} {_STATES.get(result.status, result.status)}.\n{table(data) if data else ''}"
    if data in (None, "", [], {}) or not rows_of(data):
        return f"I don't know: {source} found nothing."
    note = next((line for line in result.content.split("\n") if line.startswith("note: ")), "")
    return f"From {source}:\n{table(data)}\n{note}".rstrip()
