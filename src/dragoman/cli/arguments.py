"""Arguments as they are typed: `key=value` by the schema, `key:=json`, `key=@file`, `--data`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from dragoman.errors import ArgumentError
from dragoman.exact_json import decode
from dragoman.operation import JsonObject, JsonSchema, JsonValue

__all__ = ["describe_type", "read_typed"]

_MAX_FILE = 16 * 1024 * 1024


def read_typed(tokens: Sequence[str], data: str | None, schema: JsonSchema) -> dict[str, JsonValue]:
    """Return the arguments of a command line; a later one replaces an earlier one.

    `data` is JSON, `@FILE` or `-` for standard input, and comes first. Raises `ArgumentError`
    for a token that is no argument. What does not fit the schema is left to *validate*.
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
        return "|".join(str(choice) for choice in choices)
    types = " or ".join(t for t in _types(schema, root) if t != "null") or "any"
    extra = schema.get("format") or schema.get("pattern")
    return f"{types} ({extra})" if extra else types


def _read_token(token: str, schema: JsonSchema) -> tuple[str, JsonValue]:
    name, equals, text = token.partition("=")
    if not equals or not name:
        raise ArgumentError(f"'{token}' is no argument.", hint="Write key=value, or key:=json.")
    if name.endswith(":"):
        return name[:-1], _json(text, token)
    if text.startswith("@"):
        return name, _read_file(text[1:])
    properties = cast("Mapping[str, JsonValue]", schema.get("properties", {}))
    return name, _typed(text, _resolve(properties.get(name), schema), schema)


def _typed(text: str, schema: Mapping[str, JsonValue], root: JsonSchema) -> JsonValue:
    """Read text as the first type of the schema that it can be; otherwise it stays text."""
    for kind in _types(schema, root):
        if kind == "string":
            return text
        if kind == "boolean" and text in {"true", "false"}:
            return text == "true"
        if kind in {"integer", "number"} and (number := _number(text, kind)) is not None:
            return number
        if kind == "null" and text == "null":
            return None
        if kind == "array":
            if text.startswith("["):
                return _json(text, text)
            items = _resolve(schema.get("items"), root)
            return [_typed(part, items, root) for part in text.split(",")]
        if kind == "object":
            return _json(text, text)
    return text


def _number(text: str, kind: str) -> int | Decimal | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and kind == "number" else None


def _types(schema: Mapping[str, JsonValue], root: JsonSchema) -> list[str]:
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if isinstance(declared, Sequence):
        return [str(kind) for kind in declared]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if isinstance(branches := schema.get(keyword), Sequence):
            return [t for branch in branches for t in _types(_resolve(branch, root), root)]
    return ["array"] if "items" in schema else []


def _resolve(schema: JsonValue, root: JsonSchema) -> Mapping[str, JsonValue]:
    for _ in range(16):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        definitions = cast("Mapping[str, JsonValue]", root.get("$defs", {}))
        schema = definitions.get(reference.removeprefix("#/$defs/"))
    return {}


def _read_data(data: str) -> JsonObject:
    if data == "-":
        text = sys.stdin.read(_MAX_FILE)
    elif data.startswith("@"):
        text = _read_file(data[1:])
    else:
        text = data
    value = _json(text, "--data")
    if not isinstance(value, Mapping):
        raise ArgumentError("--data must be a JSON object of arguments.")
    return value


def _read_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        if len(content) > _MAX_FILE:
            raise ArgumentError(f"{path} is larger than {_MAX_FILE // 1024 // 1024} MiB.")
        return content.decode("utf-8")
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ArgumentError(f"{path} is not text in UTF-8.") from None


def _json(text: str, where: str) -> JsonValue:
    try:
        return decode(text)
    except ValueError as error:
        raise ArgumentError(f"{where}: not JSON: {error}.") from None
