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

__all__ = ["canonical", "decode", "encode", "encode_text"]

_MAX_DEPTH = 200

_encoder = msgspec.json.Encoder(decimal_format="number")
_sorted_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: JsonValue) -> bytes:
    """Return the value as compact JSON; raises `ValueError` for what JSON cannot say."""
    _check(value)
    return _encoder.encode(value)


def encode_text(value: JsonValue) -> str:
    """Return the value as compact JSON text."""
    return encode(value).decode("utf-8")


def canonical(value: JsonValue) -> bytes:
    """Return the value as JSON with sorted members: equal values give equal bytes."""
    _check(value)
    return _sorted_encoder.encode(value)


def decode(data: bytes | str) -> JsonValue:
    """Return the value of a JSON text; raises `ValueError` (msgspec's is one) where it is none."""
    try:
        return cast("JsonValue", _decoder.decode(data))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _check(value: JsonValue, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"the value is nested deeper than {_MAX_DEPTH}")
    if isinstance(value, str) or value is None:
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("NaN and Infinity are not JSON")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("NaN and Infinity are not JSON")
    if isinstance(value, Mapping):
        for member in value.values():
            _check(member, depth + 1)
    elif isinstance(value, Sequence):
        for item in value:
            _check(item, depth + 1)
