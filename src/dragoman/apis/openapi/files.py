"""Files among the members of a form in parts: bytes, which JSON Schema cannot describe."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.apis.http.file_value import FILE_SCHEMA
from dragoman.apis.openapi.composition import choices_of, parts_of
from dragoman.apis.openapi.definitions import Needs
from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.apis.openapi.media_types import is_binary
from dragoman.apis.openapi.members import flat
from dragoman.apis.openapi.parameters import described
from dragoman.operation import JsonObject, JsonValue

__all__ = ["file_schema", "holds_file", "mentions_file", "text_or_file"]

_CONDITIONS = ("if", "then", "else")
_MAX_DEPTH = 3
_MAX_CHOICES = 50
_MAX_PARTS = 1_000


def file_schema(needs: Needs, schema: JsonValue, content_type: str, depth: int = 0) -> JsonValue:
    """Return the schema of a member that is a file, a list of files or a choice with one in it.

    None for every other member. `content_type` is what an Encoding Object says of the part.
    Raises `DescriptionError` for a schema that cannot be translated.
    """
    document = needs.definitions.document
    part = flat(document, schema)
    if depth > _MAX_DEPTH:
        return None
    if is_binary(part, content_type):
        return described(FILE_SCHEMA, part)
    if part.get("type") == "array":
        item = file_schema(needs, part.get("items"), content_type, depth + 1)
        if item is None:
            return None
        counts = {key: part[key] for key in ("minItems", "maxItems") if key in part}
        return described({"type": "array", "items": item, **counts}, part)
    choices = list(choices_of(part))
    if len(choices) > _MAX_CHOICES:
        return None
    files = [file_schema(needs, one, content_type, depth + 1) for one in choices]
    if not any(file is not None for file in files):
        return None
    both = [
        needs.schema(one) if file is None else file
        for file, one in zip(files, choices, strict=True)
    ]
    return described({"anyOf": both}, part)


def mentions_file(schema: JsonValue) -> bool:
    """Whether a schema made here is that of a file, a list of files or a choice with one in it."""
    if not isinstance(schema, dict):
        return False
    if schema.get("properties") == FILE_SCHEMA["properties"]:
        return True
    return mentions_file(schema.get("items")) or any(map(mentions_file, list_of(schema, "anyOf")))


def text_or_file(schema: JsonValue) -> JsonValue:
    """Return a schema for text or a file, None for a schema that is not any text."""
    if not isinstance(schema, dict) or schema.get("type") != "string":
        return None
    if schema.keys() - {"type", "title", "description", "deprecated", "examples", "default"}:
        return None
    words = {key: schema[key] for key in ("title", "description", "deprecated") if key in schema}
    return {"anyOf": [{"type": "string"}, FILE_SCHEMA], **words}


def holds_file(document: Document, schema: JsonValue, encodings: JsonObject) -> bool:
    """Whether an object that is kept whole may have a file among its members, listed or not."""
    waiting: list[JsonValue] = [schema]
    count = 0
    while waiting and count < _MAX_PARTS:
        current = waiting.pop()
        if not isinstance(current, dict):
            continue
        for part in parts_of(document, current):
            count += 1
            waiting.extend(choices_of(part))
            waiting.extend(part[keyword] for keyword in _CONDITIONS if keyword in part)
            waiting.extend(object_of(part, "dependentSchemas").values())
            for name, member in _members(part):
                said = text_of(object_of(encodings, name), "contentType")
                if _is_file(document, member, said):
                    return True
    return False


def _members(part: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of a schema by name; those that it does not list have none."""
    yield from object_of(part, "properties").items()
    yield from (("", member) for member in object_of(part, "patternProperties").values())
    if isinstance(others := part.get("additionalProperties"), dict):
        yield "", others


def _is_file(document: Document, member: JsonValue, content_type: str, depth: int = 0) -> bool:
    """Whether a member is a file, a list of files or a choice with one in it."""
    part = flat(document, member)
    choices = list(choices_of(part))
    inner = [part.get("items")] if part.get("type") == "array" else choices
    may_go_on = depth < _MAX_DEPTH and len(inner) <= _MAX_CHOICES
    if may_go_on and any(_is_file(document, one, content_type, depth + 1) for one in inner):
        return True
    return is_binary(part, content_type) and not choices
