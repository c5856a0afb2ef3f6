"""What a schema demands of a value beyond its type, in short words and in patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from dragoman.exact_json import encode_text
from dragoman.operation import JsonSchema, JsonValue
from dragoman.tools.prose import bounded

__all__ = ["in_words", "is_plain_pattern"]

_MAX_SHOWN = 80
_COUNTED = (
    ("minLength", "maxLength", "character"),
    ("minProperties", "maxProperties", "member"),
)
_TOKEN = re.compile(
    r"\\[dwsDWS.\-/+*?()\[\]{}|^$\\:@#&'\"=,;_ ]"  # an escape that all engines read alike
    r"|\[\^?(?:[^\[\]\\&]|\\[dwsDWS.\-/+*?()\[\]{}|^$\\])+\]"
    r"|\((?:\?:|(?!\?))|\)|\||[*+?]|\{\d{1,4}(?:,\d{0,4})?\}|[^\\\[\](){}|^$*+?]",
)


def in_words(schema: JsonSchema, form: JsonSchema) -> Iterator[str]:
    """Yield what the schema says of its values and the strict form of it does not."""
    if "enum" not in form:
        yield from _of_value(schema, form)
    if isinstance(dependent := schema.get("dependentRequired"), Mapping):
        for name, needed in dependent.items():
            if needed:
                yield f"{name} needs {', '.join(cast('list[str]', needed))}"
    if "default" in schema:
        yield f"default {bounded(encode_text(schema['default']), _MAX_SHOWN)}"
    if schema.get("deprecated") is True:
        yield "deprecated"


def _of_value(schema: JsonSchema, form: JsonSchema) -> Iterator[str]:
    for least, most, what in _COUNTED:
        if words := _count(schema.get(least), schema.get(most), what):
            yield words
    if schema.get("uniqueItems") is True:
        yield "no item twice"
    for key in ("format", "contentEncoding"):
        if isinstance(said := schema.get(key), str):
            yield bounded(said, _MAX_SHOWN)
    if "pattern" in schema and "pattern" not in form:
        yield f"matches {bounded(str(schema['pattern']), _MAX_SHOWN)}"


def _count(least: JsonValue, most: JsonValue, what: str) -> str:
    low = least if isinstance(least, int) and least > 0 else 0
    if not isinstance(most, int):
        return f"at least {low} {what}{'s' * (low != 1)}" if low else ""
    if low == most:
        return f"exactly {most} {what}{'s' * (most != 1)}"
    return f"{low} to {most} {what}s" if low else f"at most {most} {what}{'s' * (most != 1)}"


def is_plain_pattern(pattern: JsonValue) -> bool:
    """Whether every engine reads a pattern alike, also one that always matches the whole text.

    It begins with ^ and ends with $, and holds no look-around, back reference or flag, and no
    alternative outside of a group.
    """
    if not isinstance(pattern, str) or not pattern.startswith("^") or not pattern.endswith("$"):
        return False
    at, end, depth = 1, len(pattern) - 1, 0
    while at < end:
        token = _TOKEN.match(pattern, at, end)
        if token is None:
            return False
        depth += {"(": 1, ")": -1}.get(token[0][0], 0)
        if depth < 0 or (token[0] == "|" and depth == 0):
            return False
        at = token.end()
    return depth == 0
