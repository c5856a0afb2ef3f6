"""Three tools in place of thousands: find an operation, learn its parameters, call it.

They are no operations: whoever offers them answers the first two itself, and makes of the third
the call of a real operation, which the call path then judges like any other. A fourth reads on in
a result that was too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from dragoman.errors import ArgumentError
from dragoman.operation import Effect, JsonObject, JsonSchema, JsonValue, Operation, Tool
from dragoman.tools.arguments import read_arguments
from dragoman.tools.prose import bounded
from dragoman.tools.strict import strict

__all__ = [
    "CALL",
    "DESCRIBE",
    "MAX_FOUND",
    "META_TOOLS",
    "READ_ON",
    "READ_RESULT",
    "SEARCH",
    "Reading",
    "describe_data",
    "read_call",
    "read_describe",
    "read_reading",
    "read_search",
    "search_data",
]

SEARCH = "search_operations"
DESCRIBE = "describe_operation"
CALL = "call_operation"
READ_RESULT = "read_result"

MAX_FOUND = 20
"""Operations that one search tells of at the most."""

_FOUND = 8
"""Operations that a search tells of where the model does not say how many."""

_MAX_ID = 300
_MAX_LINE = 160
_MAX_PLACE = 1_000_000_000
_ID: JsonSchema = {"type": "string", "description": "The id, as search_operations gives it."}


def _parameters(required: tuple[str, ...], **properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


META_TOOLS: tuple[Tool, ...] = (
    Tool(
        name=SEARCH,
        operation="",
        description="Find operations of the APIs by what they do. Search in English words, such "
        "as 'list issues of a repository', and once for each thing that you need.",
        parameters=_parameters(
            ("query",),
            query={"type": "string", "description": "What the operation does, and to what."},
            limit={
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_FOUND,
                "description": f"How many to show; {_FOUND} where you leave it out.",
            },
        ),
        effect=Effect.READ,
    ),
    Tool(
        name=DESCRIBE,
        operation="",
        description="Show what an operation does and the JSON Schema of its arguments. "
        "Do this before you call an operation whose arguments you have not seen.",
        parameters=_parameters(("operation",), operation=_ID),
        effect=Effect.READ,
        strict=True,
    ),
    Tool(
        name=CALL,
        operation="",
        description="Call an operation. It is checked, and a person may be asked, as that "
        "operation's effect requires: it may change or delete data.",
        parameters=_parameters(
            ("operation", "arguments"),
            operation=_ID,
            arguments={
                "type": "object",
                "description": "As describe_operation says; {} for none.",
                "additionalProperties": True,
            },
        ),
        # What is called may be anything: the worst of it is said.
        effect=Effect.DESTRUCTIVE,
    ),
)
"""In the order in which they are used; none belongs to an operation."""

_FROM: JsonSchema = {
    "type": "integer",
    "minimum": 0,
    "description": "The first item, character or member to show, counted from 0.",
}
_READING = _parameters(
    ("handle",),
    handle={"type": "string", "description": "As the note says it: result:…"},
    path={
        "type": "string",
        "description": "What of it: orders, or orders[3].body. All of it where left out.",
    },
    **{"from": _FROM},
    count={
        "type": "integer",
        "minimum": 1,
        "description": "How many of them at the most; as many as fit where left out.",
    },
)

READ_ON = Tool(
    name=READ_RESULT,
    operation="",
    description="Read on in a result that was too long to be shown whole. Its note says the "
    "handle, and where to go on.",
    parameters=_READING,
    effect=Effect.READ,
    strict=True,
    strict_parameters=strict(_READING)[0],
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a kept result: at a path, from an item, character or member on."""

    handle: str
    path: str = ""
    start: int = 0
    count: int | None = None


def search_data(operations: Iterable[Operation]) -> JsonObject:
    """Return what a model is told of the operations found, one short line of each."""
    found: list[JsonObject] = [
        {"operation": one.id, "effect": one.effect.value, "about": _line(one)}
        for one in islice(operations, MAX_FOUND)
    ]
    if found:
        return {"operations": found}
    return {"operations": [], "note": "Nothing fits. Use other words, or fewer."}


def _line(operation: Operation) -> str:
    text = operation.summary or operation.description or operation.route or operation.name
    return bounded(text, _MAX_LINE)


def describe_data(tool: Tool) -> JsonObject:
    """Return what a model needs to call an operation, made of the operation's own tool."""
    return {
        "operation": tool.operation,
        "effect": tool.effect.value,
        "description": tool.description,
        "parameters": tool.parameters,
    }


def read_search(arguments: JsonObject) -> tuple[str, int]:
    """Return the query and how many operations to tell of; raises `ArgumentError`."""
    _check(SEARCH, arguments)
    query, limit = arguments.get("query"), arguments.get("limit")
    if not isinstance(query, str) or not query.strip():
        raise ArgumentError(
            "'query' has to be a text.", hint='Send {"query": "list issues of a repository"}.'
        )
    if limit is None:
        return query, _FOUND
    is_number = isinstance(limit, int | float | Decimal) and not isinstance(limit, bool)
    for number in range(1, MAX_FOUND + 1):
        if is_number and limit == number:
            return query, number
    raise ArgumentError(
        f"'limit' has to be a whole number from 1 to {MAX_FOUND}.",
        hint=f"Leave it out for {_FOUND}.",
    )


def read_describe(arguments: JsonObject) -> str:
    """Return the id of the operation to describe; raises `ArgumentError`."""
    _check(DESCRIBE, arguments)
    return _operation(arguments)


def read_call(arguments: JsonObject) -> tuple[str, JsonObject]:
    """Return the id of the operation to call and its arguments; raises `ArgumentError`.

    Arguments that stand in a text, as some models write them, are read as an object is.
    """
    _check(CALL, arguments)
    operation, given = _operation(arguments), arguments.get("arguments")
    if isinstance(given, str):
        given = read_arguments(given)
    if given is None:
        return operation, {}
    if not isinstance(given, Mapping):
        raise ArgumentError(
            "'arguments' has to be an object.",
            hint=f"See what it holds by {DESCRIBE}; send {{}} for none.",
        )
    return operation, given


def read_reading(arguments: JsonObject) -> Reading:
    """Return what to read of which result; raises `ArgumentError`. Null is as left out."""
    given = {name: value for name, value in arguments.items() if value is not None}
    _check(READ_RESULT, given)
    handle, path = given.get("handle"), given.get("path", "")
    if not isinstance(handle, str) or not isinstance(path, str):
        raise ArgumentError("'handle' and 'path' have to be texts.", hint="See the note.")
    start, count = _whole("from", given.get("from", 0)), given.get("count")
    return Reading(
        handle.strip(), path.strip(), start, None if count is None else _whole("count", count, 1)
    )


def _whole(name: str, value: JsonValue, least: int = 0) -> int:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if is_number and least <= value <= _MAX_PLACE and value == int(value):  # type: ignore[operator, arg-type]
        return int(value)
    raise ArgumentError(f"'{name}' has to be a whole number from {least} to {_MAX_PLACE:,}.")


def _operation(arguments: JsonObject) -> str:
    operation: JsonValue = arguments.get("operation")
    if not isinstance(operation, str) or not 0 < len(operation.strip()) <= _MAX_ID:
        raise ArgumentError(
            f"'operation' has to be the id of an operation, of at most {_MAX_ID} characters.",
            hint=f"Find it by {SEARCH}.",
        )
    return operation.strip()


def _check(tool: str, arguments: JsonObject) -> None:
    """Refuse members that the tool does not have: in silence, they would be lost."""
    (known,) = (o.parameters["properties"] for o in (*META_TOOLS, READ_ON) if o.name == tool)
    names = list(known) if isinstance(known, Mapping) else []
    for name in arguments:
        if name not in names:
            inside = " The operation's own go into 'arguments'." if tool == CALL else ""
            raise ArgumentError(
                f"{tool} has no argument {name[:80]!r}.",
                hint=f"It takes {' and '.join(names)}.{inside}",
            )
