"""*shape*: what an API answered becomes what the caller is given."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import read_answer
from dragoman.call.hide import hide
from dragoman.call.owner import owned
from dragoman.call.trim import items_in, trim, without_empties
from dragoman.errors import ConfigurationError, ResponseError
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
from dragoman.secrets.live import LiveValues

if TYPE_CHECKING:
    from jmespath import Options
    from jmespath.parser import ParsedResult

__all__ = ["Shape", "readable"]

_DECIMAL = re.compile(rb"[0-9](?:\.[0-9]|[eE][-+0-9])")
"""What stands in a body that may hold a number other than an integer."""

_LARGE = 128 * 1024
"""Bytes from which reading and trimming leave the event loop to others (in a thread)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shapes an answer by the rules of its operation; no secret is cut in two."""

    live: LiveValues

    async def __call__(
        self, call: Call, operation: Operation, rules: Rules, prepared: Prepared, received: Received
    ) -> Outcome:
        """Return the outcome with its data.

        Raises `ResponseError` for what cannot be read, `NotFoundError` for what is another's.
        """
        if len(received.body) > _LARGE:
            data, cuts, total = await asyncio.to_thread(
                _shaped, call, operation, rules, received, self.live
            )
        else:
            data, cuts, total = _shaped(call, operation, rules, received, self.live)
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
    call: Call, operation: Operation, rules: Rules, received: Received, live: LiveValues
) -> tuple[JsonValue, tuple[str, ...], int | None]:
    data = owned(_read(received, rules, live), call, operation, rules)
    # Before `select`, so that no expression can carry a hidden field out under another name.
    data = hide(data, rules.hide)
    if rules.select is not None:
        data = _select(operation, rules, data, exact=bool(_DECIMAL.search(received.body)))
    total = items_in(data)
    if call.budget is None:
        return data, (), total
    fitted, cuts = trim(without_empties(data), call.budget)
    if cuts:  # Half a secret would not be known as one afterwards.
        fitted, cuts = trim(live.redact_json(without_empties(data)), call.budget)
    return fitted, cuts, total


def _read(received: Received, rules: Rules, live: LiveValues) -> JsonValue:
    quoted = rules.owner is None and not rules.hide
    try:
        return readable(received, quoted=quoted)
    except ResponseError:
        # The error quotes how the answer begins: it has to say so of one without secrets.
        return readable(replace(received, body=live.redact_bytes(received.body)), quoted=quoted)


def readable(received: Received, *, quoted: bool) -> JsonValue:
    """Return the value of an answer; raises `ResponseError`, which quotes it only where it may."""
    try:
        return read_answer(received)
    except ResponseError:
        if quoted:
            raise
        raise ResponseError(
            "The answer is no JSON that can be read, and says that it is."
        ) from None


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
        where = rules.rule_of.get("select", operation.id)
        raise ConfigurationError(f"{where}: select of {operation.id}: {_start(error)}") from None
    return selected


def _start(error: Exception) -> str:
    """Return what is wrong, not all of it: JMESPath repeats the value, however large it is."""
    text = str(error)
    return text if len(text) <= 300 else f"{text[:300]}…"


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
