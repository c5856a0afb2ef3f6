"""Reading the arguments that a model wrote: exact, bounded, and with errors that it can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from dragoman.errors import ArgumentError
from dragoman.operation import JsonValue

__all__ = ["MAX_CHARACTERS", "MAX_DEPTH", "read_arguments"]

MAX_CHARACTERS = 1_000_000
"""Of the JSON text of one call's arguments."""

MAX_DEPTH = 64
"""Of objects and lists within each other."""

MAX_DIGITS = 1_000
"""Of one number, written out: more is no quantity, and costs time without end to compute with."""

_EXAMPLE = 'Send one JSON object, such as {"id": "1042"}.'


def read_arguments(text: str) -> dict[str, JsonValue]:
    """Return the arguments of a call; an empty text means none.

    Integers stay integers of any length, and other numbers become `Decimal`. Raises
    `ArgumentError` for what is no JSON object (RFC 8259), names a member twice, holds NaN or
    Infinity, or is too long, too deep or holds a number of too many digits.
    """
    if len(text) > MAX_CHARACTERS:
        raise ArgumentError(
            f"The arguments are {len(text):,} characters long; {MAX_CHARACTERS:,} are the most.",
            hint="Send less, in several calls if need be.",
        )
    if not text.strip():
        return {}
    value = _parse(text)
    if not isinstance(value, dict):
        raise ArgumentError(f"The arguments are {_kind(value)}, not an object.", hint=_EXAMPLE)
    for depth, inner in _walk(value):
        _check(depth, inner)
    return value


def _parse(text: str) -> JsonValue:
    try:
        result: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        raise ArgumentError(
            f"The arguments are not JSON: {error.msg} at character {error.pos}, near {near!r}.",
            hint=_EXAMPLE,
        ) from None
    except RecursionError:
        raise _too_deep() from None
    return result


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    for name, value in pairs:
        if name in members:
            raise ArgumentError(f"{name[:80]!r} stands twice in one object.", hint="Send it once.")
        members[name] = value
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _too_long()
    return int(digits)


def _number(digits: str) -> Decimal:
    try:
        value = Decimal(digits)
    except InvalidOperation:  # an exponent of more than 18 digits
        raise _too_long() from None
    # 1e999999999 is short to write and endless to write out.
    if len(digits) > MAX_DIGITS or not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise _too_long()
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ArgumentError(f"{name} is not a number in JSON.", hint="Send a number, or leave it out.")


def _walk(value: JsonValue) -> Iterator[tuple[int, JsonValue]]:
    waiting: list[tuple[int, JsonValue]] = [(1, value)]
    while waiting:
        depth, current = waiting.pop()
        yield depth, current
        if isinstance(current, Mapping):
            waiting.extend((depth, name) for name in current)
            waiting.extend((depth + 1, member) for member in current.values())
        elif isinstance(current, list):
            waiting.extend((depth + 1, item) for item in current)


def _check(depth: int, value: JsonValue) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            code = f"U+{ord(value[error.start]):04X}"
            raise ArgumentError(
                f"The arguments hold half a character ({code}), which cannot be sent."
            ) from None
    elif depth > MAX_DEPTH and isinstance(value, Mapping | list):
        raise _too_deep()


def _too_deep() -> ArgumentError:
    return ArgumentError(
        f"The arguments are nested deeper than {MAX_DEPTH}.", hint="Send a flatter value."
    )


def _too_long() -> ArgumentError:
    return ArgumentError(
        f"A number in the arguments has more than {MAX_DIGITS:,} digits.",
        hint="Send it as text if the operation takes text there.",
    )


def _kind(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a number"
