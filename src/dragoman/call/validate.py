"""*validate*: full JSON Schema before anything is built, with errors that say what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, cast

from dragoman.errors import ArgumentError, FieldError, UnsupportedError
from dragoman.exact_json import encode_text
from dragoman.operation import Call, JsonSchema, JsonValue, Operation

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["Validate"]

_MAX_ERRORS = 8
_MAX_SHOWN = 80
_BACKTRACK_LIMIT = 100_000
"""Steps a regular expression of a description may take: one that backtracks for ever ends here."""


@dataclass(frozen=True, slots=True)
class Validate:
    """Keeps one compiled validator for each operation that was called."""

    _compiled: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    def __call__(self, call: Call, operation: Operation) -> None:
        """Return where the arguments fit; raises `ArgumentError` naming every fault otherwise."""
        validator = self._validator(operation)
        errors = _errors(validator, call, operation)
        if not errors:
            return
        faults = [_field_error(error) for error in errors]
        raise ArgumentError(
            f"{operation.id}: " + "; ".join(fault.detail for fault in faults) + ".",
            hint=_hint(operation, errors),
            errors=tuple(faults),
        )

    def _validator(self, operation: Operation) -> jsonschema_rs.Draft202012Validator:
        """Compile at first use; a schema that is none makes the operation unsupported."""
        known = self._compiled.get(operation.id)
        if known is not None:
            return known
        import jsonschema_rs  # noqa: PLC0415 - not needed to list, search or describe

        try:
            validator = _compile(operation.contract.input_schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise UnsupportedError(
                f"{operation.id} cannot be called: its description holds a schema that is none: "
                f"{_shorten(str(error).splitlines()[0])}"
            ) from None
        self._compiled[operation.id] = validator
        return validator


def _errors(
    validator: jsonschema_rs.Draft202012Validator, call: Call, operation: Operation
) -> list[jsonschema_rs.ValidationError]:
    """Return the first faults; raises `ArgumentError` for values that are no JSON at all."""
    try:
        found = validator.iter_errors(cast("dict[str, object]", call.arguments))
        return list(islice(found, _MAX_ERRORS))
    except UnicodeEncodeError as error:
        code = f"U+{ord(error.object[error.start]):04X}"
        raise ArgumentError(
            f"{operation.id}: the arguments hold half a character ({code}), which cannot be sent."
        ) from None
    except ValueError as error:
        said = _shorten(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise ArgumentError(
            f"{operation.id}: the arguments cannot be read as JSON: {said}.",
            hint="Send text, numbers, lists and objects, and not too many within each other.",
        ) from None


def _field_error(error: jsonschema_rs.ValidationError) -> FieldError:
    pointer = "".join(f"/{part}" for part in error.instance_path)
    return FieldError(pointer, _sentence(error))


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    """Say in one clause what is wrong, in the words of someone who types arguments."""
    name = ".".join(str(part) for part in error.instance_path) or "the arguments"
    kind = error.kind.as_dict()
    shown = _shorten(_json(error.instance))
    match error.kind.name:
        case "required":
            inside = "" if not error.instance_path else f" in {name}"
            return f"{kind['property']} is required{inside}"
        case "additionalProperties" | "unevaluatedProperties":
            unexpected = ", ".join(map(str, kind["unexpected"]))
            return f"{unexpected} is not an argument" + (
                f" of {name}" if error.instance_path else ""
            )
        case "pattern":
            return f"{name} must match {kind['pattern']}, got {shown}"
        case "enum":
            options = ", ".join(
                _json(option) for option in cast("list[JsonValue]", kind["options"])
            )
            return f"{name} must be one of {_shorten(options, 200)}, got {shown}"
        case "type":
            types = " or ".join(map(str, kind["types"]))
            return f"{name} must be of type {types}, got {shown}"
        case _:
            return f"{name}: {_shorten(error.message, 200)}"


def _hint(operation: Operation, errors: list[jsonschema_rs.ValidationError]) -> str:
    """Name what would have worked, where that can be said with certainty."""
    for error in errors:
        if error.kind.name == "pattern" and len(error.instance_path) == 1:
            pattern = str(error.kind.as_dict()["pattern"])
            if match := _matching_part(pattern, str(error.instance)):
                return f"Try: {error.instance_path[0]}={match}"
    kinds = {error.kind.name for error in errors if not error.instance_path}
    if kinds & {"additionalProperties", "unevaluatedProperties"}:
        properties = operation.contract.input_schema.get("properties")
        names = list(cast("dict[str, JsonValue]", properties)) if properties else []
        return f"It has: {', '.join(names) or 'no arguments'}."
    return ""


def _matching_part(pattern: str, value: str) -> str:
    """Return the one part of a short value that the pattern accepts, such as 1042 in '#1042'."""
    if len(value) > _MAX_SHOWN or len(pattern) > _MAX_SHOWN:
        return ""
    candidates = [part for part in re.split(r"[^0-9A-Za-z_-]+", value) if part and part != value]
    # The engine with a bound, not Python's: the pattern is a stranger's.
    accepts = _compile({"type": "string", "pattern": pattern})
    fitting = [part for part in candidates if accepts.is_valid(part)]
    return fitting[0] if len(fitting) == 1 else ""


def _compile(schema: JsonSchema) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 - not needed to list, search or describe

    return jsonschema_rs.Draft202012Validator(
        cast("dict[str, object]", schema),
        offline=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
    )


def _json(value: object) -> str:
    try:
        return encode_text(cast("JsonValue", value))
    except (TypeError, ValueError):
        return repr(value)


def _shorten(text: str, limit: int = _MAX_SHOWN) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
