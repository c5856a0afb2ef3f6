"""*fill*: pinned and caller-bound arguments go in, the nulls that only mean absent go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from dragoman.access.policy import Rules
from dragoman.errors import ArgumentError, ConfigurationError
from dragoman.local_reference import followed
from dragoman.operation import Call, JsonObject, JsonSchema, JsonValue, Operation
from dragoman.tools.nulls import accepts_null

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
    origins = {name: call.origins.get(name, whose) for name in arguments}
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
    schema = followed(schema, root)
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
