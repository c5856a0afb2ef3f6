"""`select`: the part of an answer that the owner wants, by a JMESPath expression.

What is wrong with an expression is told by pointing into it and naming the members that there
are. No value is told: of those the owner has chosen what is seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from dragoman.call.expression import Evaluate, compiled, computes
from dragoman.errors import ConfigurationError
from dragoman.exact_json import encode
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from jmespath import Options

__all__ = ["select"]

_MOST_ITEMS = 1_000
"""Items of a list among which a member is looked for that was not found."""

_MOST_NAMES = 12
_LONGEST_LINE = 200
_NAME = re.compile(r"[\w.$@:-]{1,40}")

_DECIMAL = re.compile(rb"[0-9](?:\.[0-9]|[eE][-+0-9])")
"""What stands in a body that may hold a number other than an integer."""

Node: TypeAlias = Mapping[str, Any]


def select(expression: str, data: JsonValue, where: str, body: bytes) -> tuple[JsonValue, str]:
    """Return what is selected, and a note where that is nothing though there is an answer.

    `where` names the rule: `dragoman.yaml:31: select of shop.getOrder`; `body` is what the data
    was read from. Raises `ConfigurationError`.
    """
    try:
        evaluate, may_count = _compiled(expression)
        if may_count and _DECIMAL.search(body):
            data = _plain_numbers(data)
        selected = cast("JsonValue", evaluate(data))
        if "&" in expression:
            encode(selected)  # an expression alone (`&name`) is a value of JMESPath, not of JSON
    # Its functions let Python's own errors through; those of JMESPath itself are ValueErrors.
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        said = f"{where}: {_fault(expression, error)} {_members_of([data])}"
        raise ConfigurationError(said.rstrip()) from None
    if not _is_hollow(selected) or _is_hollow(data):
        return selected, ""
    return selected, _missing(expression, selected, data, where)


def _fault(expression: str, error: Exception) -> str:
    """Say what is wrong, and where in the expression if that can be told."""
    from jmespath.exceptions import JMESPathError, JMESPathTypeError  # noqa: PLC0415

    if not isinstance(error, JMESPathError):
        return f"'{expression[:200]}' cannot be worked out: {type(error).__name__}."
    if not isinstance(error, JMESPathTypeError):
        return str(error)[:300]
    # Its own text repeats the value.
    function, takes = str(error.function_name), " or ".join(map(str, error.expected_types))
    said = f"{function}() takes {takes}, and found {error.actual_type}"
    places = [found.start() for found in re.finditer(rf"\b{function}\s*\(", expression)]
    if len(places) != 1 or len(expression) > _LONGEST_LINE or "\n" in expression:
        return f"{said}, in '{expression[:200]}'."
    return f"{said}:\n  {expression}\n  {' ' * places[0]}^\n"


def _is_hollow(value: JsonValue) -> bool:
    """Whether there is nothing in a value but null, and empty lists and objects."""
    if isinstance(value, Mapping):
        return all(map(_is_hollow, value.values()))
    if isinstance(value, list):
        return all(map(_is_hollow, value))
    return value is None


class _Missing(NamedTuple):
    """A member that no value has, where it is written in the expression."""

    path: str
    among: list[Any]


def _missing(expression: str, selected: JsonValue, data: JsonValue, where: str) -> str:
    """Return a note on a member that is nowhere; a list that has no items needs none."""
    import jmespath  # noqa: PLC0415 - only where something was not found

    found: list[_Missing] = []
    _walk(cast("Node", jmespath.compile(expression).parsed), [data], "", found)
    if found:
        return f"{where}: there is no '{found[0].path}'. {_members_of(found[0].among)}".rstrip()
    if selected is None:
        return f"{where}: '{expression[:200]}' is null. {_members_of([data])}".rstrip()
    return ""


def _members_of(values: Iterable[JsonValue]) -> str:
    """Name the members of the first object among values, as far as they are names."""
    for value in values:
        if isinstance(value, list) and value:
            return _members_of(value[:1]).replace("It has", "Its first item has", 1)
        if isinstance(value, Mapping):
            names = [name for name in islice(value, 100) if _NAME.fullmatch(name)][:_MOST_NAMES]
            more = len(value) - len(names)
            named = [*names, *([f"{more} more"] if more else [])]
            return f"It has: {', '.join(named) or 'no members'}."
    return ""


def _walk(node: Node, values: list[Any], path: str, found: list[_Missing]) -> tuple[list[Any], str]:
    """Follow an expression through the values at a place; what is no path ends there."""
    kind, children = node["type"], node["children"]
    if kind in {"current", "identity"} or not values:
        return values, path
    if kind == "field":
        return _members(node["value"], values, path, found)
    if kind == "index":
        place = node["value"]
        long = [one for one in values if isinstance(one, list) and -len(one) <= place < len(one)]
        return [one[place] for one in long], f"{path}[{place}]"
    if kind in _CHAINS:
        for child in children:
            values, path = _walk(child, values, path, found)
        return values, path
    if kind in _PROJECTIONS:
        values, path = _walk(children[0], values, path, found)
        items = [item for value in values for item in _items(value)]
        if children[0]["type"] == "flatten":
            items = [inner for one in items for inner in (one if isinstance(one, list) else [one])]
        return _walk(children[1], items[:_MOST_ITEMS], f"{path}{_PROJECTIONS[kind]}", found)
    if kind == "flatten":
        return _walk(children[0], values, path, found)
    for child in children if kind in _BRANCHES else ():
        _walk(child, values, path, found)
    return [], path


def _members(
    name: str, values: list[Any], path: str, found: list[_Missing]
) -> tuple[list[Any], str]:
    inside = f"{path}.{name}" if path else name
    having = [one[name] for one in values if isinstance(one, dict) and name in one]
    if not having:
        found.append(_Missing(inside, values))
    return having, inside


def _items(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


_CHAINS = frozenset({"index_expression", "key_val_pair", "pipe", "subexpression"})
_BRANCHES = frozenset({"multi_select_dict", "multi_select_list", "function_expression"})
_PROJECTIONS = {"projection": "[]", "filter_projection": "[?…]", "value_projection": ".*"}


@lru_cache(maxsize=512)
def _compiled(expression: str) -> tuple[Evaluate, bool]:
    """Return it as a function, and whether it does more with numbers than to pass them on."""
    return compiled(expression, _options()), computes(expression)


@cache
def _options() -> Options:
    """Return JMESPath's functions with a `to_number` that keeps to JSON.

    Its own makes a whole number of every decimal, of 1e999999999 too, which never ends; and it
    reads NaN and Infinity, which are none (JMESPath specification, "to_number": else null).
    """
    from jmespath import Options, functions  # noqa: PLC0415 - only where the owner selects

    class Exact(functions.Functions):
        @functions.signature({"types": []})
        def _func_to_number(self, value: object) -> object:
            if isinstance(value, Decimal):
                return value
            found = super()._func_to_number(value)  # type: ignore[misc] # unknown to its stubs
            return None if isinstance(found, float) and not math.isfinite(found) else found

    return Options(custom_functions=Exact())


def _plain_numbers(value: JsonValue) -> JsonValue:
    """Turn decimals into floats where nothing is lost, because JMESPath knows no decimals."""
    if isinstance(value, Decimal):
        plain = float(value)
        return plain if Decimal(repr(plain)) == value else value
    if isinstance(value, dict):
        return {name: _plain_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    return value
