"""Tools in the two forms that OpenAI's interfaces take.

They are not strict: a strict tool has to list every property as required, and would ask the model
for values that the API does not want. What a schema cannot say is enforced on the call path.
"""

from __future__ import annotations

from dragoman.operation import Tool

__all__ = ["as_chat", "as_responses"]


def as_responses(tool: Tool) -> dict[str, object]:
    """Return the tool for the Responses API (`FunctionToolParam`)."""
    return {"type": "function", **_function(tool)}


def as_chat(tool: Tool) -> dict[str, object]:
    """Return the tool for Chat Completions (`ChatCompletionFunctionToolParam`)."""
    return {"type": "function", "function": _function(tool)}


def _function(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "strict": tool.strict,
    }
