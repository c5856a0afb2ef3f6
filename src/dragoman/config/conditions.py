"""Conditions in CEL, the Common Expression Language (cel.dev), by Google's own library.

They are compiled once at load, so that a mistake is told with its line, and are pure: they see what
they are given, and nothing else. The library comes with `dragoman[policy]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from dragoman.operation import JsonObject, JsonValue

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression

__all__ = ["ConditionFault", "check", "evaluate", "mentions_user"]

NAMES = ("args", "caller", "result", "effect", "key")
"""What a condition may speak of: arguments, who calls, what came back, what the operation does,
and the key under which a write was shown to the API."""

_USER = re.compile(r"\bcaller\s*\.\s*user\b")
_MEMBER = re.compile(r"\b(args|result)\b(?:\s*\.\s*([A-Za-z_]\w*)(?!\w)(?!\s*\())?")
_MAX_LENGTH = 2_000
_LARGEST = 2**63 - 1


class ConditionFault(Exception):  # noqa: N818 - whoever asks decides what it means
    """Why a condition has no value here: a member that is missing, a type that does not fit."""


def check(text: str) -> None:
    """Compile a condition; raises `ValueError` with what is wrong in it."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"is longer than {_MAX_LENGTH:,} characters")
    try:
        _compiled(text)
    except ModuleNotFoundError:
        raise ValueError(
            'needs a library that is not installed: pip install "dragoman[policy]"'
        ) from None
    except RuntimeError as error:
        reason = str(error).split("ERROR:", 1)[-1].split("\n", 1)[0].split(" expecting {")[0]
        reason = reason.replace("'<EOF>'", "the end")
        raise ValueError(f"is no condition: {reason.replace('<input>:', '').strip()}") from None


def evaluate(text: str, facts: JsonObject) -> JsonValue:
    """Return the value of a condition over facts by name; raises `ConditionFault`."""
    try:
        seen = _plain(_mentioned(text, facts))
        value = _compiled(text).eval(data=cast("dict[str, object]", seen))
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise ConditionFault(str(error)[:200]) from None
    if value.type().name() in ("ERROR", "UNKNOWN"):
        raise ConditionFault(str(value.value())[:200])
    return cast("JsonValue", value.plain_value())


def mentions_user(text: str) -> bool:
    """Whether a condition asks for the end user."""
    return _USER.search(text) is not None


@cache
def _environment() -> Env:
    from cel_expr_python import cel  # noqa: PLC0415 - of an extra

    return cel.NewEnv(variables=dict.fromkeys(NAMES, cel.Type.DYN))


@lru_cache(maxsize=512)
def _compiled(text: str) -> Expression:
    return _environment().compile(text)


def _mentioned(text: str, facts: JsonObject) -> JsonObject:
    """Return facts with those arguments and members of a result that a condition asks for by name.

    The library copies all that it is given, and lets no other thread run meanwhile.
    """
    asked, seen = set(_MEMBER.findall(text)), dict(facts)
    for noun in ("args", "result"):
        value, names = facts.get(noun), {name for of, name in asked if of == noun}
        if isinstance(value, Mapping) and "" not in names:
            seen[noun] = {name: value[name] for name in names if name in value}
    return seen


def _plain(value: JsonValue) -> JsonValue:
    """Return a value with numbers of 64 bits, as CEL has them; others are text.

    So two that differ are never equal, and to ask which is larger has no answer.
    """
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    if type(value) is int and abs(value) > _LARGEST:
        return str(value)
    if value != value:  # noqa: PLR0124 - NaN, which is neither more nor less than any number
        return "NaN"
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _plain_decimal(value: Decimal) -> float | str:
    plain = float(value)
    return plain if value.is_finite() and Decimal(repr(plain)) == value else str(value)
