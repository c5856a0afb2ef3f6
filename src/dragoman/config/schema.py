"""The JSON Schema of dragoman.yaml, for editors."""

from __future__ import annotations

from typing import cast

from dragoman.config.settings import Settings
from dragoman.operation import JsonValue

__all__ = ["json_schema"]


def json_schema() -> dict[str, JsonValue]:
    """Return the schema: what the settings say, and the short forms that loading accepts."""
    schema = cast("dict[str, JsonValue]", Settings.model_json_schema(mode="validation"))
    properties = cast("dict[str, JsonValue]", schema["properties"])
    properties["model"] = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/ModelSettings"}]}
    properties["apis"] = {
        "type": "object",
        "additionalProperties": {
            "anyOf": [{"type": "string"}, {"$ref": "#/$defs/ApiSettings"}],
        },
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
