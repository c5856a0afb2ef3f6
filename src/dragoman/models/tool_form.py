"""Tools in the two forms that OpenAI's interfaces take.

A tool is strict where whoever made it says so: a strict schema lists every property as required,
and null stands there for what is left out. What no schema says is enforced on the call path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dragoman.errors import ModelError

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue, Tool

__all__ = ["as_chat", "as_responses"]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def as_responses(tool: Tool) -> JsonObject:
    """Return the tool for the Responses API (`FunctionToolParam`)."""
    return {"type": "function", **_function(tool)}


def as_chat(tool: Tool) -> JsonObject:
    """Return the tool for Chat Completions (`ChatCompletionFunctionToolParam`)."""
    return {"type": "function", "function": _function(tool)}


def _function(tool: Tool) -> dict[str, JsonValue]:
    if not _NAME.fullmatch(tool.name):
        raise ModelError(
            f"A tool cannot be named {tool.name[:100]!r}: OpenAI takes up to 64 letters, digits, "
            "hyphens and underscores."
        )
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.shown_parameters,
        "strict": tool.strict,
    }
