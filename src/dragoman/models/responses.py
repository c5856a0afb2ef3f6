"""The Responses API: how a turn is asked for. OpenAI's own interface, and the first choice there.

Conversations are kept by us, not by the server: each request carries all of the conversation,
with the output items of earlier turns as they came. A reasoning item carries its encrypted
content by itself; `include`, which once asked for it, is refused by models that do not reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dragoman.models.dialect import Dialect, Terms
from dragoman.models.output_form import output_form
from dragoman.models.provider import ModelReply, ToolResult, UserMessage
from dragoman.models.responses_reply import ResponsesAssembly, read
from dragoman.models.tool_form import as_responses
from dragoman.models.transcript import complete

if TYPE_CHECKING:
    from dragoman.models.provider import ModelRequest
    from dragoman.operation import JsonObject, JsonValue, Tool

__all__ = ["RESPONSES", "tools_found"]


def _body(request: ModelRequest, terms: Terms) -> dict[str, JsonValue]:
    body = terms.members(request)
    body["instructions"] = request.instructions
    body["input"] = [item for turn in complete(request.transcript) for item in _items(turn)]
    body.update(_tools(request, terms))
    if request.output_schema is not None:
        form = output_form(request.output_schema, request.output_name)
        body["text"] = {"format": {"type": "json_schema", **form}}
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = request.max_output_tokens
    return body


def _tools(request: ModelRequest, terms: Terms) -> dict[str, JsonValue]:
    """Return the tools, and which of them may be called now.

    OpenAI is given the same tools in every turn, because a change of them would lose what it has
    cached. Other servers are not known to heed `tool_choice`: what may not be called is left out.
    """
    tools = request.tools if terms.is_openai else request.callable_tools
    body: list[JsonObject] = [as_responses(tool) for tool in tools]
    if request.search is not None:
        body.append(
            {
                "type": "tool_search",
                "execution": "client",
                "description": request.search.description,
                "parameters": request.search.parameters,
            }
        )
    if not body:
        return {}
    if request.allowed is None or not terms.is_openai:
        return {"tools": body}
    if not request.allowed:
        return {"tools": body, "tool_choice": "none"}
    names: list[JsonObject] = [
        {"type": "function", "name": tool.name} for tool in request.callable_tools
    ]
    return {
        "tools": body,
        "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": names},
    }


def _items(turn: UserMessage | ModelReply | ToolResult) -> list[JsonObject]:
    match turn:
        case UserMessage():
            return [{"role": "user", "content": turn.text}]
        case ToolResult(tools=tuple() as found):
            return [tools_found(turn.call_id, found)]
        case ToolResult():
            return [
                {"type": "function_call_output", "call_id": turn.call_id, "output": turn.content}
            ]
        case ModelReply():
            return _reply(turn)


def tools_found(call_id: str, tools: Iterable[Tool]) -> JsonObject:
    """Return the answer to a tool search: the model can call these tools from here on."""
    return {
        "type": "tool_search_output",
        "call_id": call_id,
        "execution": "client",
        "status": "completed",
        "tools": [{**as_responses(tool), "defer_loading": True} for tool in tools],
    }


def _reply(reply: ModelReply) -> list[JsonObject]:
    """Return a reply's own items, or such that say the same where another interface gave it."""
    if reply.items and all("type" in item for item in reply.items):
        return list(reply.items)
    items: list[JsonObject] = []
    if reply.text:
        items.append({"role": "assistant", "content": reply.text})
    items += (
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for call in reply.tool_calls
    )
    return items


RESPONSES = Dialect(
    name="responses",
    path="responses",
    streamed={"stream": True},
    body=_body,
    read=read,
    assembly=ResponsesAssembly,
)
"""The dialect of the Responses API."""
