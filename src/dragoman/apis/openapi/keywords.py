"""The keywords of a schema that hold no schema: kept where they are what they should be.

Documents in the wild hold `type: any`, `required: true` and `minimum: "1"`. A validator refuses
a schema for one of them, so what is not JSON Schema is left out, and told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache

from dragoman.operation import JsonObject, JsonValue

__all__ = ["TYPES", "checked", "is_fit"]

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

Schema = dict[str, JsonValue]
Changes = dict[str, None]

_SHOWN = 40
_MAX_DEPTH = 32
_MAX_DIGITS = 1_000
_BACKTRACK_LIMIT = 100_000


def checked(schema: JsonObject, changes: Changes) -> Schema:
    """Return the keywords that are fit for JSON Schema 2020-12, and add to `changes` the others."""
    made: Schema = {}
    for keyword, value in schema.items():
        take = _READERS.get(keyword)
        if take is not None:
            take(keyword, value, made, changes)
    _sharpen(schema, made)
    _fit_enum(made, changes)
    if "examples" not in made and "example" in schema and is_fit(schema["example"]):
        made["examples"] = [schema["example"]]
    return made


def _type(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if value is None:
        return
    if isinstance(value, str) and value in TYPES:
        made[keyword] = value
        return
    kinds = value if isinstance(value, list) else [value]
    known = [kind for kind in dict.fromkeys(map(str, kinds)) if kind in TYPES]
    if not known or not all(isinstance(kind, str) and kind in TYPES for kind in kinds):
        changes[f"type: {_shown(value)} is no type of JSON Schema: any value is let through"] = None
        return
    made[keyword] = known[0] if len(known) == 1 else list[JsonValue](known)


def _text(keyword: str, value: JsonValue, made: Schema, _: Changes) -> None:
    if isinstance(value, str):
        made[keyword] = value


def _flag(keyword: str, value: JsonValue, made: Schema, _: Changes) -> None:
    if value is True:
        made[keyword] = True


def _bound(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if _is_number(value):
        made[keyword] = value
    elif value is not None and not isinstance(value, bool):
        changes[f"{keyword}: {_shown(value)} is no number and does not count"] = None


def _step(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if isinstance(value, int | float | Decimal) and _is_number(value) and value > 0:
        made[keyword] = value
    elif value is not None:
        changes[f"{keyword}: {_shown(value)} is no number above 0 and does not count"] = None


def _count(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        made[keyword] = value
    elif value is not None:
        changes[f"{keyword}: {_shown(value)} is no count and does not count"] = None


def _pattern(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if not isinstance(value, str):
        return
    if _is_expression(value):
        made[keyword] = value
    else:
        changes[f"pattern: {_shown(value)} cannot be read as an expression, does not count"] = None


def _enum(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if isinstance(value, list) and value and is_fit(value):
        made[keyword] = _distinct(value)
    elif value is not None:
        changes[f"enum: {_shown(value)} is no list of values and does not count"] = None


def _value(keyword: str, value: JsonValue, made: Schema, changes: Changes) -> None:
    if is_fit(value):
        made[keyword] = value
    else:
        changes[f"{keyword}: its value is nested too deep, or no JSON, and does not count"] = None


def _examples(keyword: str, value: JsonValue, made: Schema, _: Changes) -> None:
    if isinstance(value, list) and value and is_fit(value):
        made[keyword] = value


def _required(keyword: str, value: JsonValue, made: Schema, _: Changes) -> None:
    """Keep the names. In drafts before 4 the word was a flag of a member: `required: true`."""
    if not isinstance(value, list):
        return
    names = dict.fromkeys(name for name in value if isinstance(name, str))
    if names:
        made[keyword] = list[JsonValue](names)


def _dependent(keyword: str, value: JsonValue, made: Schema, _: Changes) -> None:
    if not isinstance(value, dict):
        return
    made[keyword] = {
        name: [one for one in names if isinstance(one, str)]
        for name, names in value.items()
        if isinstance(names, list)
    }


_READERS: Mapping[str, Callable[[str, JsonValue, Schema, Changes], None]] = {
    "type": _type,
    **dict.fromkeys(
        ("title", "description", "format", "contentEncoding", "contentMediaType"), _text
    ),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly", "uniqueItems"), _flag),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _bound),
    "multipleOf": _step,
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count
    ),
    **dict.fromkeys(("minContains", "maxContains"), _count),
    "pattern": _pattern,
    "enum": _enum,
    **dict.fromkeys(("const", "default"), _value),
    "examples": _examples,
    "required": _required,
    "dependentRequired": _dependent,
}


def _sharpen(schema: JsonObject, made: Schema) -> None:
    """Read the flags of 3.0 that sharpen the bound beside them."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(flag) is True and bound in made:
            made[flag] = made.pop(bound)


def _fit_enum(made: Schema, changes: Changes) -> None:
    """Make text of the values of a text: written without quotes, YAML reads `[1, 2]` as numbers."""
    values = made.get("enum")
    if made.get("type") != "string" or not isinstance(values, list):
        return
    if any(isinstance(value, str) for value in values) or not all(map(_is_plain, values)):
        return
    changes["the values of an enum of texts are no texts, and are read as such"] = None
    made["enum"] = [
        str(value).lower() if isinstance(value, bool) else str(value) for value in values
    ]


def _distinct(values: list[JsonValue]) -> list[JsonValue]:
    """Drop what stands twice; lists and objects are left as they are."""
    kept: dict[object, JsonValue] = {}
    for index, value in enumerate(values):
        key = index if isinstance(value, dict | list) else (type(value), value)
        kept.setdefault(key, value)
    return list(kept.values())


def _is_plain(value: JsonValue) -> bool:
    return isinstance(value, bool | int | float | Decimal)


def _is_number(value: JsonValue) -> bool:
    if isinstance(value, float | Decimal):
        return _is_bounded(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_bounded(number: float | Decimal) -> bool:
    """Whether a number can be written out: 1e999999999 is short, its digits are not."""
    if isinstance(number, float):
        return math.isfinite(number)
    few = len(number.as_tuple().digits) <= _MAX_DIGITS
    return number.is_finite() and abs(number.adjusted()) <= _MAX_DIGITS and few


def is_fit(value: JsonValue) -> bool:
    """Whether a value can be written as JSON, and is not nested deeper than any needs to be."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        if not all(_is_bounded(one) for one in level if isinstance(one, float | Decimal)):
            return False
        lists = [one for one in level if isinstance(one, list)]
        objects = [one.values() for one in level if isinstance(one, dict)]
        level = [inner for one in (*lists, *objects) for inner in one]
        if not level:
            return True
    return False


def _shown(value: JsonValue) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value)[:_SHOWN]


@lru_cache(maxsize=4096)
def _is_expression(pattern: str) -> bool:
    """Whether the validator's engine reads the pattern; it is not quite that of ECMA-262."""
    import jsonschema_rs  # noqa: PLC0415 - only where a description has a pattern

    try:
        jsonschema_rs.Draft202012Validator(
            {"pattern": pattern},
            offline=True,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
