"""From a tool call as a model wrote it to an outcome of the call path, and back to the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from dragoman.assistant.answer import CallFinished, CallStarted, OnEvent
from dragoman.assistant.containment import block, has_nothing
from dragoman.assistant.conversation import Conversation
from dragoman.assistant.origins import origins
from dragoman.call.ending import failed
from dragoman.clock import Clock, Deadline
from dragoman.errors import DragomanError
from dragoman.identifiers import new_id
from dragoman.models.provider import ToolCall, ToolResult
from dragoman.operation import Call, Effect, JsonObject, Outcome
from dragoman.tools.arguments import read_arguments
from dragoman.tools.tools import ToolTable

__all__ = ["Execution"]


@dataclass(frozen=True, slots=True)
class Execution:
    """Runs the tool calls of one step: reads together, then writes one after another.

    `about` and `when_missing` are the owner's words on each API; `budget` is in bytes a result.
    """

    run: Callable[[Call], Awaitable[Outcome]]
    table: ToolTable
    clock: Clock
    budget: int
    about: Mapping[str, str]
    when_missing: Mapping[str, str]
    on_event: OnEvent | None = None

    async def step(
        self, conversation: Conversation, tool_calls: Sequence[ToolCall], deadline: Deadline
    ) -> list[Outcome]:
        """Return one outcome for each tool call, in their order; none of them raises."""
        prepared = [self._call(conversation, call, deadline) for call in tool_calls]
        outcomes: dict[int, Outcome] = {}
        reads = [i for i, call in enumerate(prepared) if not self._writes(call)]
        found = await asyncio.gather(*(self._one(prepared[i]) for i in reads))
        outcomes.update(zip(reads, found, strict=True))
        for i, call in enumerate(prepared):
            if i not in outcomes:
                outcomes[i] = await self._one(call)
        return [outcomes[i] for i in range(len(prepared))]

    def result(self, tool_call: ToolCall, outcome: Outcome) -> ToolResult:
        """Return what a model is told of an outcome, as fenced text and as values."""
        data = outcome.data
        if outcome.problem is not None and data is None:
            data = cast("JsonObject", outcome.problem.as_json())
        missing = self.when_missing.get(outcome.source, "") if has_nothing(outcome) else ""
        return ToolResult(
            call_id=tool_call.id,
            name=tool_call.name,
            content=block(outcome, self.about.get(outcome.source, ""), missing),
            status=outcome.status.value,
            data=data,
            when_missing=missing,
        )

    def _writes(self, call: Call | Outcome) -> bool:
        return isinstance(call, Call) and self.table.effect_of(call.operation) is not Effect.READ

    async def _one(self, call: Call | Outcome) -> Outcome:
        """Run a call, or pass on what its reading has ended with; tell who watches."""
        arguments = call.arguments if isinstance(call, Call) else {}
        await self._tell(CallStarted(call.operation, arguments))
        started = self.clock.monotonic()
        outcome = await self.run(call) if isinstance(call, Call) else call
        seconds = self.clock.monotonic() - started
        await self._tell(CallFinished(outcome, arguments, seconds))
        return outcome

    async def _tell(self, event: CallStarted | CallFinished) -> None:
        if self.on_event is not None:
            await self.on_event(event)

    def _call(
        self, conversation: Conversation, tool_call: ToolCall, deadline: Deadline
    ) -> Call | Outcome:
        """Read what the model wrote; a tool or arguments that cannot be read fail here."""
        question = conversation.question
        call = Call(
            id=new_id(),
            operation=tool_call.name,
            arguments={},
            deadline=deadline,
            scope=f"answer:{conversation.id}",
            caller=question.caller,
            user=question.user,
            door=question.door,
            budget=self.budget,
            answer=conversation.id,
            question=question.text,
        )
        try:
            operation = self.table.operation_of(tool_call.name)
            arguments = read_arguments(tool_call.arguments)
        except DragomanError as error:
            return failed(call, error, None)
        return _with_arguments(call, operation, arguments, conversation, self.table)


def _with_arguments(
    call: Call,
    operation: str,
    arguments: JsonObject,
    conversation: Conversation,
    table: ToolTable,
) -> Call:
    results = [(table.known_operation(r.name), r) for r in conversation.results]
    return Call(
        id=call.id,
        operation=operation,
        arguments=arguments,
        deadline=call.deadline,
        scope=call.scope,
        caller=call.caller,
        user=call.user,
        door=call.door,
        origins=origins(arguments, conversation.words, results),
        dry_run=conversation.question.dry_run and table.effect_of(operation) is not Effect.READ,
        budget=call.budget,
        answer=call.answer,
        question=call.question,
    )
