"""*fill*: pinned and caller-bound arguments go in, the nulls that only mean absent go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from dragoman.access.policy import Rules
from dragoman.errors import ArgumentError, ConfigurationError
from dragoman.operation import Call, JsonObject, JsonSchema, JsonValue, Operation

__all__ = ["fill"]

_MAX_DEPTH = 64


def fill(call: Call, operation: Operation, rules: Rules) -> Call:
    """Return the call with the owner's values in place, whatever the model wrote there.

    Raises `ArgumentError` when a value is to come from an end user and there is none, and
    `ConfigurationError` when the owner fills an argument that the operation does not have.
    """
    schema = operation.contract.input_schema
    arguments = dict(cast("JsonObject", _without_fillers(call.arguments, schema, schema)))
    whose = "you" if call.door == "cli" else "the caller"
    origins = {**call.origins, **{name: call.origins.get(name, whose) for name in arguments}}
    properties = cast("JsonObject", schema.get("properties", {}))
    own = rules.rule_of.get("fill", "")
    for name, source in rules.fill.items():
        if name not in properties:
            continue
        arguments[name] = _value(call, name, source, own)
        origins[name] = source if _is_bound(source) else "the owner"  # type: ignore[assignment]
    return replace(call, arguments=arguments, origins=origins)


def _is_bound(source: JsonValue) -> bool:
    return isinstance(source, str) and source.startswith("caller.")


def _value(call: Call, name: str, source: JsonValue, rule: str) -> JsonValue:
    """Return a pinned value as it is, or what `caller.user` and `caller.name` stand for."""
    if not _is_bound(source):
        return source
    if source == "caller.name":
        return call.caller
    if source != "caller.user":
        raise ConfigurationError(f"{rule}: {name} is filled from {source}. Use caller.user.")
    if call.user is None:
        raise ArgumentError(
            f"{call.operation} needs an end user: {name} is filled from caller.user.",
            hint="Add --user ID (in Python: user=).",
            rule=rule,
        )
    return call.user


def _without_fillers(
    value: JsonValue, schema: JsonValue, root: JsonSchema, depth: int = 0
) -> JsonValue:
    """Drop members that are null where the API itself accepts no null: models fill them in."""
    if depth > _MAX_DEPTH or not isinstance(schema, Mapping):
        return value
    schema = _resolve(schema, root)
    if isinstance(value, Mapping):
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return value
        return {
            name: _without_fillers(member, properties.get(name), root, depth + 1)
            for name, member in value.items()
            if member is not None or accepts_null(properties.get(name), root)
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_fillers(item, schema.get("items"), root, depth + 1) for item in value]
    return value


def accepts_null(schema: JsonValue, root: JsonSchema, depth: int = 0) -> bool:
    """Whether null is a value of this schema, so that it means null and not absent.

    What does not say is read as accepting it: a null that is sent can be refused by the API,
    one that is dropped is lost.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return True
    schema = _resolve(schema, root)
    declared = schema.get("type")
    if isinstance(declared, str):
        return declared == "null"
    if isinstance(declared, Sequence):
        return "null" in declared
    if isinstance(choices := schema.get("enum"), Sequence):
        return None in choices
    if "const" in schema:
        return schema["const"] is None
    for keyword in ("anyOf", "oneOf"):
        if isinstance(branches := schema.get(keyword), Sequence):
            return any(accepts_null(branch, root, depth + 1) for branch in branches)
    if isinstance(parts := schema.get("allOf"), Sequence):
        return all(accepts_null(part, root, depth + 1) for part in parts)
    return True


def _resolve(schema: Mapping[str, JsonValue], root: JsonSchema) -> Mapping[str, JsonValue]:
    """Follow `$ref` into the schema's own `$defs` (JSON Schema 2020-12, section 8.2)."""
    for _ in range(_MAX_DEPTH):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
            return schema
        definitions = root.get("$defs")
        name = reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
        target = definitions.get(name) if isinstance(definitions, Mapping) else None
        if not isinstance(target, Mapping):
            return schema
        schema = target
    return schema
