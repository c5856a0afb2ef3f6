"""What stands beside a reference and does not count there (OpenAPI 3.0.4, section 4.7.23)."""

from __future__ import annotations

from dragoman.apis.openapi.document import Document
from dragoman.operation import JsonObject, JsonValue

__all__ = ["WORDS", "ignored_beside", "told_beside"]

WORDS = frozenset(
    {"$comment", "default", "deprecated", "description", "example", "examples", "externalDocs"}
    | {"summary", "title", "writeOnly", "xml"}
)
"""Keywords that bind no request: a reader may keep them."""

_SHOWN = 40


def ignored_beside(document: Document, node: JsonValue) -> list[str]:
    """Return what beside `$ref` would bind a request, and is not what the reference says anyway.

    Raises `DescriptionError` for a reference that leads nowhere.
    """
    reference = node.get("$ref") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(reference, str):
        return []
    others = [
        key for key in node if key != "$ref" and key not in WORDS and not key.startswith("x-")
    ]
    if not others:
        return []
    named = document.at(reference)
    said = named if isinstance(named, dict) else {}
    return [key[:_SHOWN] for key in others if key not in said or said[key] != node[key]]


def told_beside(document: Document, schema: JsonObject) -> dict[str, None]:
    """Return a change for each keyword of a schema that its `$ref` makes void."""
    version = "Swagger 2.0" if document.is_2_0 else "OpenAPI 3.0"
    ignored = ignored_beside(document, schema)
    return {f"{key} beside $ref does not count in {version}": None for key in ignored}
