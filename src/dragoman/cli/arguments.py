"""Arguments as they are typed: `key=value` by the schema, `key:=json`, `key=@file`, `--data`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from dragoman.errors import ArgumentError
from dragoman.exact_json import decode, encode_text
from dragoman.local_reference import followed
from dragoman.operation import JsonObject, JsonSchema, JsonValue

__all__ = ["describe_type", "read_typed"]

_MAX_FILE = 16 * 1024 * 1024
_MAX_DEPTH = 4
"""Of schemas within each other that are looked into: one may contain itself."""
_MAX_BRANCHES = 16
_MAX_DIGITS = 1_000
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def read_typed(tokens: Sequence[str], data: str | None, schema: JsonSchema) -> dict[str, JsonValue]:
    """Return the arguments of a command line; a later one replaces an earlier one.

    `data` is JSON, `@FILE` or `-` for standard input, and comes first. `key=@FILE` and
    `key:=@FILE` are as if the file's content stood there. Raises `ArgumentError` for a token that
    is no argument. What does not fit the schema is left to *validate*.
    """
    arguments = dict(_read_data(data)) if data is not None else {}
    for token in tokens:
        name, value = _read_token(token, schema)
        arguments[name] = value
    return arguments


def describe_type(schema: JsonValue, root: JsonSchema) -> str:
    """Return what may be typed for an argument, in a few words."""
    schema = _resolve(schema, root)
    if isinstance(choices := schema.get("enum"), Sequence):
        return "|".join(_as_typed(choice) for choice in choices)
    types = " or ".join(t for t in _types(schema, root) if t != "null") or "any"
    extra = schema.get("format") or schema.get("pattern")
    return f"{types} ({extra})" if extra else types


def _read_token(token: str, schema: JsonSchema) -> tuple[str, JsonValue]:
    name, equals, text = token.partition("=")
    if not equals or not name:
        raise ArgumentError(f"'{token}' is no argument.", hint="Write key=value, or key:=json.")
    if text.startswith("@"):
        text = _read_file(text[1:], hint=f"For the text itself: {name.removesuffix(':')}:='\"@…\"'")
    if name.endswith(":"):
        return name[:-1], _json(text, f"{name}=")
    properties = cast("Mapping[str, JsonValue]", schema.get("properties", {}))
    return name, _typed(text, _resolve(properties.get(name), schema), schema)


def _typed(
    text: str, schema: Mapping[str, JsonValue], root: JsonSchema, depth: int = 0
) -> JsonValue:
    """Read text as the first type of the schema that it can be; otherwise it stays text."""
    if isinstance(choices := schema.get("enum"), list | tuple) and (
        named := [choice for choice in choices if text == _as_typed(choice)]
    ):
        return cast("JsonValue", named[0])
    for kind in _types(schema, root) if depth < _MAX_DEPTH else ():
        if kind == "string":
            return text
        if kind == "boolean" and text in {"true", "false"}:
            return text == "true"
        if kind in {"integer", "number"} and (number := _number(text, kind)) is not None:
            return number
        if kind == "null" and text == "null":
            return None
        if kind == "array" and not text.startswith("["):
            items = _resolve(schema.get("items"), root)
            return [_typed(part, items, root, depth + 1) for part in text.split(",")]
        if kind in {"array", "object"}:
            return _json(text, text)
    return text


def _as_typed(choice: JsonValue) -> str:
    """Return one value of an enum as somebody types it."""
    return choice if isinstance(choice, str) else encode_text(choice)


def _number(text: str, kind: str) -> int | Decimal | None:
    """Read a number as JSON writes it (RFC 8259, section 6), which `int` and `Decimal` exceed."""
    if not _NUMBER.fullmatch(text.strip()) or len(text) > _MAX_DIGITS:
        return None
    if _INTEGER.fullmatch(text.strip()):
        return int(text)
    try:
        return Decimal(text.strip()) if kind == "number" else None
    except InvalidOperation:  # an exponent of more than 18 digits
        return None


def _types(schema: Mapping[str, JsonValue], root: JsonSchema, depth: int = 0) -> list[str]:
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if isinstance(declared, Sequence):
        return [str(kind) for kind in declared]
    for keyword in ("anyOf", "oneOf", "allOf") if depth < _MAX_DEPTH else ():
        if isinstance(branches := schema.get(keyword), Sequence):
            found = [
                kind
                for branch in branches[:_MAX_BRANCHES]
                for kind in _types(_resolve(branch, root), root, depth + 1)
            ]
            return list(dict.fromkeys(found))
    return ["array"] if "items" in schema else []


def _resolve(schema: JsonValue, root: JsonSchema) -> Mapping[str, JsonValue]:
    return followed(schema, root) if isinstance(schema, Mapping) else {}


def _read_data(data: str) -> JsonObject:
    if data == "-":
        text = _text_of(sys.stdin.buffer.read(_MAX_FILE + 1), "standard input")
    elif data.startswith("@"):
        text = _read_file(data[1:])
    else:
        text = data
    value = _json(text, "--data")
    if not isinstance(value, Mapping):
        raise ArgumentError("--data must be a JSON object of arguments.")
    return value


def _read_file(path: str, hint: str = "") -> str:
    try:
        with Path(path).open("rb") as file:
            return _text_of(file.read(_MAX_FILE + 1), path)
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}.", hint=hint) from None


def _text_of(content: bytes, where: str) -> str:
    if len(content) > _MAX_FILE:
        raise ArgumentError(f"{where} is larger than {_MAX_FILE // 1024 // 1024} MiB.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ArgumentError(f"{where} is not text in UTF-8.") from None


def _json(text: str, where: str) -> JsonValue:
    try:
        return decode(text)
    except ValueError as error:
        raise ArgumentError(f"{where}: not JSON: {error}.") from None
