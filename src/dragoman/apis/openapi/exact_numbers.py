"""JSON descriptions whose numbers are longer than a double or 64 bits hold, read without loss.

orjson is the fastest reader, and makes doubles of such numbers in silence. They are rare, so the
bytes are searched for one first, which takes a fifth of the time that reading them does; only
where one may be are they read again, by a reader that keeps every digit.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import cast

import msgspec

from dragoman.errors import DescriptionError
from dragoman.operation import JsonValue

__all__ = ["exact_number", "read_json"]

# Of 16 digits, the point among them, a double may differ (IEEE 754: 15 are always kept).
_RUN = b"0" * 16
_OTHER = re.compile(rb"[^0]")
_MOST_RUNS = 10_000
_DIGITS = bytes.maketrans(b"123456789.", b"0" * 10)
_BEFORE = re.compile(rb'(?:\A|"\s*:|[\[,])\s*-?\Z')
_AFTER = re.compile(rb"[0-9.]*(?:[eE][-+]?[0-9]+)?\s*[,\]}]")
_NEAR = 80
_INFINITY = "infinity"


def read_json(data: bytes, location: str) -> JsonValue:
    """Return the value of a JSON text, each number as it is written.

    Raises `orjson.JSONDecodeError` for what is no JSON, and `DescriptionError` for a number that
    nothing here can hold.
    """
    import orjson  # noqa: PLC0415 - only where a document is read

    try:
        value = cast("JsonValue", orjson.loads(data))
    except orjson.JSONDecodeError as error:
        if _INFINITY not in error.msg:
            raise
    else:
        if not _may_be_inexact(data):
            return value
    try:
        return cast("JsonValue", msgspec.json.Decoder(float_hook=exact_number).decode(data))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DescriptionError(f"{location}: its numbers cannot be read: {error}.") from None


def exact_number(text: str) -> float | Decimal:
    """Return a number that is no integer: a float where that is the same, else a Decimal.

    Raises `ValueError` for an exponent of more than 18 digits.
    """
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is out of every range") from None
    number = float(text)
    return number if math.isfinite(number) and Decimal(repr(number)) == exact else exact


def _may_be_inexact(data: bytes) -> bool:
    """Whether a long run of digits stands where a number does; in a text it may seem to."""
    digits = data.translate(_DIGITS)
    start = digits.find(_RUN)
    for _ in range(_MOST_RUNS):
        if start < 0:
            return False
        before = data[max(0, start - _NEAR) : start]
        if _BEFORE.search(before) and _AFTER.match(data, start):
            return True
        end = _OTHER.search(digits, start)
        start = digits.find(_RUN, end.start()) if end else -1
    return True
