"""From a tool call as a model wrote it to an outcome of the call path, and back to the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from dragoman.assistant.answer import CallFinished, CallStarted, OnEvent
from dragoman.assistant.containment import block, has_nothing
from dragoman.assistant.conversation import Conversation
from dragoman.assistant.finding import FINDING, Findable
from dragoman.assistant.origins import origins
from dragoman.call.ending import failed
from dragoman.clock import Clock, Deadline
from dragoman.errors import DragomanError
from dragoman.identifiers import new_id
from dragoman.models.provider import ToolCall, ToolResult
from dragoman.operation import Call, Effect, JsonObject, Outcome, Status, Tool
from dragoman.telemetry.telemetry import TOOL_CALL
from dragoman.tools.arguments import read_arguments
from dragoman.tools.meta import CALL, READ_RESULT, SEARCH
from dragoman.tools.tools import ToolTable

__all__ = ["Execution"]


@dataclass(frozen=True, slots=True)
class Execution:
    """Runs the tool calls of one step: reads together, then writes one after another.

    `read` answers the calls of `read_result`, for what was too long to be shown. `more` is what
    can be called besides the tools of `table`. `about` and `when_missing` are the
    owner's words on each API; `budget` is in bytes a result. `unread` is told of what becomes of
    a tool call that never got to the call path.
    """

    run: Callable[[Call], Awaitable[Outcome]]
    read: Callable[[Call], Awaitable[Outcome]]
    table: ToolTable
    clock: Clock
    budget: int
    about: Mapping[str, str]
    when_missing: Mapping[str, str]
    on_event: OnEvent | None = None
    more: Findable | None = None
    unread: Callable[[Outcome], None] | None = None

    async def step(
        self, conversation: Conversation, tool_calls: Sequence[ToolCall], deadline: Deadline
    ) -> list[Outcome]:
        """Return one outcome for each tool call, in their order; none of them raises."""
        prepared = [self._call(conversation, call, deadline) for call in tool_calls]
        outcomes: dict[int, Outcome] = {}
        reads = [i for i, call in enumerate(prepared) if not self._writes(call)]
        found = await asyncio.gather(*(self._one(prepared[i], tool_calls[i]) for i in reads))
        outcomes.update(zip(reads, found, strict=True))
        for i, call in enumerate(prepared):
            if i not in outcomes:
                outcomes[i] = await self._one(call, tool_calls[i])
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
            operation=outcome.operation,
            tools=self._loaded(outcome) if tool_call.searches else None,
            handle=outcome.handle,
        )

    def _loaded(self, outcome: Outcome) -> tuple[Tool, ...]:
        return self.more.loaded(outcome.data) if self.more is not None and outcome.ok else ()

    def _writes(self, call: Call | Outcome) -> bool:
        return isinstance(call, Call) and self._effect(call.operation) is not Effect.READ

    def _effect(self, operation: str) -> Effect:
        if operation == READ_RESULT:
            return Effect.READ
        if self.more is not None and operation in self.more.operations:
            return self.more.operations[operation].effect
        return self.table.effect_of(operation)

    async def _one(self, call: Call | Outcome, tool_call: ToolCall) -> Outcome:
        """Run a call, or pass on what its reading has ended with; tell who watches."""
        if isinstance(call, Outcome) and self.unread is not None:
            self.unread(call)
        if call.operation in FINDING and isinstance(call, Outcome):
            return call
        arguments = call.arguments if isinstance(call, Call) else {}
        await self._tell(CallStarted(call.operation, arguments))
        TOOL_CALL.set((tool_call.name, tool_call.id))
        started = self.clock.monotonic()
        run = self.read if call.operation == READ_RESULT else self.run
        outcome = await run(call) if isinstance(call, Call) else call
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
        name = SEARCH if tool_call.searches else tool_call.name
        call = Call(
            id=new_id(),
            operation=name,
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
            if name == READ_RESULT:
                return replace(call, arguments=read_arguments(tool_call.arguments))
            if self.more is not None and name in FINDING:
                data = self.more.answer(name, read_arguments(tool_call.arguments))
                return Outcome(call.id, name, Status.OK, data)
            operation, arguments = self._read(name, tool_call.arguments)
        except DragomanError as error:
            return failed(call, error, None)
        results = [
            (result.operation or self.table.known_operation(result.name), result)
            for result in conversation.results
            if result.operation not in FINDING  # What a description says is no data of an API.
        ]
        return replace(
            call,
            operation=operation,
            arguments=arguments,
            origins=origins(arguments, conversation.words, results),
            dry_run=question.dry_run and self._effect(operation) is not Effect.READ,
        )

    def _read(self, name: str, arguments: str) -> tuple[str, JsonObject]:
        """Return the operation that a tool stands for, and its arguments as they were written."""
        if self.more is not None and name == CALL:
            return self.more.called(read_arguments(arguments))
        if self.more is not None and self.table.known_operation(name) == name:
            return self.more.named(name).id, read_arguments(arguments)
        return self.table.operation_of(name), read_arguments(arguments)
