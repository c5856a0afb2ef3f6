"""The planner as a model: it reads a transcript and returns its next turn, keeping nothing."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping

from dragoman.assistant.offline.fill import Slot, Step, accepts
from dragoman.assistant.offline.plan import decide
from dragoman.assistant.offline.table import rows_of, table
from dragoman.assistant.offline.words import Index, words_of
from dragoman.exact_json import encode_text
from dragoman.models import provider as models
from dragoman.operation import Effect, JsonObject, JsonValue
from dragoman.tools.prose import visible

__all__ = ["OfflinePlanner"]

_SIGNED = "(Offline planner, not a language model: it matches words and judges nothing.)"


class OfflinePlanner:
    """A model that is none: the same transcript and tools give the same reply, always."""

    name, max_tools = "offline", 20_000
    finding: models.Finding = "none"

    def __init__(self) -> None:
        self._index = Index(())

    async def reply(
        self, request: models.ModelRequest, on_text: models.OnText | None = None
    ) -> models.ModelReply:
        """Return the next call, or the answer in one piece; it is worked out in a thread."""
        reply = await asyncio.to_thread(self._reply, request)
        if on_text is not None and reply.text:
            await on_text(reply.text)
        return reply

    async def aclose(self) -> None:
        """Do nothing: there is nothing open."""

    def _reply(self, request: models.ModelRequest) -> models.ModelReply:
        index = self._index
        # It tells of what it is shown, and reads on in nothing.
        tools = tuple(tool for tool in request.callable_tools if tool.operation)
        if index.tools != tools:
            index = self._index = Index(tools)
        question, results = "", list[models.ToolResult]()
        for turn in request.transcript:
            if isinstance(turn, models.ToolResult):
                results.append(turn)
            elif isinstance(turn, models.UserMessage) and not turn.added:
                question, results = turn.text, []
        plan, nearest = decide(question, index)
        text = _told(results[-1], index) if results else _unsure(nearest)
        if plan and not results:
            return self._call(request, plan.first, {})
        if plan and plan.wanted and len(results) == 1 and results[0].status == "ok":
            name, found = plan.wanted.name, _found(plan.wanted, plan.first, results[0].data)
            if len(found) == 1:
                return self._call(request, plan.target, {name: found[0]})
            lead = "Several fit" if found else "I don't know"
            text = f"{lead}: {plan.target.tool.operation} needs one {name}.\n{text}"
        return models.ModelReply(f"{text}\n\n{_SIGNED}", model=self.name)

    def _call(
        self, request: models.ModelRequest, step: Step, more: JsonObject
    ) -> models.ModelReply:
        arguments = encode_text({**step.arguments, **more})
        call = models.ToolCall(f"call_{len(request.transcript)}", step.tool.name, arguments)
        return models.ModelReply(tool_calls=(call,), model=self.name)


def _found(wanted: Slot, look_up: Step, data: JsonValue) -> list[JsonValue]:
    """Return what was found for an argument; rows that hold just what was looked for go first."""
    said = {str(value).lower() for value in look_up.arguments.values()}
    rows = rows_of(data)
    rows = [row for row in rows if said & {str(v).lower() for v in row.values()}] or rows
    words = words_of(wanted.name)
    for names in (words, words[-1:]):
        values = [row[key] for row in rows for key in row if words_of(key) == names]
        if found := [one for one in values if isinstance(one, str | int) and accepts(wanted, one)]:
            return list(dict.fromkeys(found))
    return []


def _unsure(nearest: tuple[Step, ...]) -> str:
    lines = ["I am not sure which operation is meant." + " The nearest:" * bool(nearest)]
    for step in nearest:
        words = ["dragoman", "call", step.tool.operation]
        for name, value in step.arguments.items():
            is_plain = isinstance(value, str) and not value.startswith("@")
            words.append(f"{name}={value}" if is_plain else f"{name}:={encode_text(value)}")
        words += [f"{slot.name}={'|'.join(slot.choices[:9]) or '…'}" for slot in step.missing]
        lines.append("  " + visible(shlex.join(words)))
    return "\n".join(lines)


def _told(result: models.ToolResult, index: Index) -> str:
    """Tell what came of a call. Its content has one line for each thing that we say of it."""
    lines = dict(line.partition(": ")[::2] for line in result.content.split("\n"))
    source, note = lines.get("source", result.name), lines.get("note", "")
    shown = table(result.data)
    if result.status == "failed" or (result.status == "ok" and not shown):
        problem = result.data if isinstance(result.data, Mapping) else {}
        is_read = all(t.effect is Effect.READ for t in index.tools if t.name == result.name)
        detail = visible(str(problem.get("detail", "It found nothing.")))
        lead = "I don't know" if is_read else "That was not done"
        owner = f"\nOn missing data, the owner: {result.when_missing}" * bool(result.when_missing)
        return f"{lead}. {source}: {detail}{owner}"
    lead = f"From {source}:" if result.status == "ok" else f"{source}: {result.status}."
    return "\n".join(filter(None, (lead, shown, note)))
