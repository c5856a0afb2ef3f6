"""Tools in the two forms that OpenAI's interfaces take.

They are not strict, unless whoever made them says so: a strict tool has to list every property as
required, and would ask the model for values that the API does not want. What a schema cannot say
is enforced on the call path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue, Tool

__all__ = ["as_chat", "as_responses"]


def as_responses(tool: Tool) -> JsonObject:
    """Return the tool for the Responses API (`FunctionToolParam`)."""
    return {"type": "function", **_function(tool)}


def as_chat(tool: Tool) -> JsonObject:
    """Return the tool for Chat Completions (`ChatCompletionFunctionToolParam`)."""
    return {"type": "function", "function": _function(tool)}


def _function(tool: Tool) -> dict[str, JsonValue]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
