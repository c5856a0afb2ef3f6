"""JSON without loss: integers of any length and decimals go through unchanged (RFC 8259).

Floats are read as `Decimal`, so that 1.10 stays 1.10. NaN and Infinity, which JSON does not
have, are refused: msgspec alone would write `null` in their place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from dragoman.operation import JsonValue

__all__ = ["MAX_DEPTH", "canonical", "decode", "encode", "encode_text", "glimpse"]

MAX_DEPTH = 200
"""Of objects and lists within each other, read or written: whoever walks a value recurses."""

_PLAIN = frozenset({str, int, bool, type(None)})
"""What is JSON whatever its value, and most of it: to ask for more takes ten times as long."""

_MAX_DIGITS = 1_000
"""Of a whole number that `canonical` writes out: 1e999999999 is short, its digits are not."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_sorted_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])

_STEP = 256 * 1024
"""Bytes that are read at one go: nothing else runs in this process meanwhile, in no thread."""

_STEPPED = 3
"""Levels at which a large value is taken apart for that; below, it is read at one go."""

_ITEMS = 2_000
"""Items of a list that are written at one go, for the same reason."""


def encode(value: JsonValue) -> bytes:
    """Return the value as compact JSON; raises `ValueError` for what JSON cannot say."""
    _check(value)
    return _encoded(value)


def _encoded(value: JsonValue, depth: int = 0) -> bytes:
    if depth < _STEPPED and isinstance(value, Mapping):
        large = [one for one in value.values() if isinstance(one, list) and len(one) > _ITEMS]
        if large:
            members = (
                _encoder.encode(name) + b":" + _encoded(member, depth + 1)
                for name, member in value.items()
            )
            return b"{" + b",".join(members) + b"}"
    if isinstance(value, list) and len(value) > _ITEMS:
        parts = [value[at : at + _ITEMS] for at in range(0, len(value), _ITEMS)]
        return b"[" + b",".join(_encoder.encode(part)[1:-1] for part in parts) + b"]"
    return _encoder.encode(value)


def encode_text(value: JsonValue) -> str:
    """Return the value as compact JSON text."""
    return encode(value).decode("utf-8")


def glimpse(value: JsonValue) -> bytes | None:
    """Return the value as JSON to look for something in it; None where it cannot be written.

    Not to be sent: NaN and Infinity, which are not looked for here, read as null.
    """
    try:
        return _encoded(value)
    except (TypeError, ValueError, RecursionError):
        return None


def canonical(value: JsonValue) -> bytes:
    """Return the value as JSON with sorted members: equal values give equal bytes.

    Numbers are compared as numbers: 25, 25.0 and 2.5e1 are one value, as in JSON Schema.
    """
    _check(value)
    return _sorted_encoder.encode(_with_plain_numbers(value))


def decode(data: bytes | str) -> JsonValue:
    """Return the value of a JSON text; raises `ValueError` (msgspec's is one) where it is none.

    One that is nested deeper than `MAX_DEPTH` is refused too.
    """
    try:
        value = _decoded(data) if len(data) > _STEP else cast("JsonValue", _decoder.decode(data))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except ArithmeticError:
        raise ValueError("a number in the JSON is out of every range") from None
    if _may_be_deep(data) and _is_deep(value):
        raise ValueError(f"the JSON is nested deeper than {MAX_DEPTH}")
    return value


def _decoded(data: bytes | str | msgspec.Raw, depth: int = 0) -> JsonValue:
    """Read a large value in steps: its members and items are found first, and read one by one."""
    text = bytes(data) if isinstance(data, msgspec.Raw) else data
    first = text.lstrip()[:1]
    if depth == _STEPPED or len(text) <= _STEP or first not in {b"{", b"[", "{", "["}:
        return cast("JsonValue", _decoder.decode(text))
    if first in {b"{", "{"}:
        return {name: _decoded(raw, depth + 1) for name, raw in _members.decode(text).items()}
    return [_decoded(raw, depth + 1) for raw in _items.decode(text)]


def _may_be_deep(data: bytes | str) -> bool:
    """Whether there are brackets enough, which is quickly told; most texts have fewer."""
    if isinstance(data, str):
        return data.count("[") + data.count("{") > MAX_DEPTH
    return data.count(b"[") + data.count(b"{") > MAX_DEPTH


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else cast("list[object]", one))
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _check(value: JsonValue, depth: int = 0) -> None:
    if type(value) in _PLAIN or isinstance(value, str):
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("NaN and Infinity are not JSON")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("NaN and Infinity are not JSON")
    if isinstance(value, Mapping | Sequence) and depth == MAX_DEPTH:
        raise ValueError(f"the value is nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        for member in value.values():
            _check(member, depth + 1)
    elif isinstance(value, Sequence):
        for item in value:
            _check(item, depth + 1)


def _with_plain_numbers(value: JsonValue) -> JsonValue:
    if isinstance(value, float):
        return _plain_number(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _plain_number(value)
    if isinstance(value, Mapping):
        return {name: _with_plain_numbers(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_plain_numbers(item) for item in value]
    return value


def _plain_number(number: Decimal) -> int | Decimal:
    # normalize() would round to the context's 28 digits; stripping zeros by hand does not.
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits))
    stripped = written.rstrip("0")
    if not stripped:
        return 0
    places = cast("int", exponent) + len(written) - len(stripped)
    if places >= 0 and number.adjusted() < _MAX_DIGITS:
        return int(number)
    return Decimal((sign, tuple(map(int, stripped)), places))
