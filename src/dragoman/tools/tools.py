"""The tools of one use, and the way back from a tool's name to its operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from dragoman.errors import DragomanError, NotFoundError
from dragoman.nearest import did_you_mean
from dragoman.operation import Effect, Operation, Tool
from dragoman.tools.tool import make_tool

__all__ = ["ToolTable", "make_tools"]


@dataclass(frozen=True, slots=True)
class ToolTable:
    """Tools in the order of their operations. `left_out` says of an operation why it has none."""

    tools: tuple[Tool, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    _by_name: Mapping[str, Tool] = field(default_factory=dict, repr=False)
    _by_operation: Mapping[str, Tool] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tools: Iterable[Tool], left_out: Mapping[str, str]) -> ToolTable:
        """Return the table of these tools."""
        kept = tuple(tools)
        names = {tool.name: tool for tool in kept}
        return cls(kept, dict(left_out), names, {tool.operation: tool for tool in kept})

    def operation_of(self, name: str) -> str:
        """Return the id of the operation that a model calls by this name.

        Raises `NotFoundError` with the nearest names, for the model to read.
        """
        tool = self._by_name.get(name)
        if tool is None:
            raise NotFoundError(
                f"There is no tool named {name[:100]!r}.", hint=did_you_mean(name, self._by_name)
            )
        return tool.operation

    def known_operation(self, name: str) -> str:
        """Return the id of the operation of that name, or the name where no tool here has it."""
        tool = self._by_name.get(name)
        return tool.operation if tool else name

    def effect_of(self, operation_id: str) -> Effect:
        """Return the effect of an operation; one that is not here counts as a write."""
        tool = self._by_operation.get(operation_id)
        return tool.effect if tool else Effect.WRITE


def make_tools(
    operations: Iterable[Operation],
    *,
    filled: Callable[[Operation], Collection[str]] = lambda _: (),
    made: MutableMapping[str, Tool] | None = None,
) -> ToolTable:
    """Return the tools of operations; those that cannot be called have none.

    `filled` names the arguments of an operation that the owner fills. `made` keeps tools by the
    id of their operation, for whoever asks again with the same rules.
    """
    made = {} if made is None else made
    tools: dict[str, Tool] = {}
    left_out: dict[str, str] = {}
    for operation in operations:
        try:
            reason = operation.contract.unsupported
            if not reason:
                tool = made.get(operation.id) or make_tool(operation, filled=filled(operation))
                made[operation.id] = tool
                first = tools.setdefault(tool.name, tool)
                reason = (
                    "" if first is tool else f"its tool would be named as that of {first.operation}"
                )
        except DragomanError as error:
            reason = error.detail
        if reason:
            left_out[operation.id] = reason
    return ToolTable.of(tools.values(), left_out)
