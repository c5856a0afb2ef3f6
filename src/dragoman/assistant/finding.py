"""Operations beyond the tools that a model was given: how it finds them, and calls them.

A search and a description are answered here; they reach no API. A call of `call_operation` is
read into the call of the operation that it names, as if the model had been given its tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from dragoman.errors import DragomanError, NotFoundError
from dragoman.exact_json import encode
from dragoman.nearest import did_you_mean
from dragoman.operation import JsonObject, JsonValue, Operation, Tool
from dragoman.tools.meta import (
    DESCRIBE,
    SEARCH,
    describe_data,
    read_call,
    read_describe,
    read_search,
    search_data,
)
from dragoman.tools.naming import tool_name
from dragoman.tools.tools import ToolTable

__all__ = ["FINDING", "Choice", "Findable", "fitting", "size"]

FINDING = (SEARCH, DESCRIBE)
"""What is asked of us and not of an API."""

_BYTES_PER_TOKEN = 4
_LOADED = 5
"""Tools that one tool search loads at the most."""


@dataclass(frozen=True, slots=True)
class Findable:
    """All operations that may be used for a question, whether their tools were given or not.

    `search` returns the best of them for a text, `tool` makes the tool of one, and raises
    `DragomanError` where it can have none. `tokens` bounds the tools that a search loads.
    """

    operations: Mapping[str, Operation]
    search: Callable[[str, int], Sequence[Operation]]
    tool: Callable[[Operation], Tool]
    tokens: int

    def named(self, name: str) -> Operation:
        """Return the operation of an id, or of a tool's name; raises `NotFoundError`."""
        if name in self.operations:
            return self.operations[name]
        for operation in self.operations.values():
            if tool_name(operation.id) == name:
                return operation
        raise NotFoundError(
            f"There is no operation {name[:100]!r}.",
            hint=did_you_mean(name, self.operations) or f"Find it by {SEARCH}.",
        )

    def answer(self, tool: str, arguments: JsonObject) -> JsonObject:
        """Answer a search or a request for a description; raises `DragomanError`."""
        if tool == SEARCH:
            return search_data(self.search(*read_search(arguments)))
        return describe_data(self.tool(self.named(read_describe(arguments))))

    def called(self, arguments: JsonObject) -> tuple[str, JsonObject]:
        """Return the operation that `call_operation` calls, and its arguments."""
        name, own = read_call(arguments)
        return self.named(name).id, own

    def loaded(self, found: JsonValue) -> tuple[Tool, ...]:
        """Return the tools of what a search has found: the best, and others as far as they fit."""
        lines = found.get("operations") if isinstance(found, Mapping) else None
        ids = [line["operation"] for line in cast("Sequence[Mapping[str, str]]", lines or ())]
        tools = iter(self.made(map(self.named, ids)))
        best = next(tools, None)
        if best is None:
            return ()
        return (best, *fitting(tools, self.tokens - size([best]), _LOADED - 1))

    def made(self, operations: Iterable[Operation]) -> Iterable[Tool]:
        """Yield the tools of those that can have one."""
        for operation in operations:
            try:
                yield self.tool(operation)
            except DragomanError:
                continue


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question is given: tools at once, and a way to find `more` where that is not all.

    `allowed` are the names of those that may be called; None for all.
    """

    table: ToolTable
    allowed: tuple[str, ...] | None = None
    more: Findable | None = None


def size(tools: Iterable[Tool]) -> int:
    """Return about how many tokens tools take, at four bytes each."""
    length = sum(
        len(encode([tool.name, tool.description, tool.shown_parameters])) for tool in tools
    )
    return -(-length // _BYTES_PER_TOKEN)


def fitting(tools: Iterable[Tool], tokens: int, most: int) -> Iterable[Tool]:
    """Yield up to `most` tools that take no more than so many tokens.

    One that is too large is passed over, for the smaller ones behind it.
    """
    for tool in tools:
        needed = size([tool])
        if needed <= tokens and most > 0:
            tokens -= needed
            most -= 1
            yield tool
