"""From a tool's name and arguments to an outcome: by the call path, or from the catalog."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar, cast

import anyio

from dragoman.app import Dragoman
from dragoman.assistant.finding import FINDING, Findable
from dragoman.assistant.origins import origins
from dragoman.call.results import reading_call
from dragoman.errors import DragomanError
from dragoman.identifiers import new_id
from dragoman.models.provider import ToolResult
from dragoman.operation import OWNER, JsonObject, Operation, Outcome, Status
from dragoman.tools.meta import META_TOOLS, READ_ON
from dragoman.tools.tools import ToolTable

__all__ = ["MOST_TOOLS", "Calls", "Wanted"]

T = TypeVar("T")

MOST_TOOLS = 40
"""Operations of which each gets a tool of its own; of more there are the three meta-tools.

Clients send the whole list with every question: forty tools of 250 tokens are 10,000.
"""

_AT_ONCE = 32
"""Calls that are under way together; others wait for their turn."""

_REMEMBERED = 20
"""Results among which the origin of an argument is looked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call of a tool, as far as it could be read: the operation and its arguments."""

    operation: Operation
    arguments: JsonObject


@dataclass
class Calls:
    """The calls of one client, which are one conversation, for the owner."""

    dragoman: Dragoman
    toolset: str | None = None
    user: str | None = None
    meta: bool | None = None
    conversation: str = field(default_factory=lambda: new_id("mcp_"))
    _results: deque[tuple[str, ToolResult]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED)
    )
    _turns: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(_AT_ONCE))

    @cached_property
    def offered(self) -> Findable:
        """What may be called here: the operations of the toolset, or all."""
        return cast("Findable", self.dragoman.offer.own_loop(self.toolset, caller=OWNER).more)

    @cached_property
    def table(self) -> ToolTable:
        """The tools to list."""
        few = len(self.offered.operations) <= MOST_TOOLS
        if few if self.meta is None else not self.meta:
            own = self.dragoman.tool_table(self.toolset)
            return ToolTable.of((*own.tools, READ_ON), own.left_out)
        return ToolTable.of((*META_TOOLS, READ_ON), {})

    def wanted(self, name: str, arguments: JsonObject) -> Wanted | Outcome:
        """Return the call that is wanted, or the answer of a tool that calls nothing.

        Raises `NotFoundError` for a tool that is not listed. What else is wrong is an outcome.
        """
        operation = self.table.operation_of(name)
        try:
            if name in FINDING and not operation:
                return Outcome("", name, Status.OK, data=self.offered.answer(name, arguments))
            if not operation:
                operation, arguments = self.offered.called(arguments)
        except DragomanError as error:
            return Outcome("", name, Status.FAILED, problem=error.problem)
        return Wanted(self.offered.operations[operation], arguments)

    async def run(self, wanted: Wanted) -> Outcome:
        """Make the call."""
        call = partial(
            self.dragoman.call,
            wanted.operation.id,
            wanted.arguments,
            user=self.user,
            conversation=self.conversation,
            origins=await self._origins(wanted),
            budget=self.dragoman.configuration.settings.assistant.result_bytes,
            door="mcp",
        )
        async with self._turns:
            return self._remembered(await _to_its_end(call()))

    async def read(self, arguments: JsonObject) -> Outcome:
        """Read on in a result that was too long."""
        budget = self.dragoman.configuration.settings.assistant.result_bytes
        parts = self.dragoman.parts
        call = reading_call(arguments, parts.clock, user=self.user, budget=budget, door="mcp")
        async with self._turns:
            outcome = await parts.reading_on(call)
        return self._remembered(outcome)

    async def resume(self, call_id: str) -> Outcome:
        """Go on with a call that a person was asked about."""
        async with self._turns:
            resumed = await _to_its_end(self.dragoman.resume(call_id))
        return self._remembered(cast("Outcome", resumed))

    async def _origins(self, wanted: Wanted) -> Mapping[str, str]:
        """Say where the arguments came from, where a person will want to know."""
        rules = self.dragoman.parts.policy.rules(wanted.operation)
        if not rules.may_need_approval(wanted.operation.effect):
            return {}
        results = list(self._results)
        return await asyncio.to_thread(origins, wanted.arguments, "", results)

    def _remembered(self, outcome: Outcome) -> Outcome:
        if outcome.ok:
            result = ToolResult("", "", "", outcome.status.value, data=outcome.data)
            self._results.append((outcome.operation, result))
        return outcome


async def _to_its_end(work: Coroutine[object, object, T]) -> T:
    """Return what the work returns; one that is cancelled is waited for until it has ended.

    The SDK's cancellation comes again at every await, also where a write that was sent writes down
    that nobody knows how it ended. A task of its own is cancelled once.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        raise
