"""*shape*: what an API answered becomes what the caller is given."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import read_answer
from dragoman.call.hide import hide
from dragoman.call.owner import owned
from dragoman.call.trim import items_in, trim, without_empties
from dragoman.errors import ConfigurationError
from dragoman.exact_json import encode
from dragoman.operation import (
    Call,
    Effect,
    JsonValue,
    Operation,
    Outcome,
    Prepared,
    Received,
    Status,
)

if TYPE_CHECKING:
    from jmespath import Options
    from jmespath.parser import ParsedResult

__all__ = ["Shape"]

_DECIMAL = re.compile(rb"[0-9](?:\.[0-9]|[eE][-+0-9])")
"""What stands in a body that may hold a number other than an integer."""

_LARGE = 128 * 1024
"""Bytes from which reading and trimming leave the event loop to others (in a thread)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Has nothing of its own: an answer is shaped by the rules of its operation."""

    async def __call__(
        self, call: Call, operation: Operation, rules: Rules, prepared: Prepared, received: Received
    ) -> Outcome:
        """Return the outcome with its data.

        Raises `ResponseError` for what cannot be read, `NotFoundError` for what is another's.
        """
        if len(received.body) > _LARGE:
            data, cuts, total = await asyncio.to_thread(_shaped, call, operation, rules, received)
        else:
            data, cuts, total = _shaped(call, operation, rules, received)
        return Outcome(
            id=call.id,
            operation=operation.id,
            status=Status.OK,
            data=data,
            prepared=prepared,
            note=_note(operation, received, cuts),
            total=total,
            source=operation.api,
            repeated_from=received.repeated_from,
        )


def _shaped(
    call: Call, operation: Operation, rules: Rules, received: Received
) -> tuple[JsonValue, tuple[str, ...], int | None]:
    data = owned(read_answer(received), call, operation, rules)
    # Before `select`, so that no expression can carry a hidden field out under another name.
    data = hide(data, rules.hide)
    if rules.select is not None:
        data = _select(operation, rules, data, exact=bool(_DECIMAL.search(received.body)))
    total = items_in(data)
    if call.budget is None:
        return data, (), total
    return *trim(without_empties(data), call.budget), total


def _note(operation: Operation, received: Received, cuts: tuple[str, ...]) -> str:
    """Say what the reader of the data has to know of it."""
    notes = []
    if received.repeated_from is not None:
        at = received.repeated_from.strftime("%Y-%m-%d %H:%M:%S UTC")
        is_read = operation.effect is Effect.READ
        notes.append(
            f"This is the answer of {at}; it was not asked for again."
            if is_read
            else f"This was done at {at} already and was not done again."
        )
    if cuts:
        properties = operation.contract.input_schema.get("properties")
        names = ", ".join(cast("dict[str, JsonValue]", properties)) if properties else ""
        way = f"Narrow the request by its arguments: {names}." if names else ""
        notes.append(f"Left out for size: {'; '.join(cuts)}. {way}".rstrip())
    return " ".join(notes)


def _select(operation: Operation, rules: Rules, data: JsonValue, *, exact: bool) -> JsonValue:
    expression = cast("str", rules.select)
    data = _plain_numbers(data) if exact else data
    try:
        selected = cast("JsonValue", _compiled(expression).search(data, _options()))
        if "&" in expression:
            encode(selected)  # an expression alone (`&name`) is a value of JMESPath, not of JSON
    # Its functions let Python's own errors through; those of JMESPath itself are ValueErrors.
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise ConfigurationError(
            f"{rules.rule_of.get('select', operation.id)}: select of {operation.id}: {error}"
        ) from None
    return selected


@lru_cache(maxsize=512)
def _compiled(expression: str) -> ParsedResult:
    import jmespath  # noqa: PLC0415 - only where the owner selects

    return jmespath.compile(expression)


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
