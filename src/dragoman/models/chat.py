"""Chat Completions: how a turn is asked for. What compatible servers speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dragoman.models.chat_reply import ChatAssembly, read
from dragoman.models.dialect import Dialect, Terms
from dragoman.models.output_form import output_form
from dragoman.models.provider import ModelReply, ToolResult, UserMessage
from dragoman.models.tool_form import as_chat
from dragoman.models.transcript import complete

if TYPE_CHECKING:
    from dragoman.models.provider import ModelRequest
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["CHAT"]


def _body(request: ModelRequest, terms: Terms) -> dict[str, JsonValue]:
    body = terms.members(request)
    system: JsonObject = {"role": "system", "content": request.instructions}
    turns = complete(request.transcript)
    body["messages"] = [system, *(message for turn in turns for message in _messages(turn))]
    body.update(_tools(request, terms))
    if request.output_schema is not None:
        form = output_form(request.output_schema, request.output_name)
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if request.max_output_tokens is not None:
        # OpenAI has renamed it, and its reasoning models refuse the old name.
        name = "max_completion_tokens" if terms.is_openai else "max_tokens"
        body[name] = request.max_output_tokens
    return body


def _tools(request: ModelRequest, terms: Terms) -> dict[str, JsonValue]:
    """Return the tools, and which of them may be called now; see those of Responses."""
    tools = request.tools if terms.is_openai else request.callable_tools
    body: list[JsonObject] = [as_chat(tool) for tool in tools]
    if not body:
        return {}
    if request.allowed is None or not terms.is_openai:
        return {"tools": body}
    if not request.allowed:
        return {"tools": body, "tool_choice": "none"}
    names: list[JsonObject] = [
        {"type": "function", "function": {"name": tool.name}} for tool in request.callable_tools
    ]
    allowed: JsonObject = {"mode": "auto", "tools": names}
    return {"tools": body, "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}}


def _messages(turn: UserMessage | ModelReply | ToolResult) -> list[JsonObject]:
    match turn:
        case UserMessage():
            return [{"role": "user", "content": turn.text}]
        case ToolResult():
            return [{"role": "tool", "tool_call_id": turn.call_id, "content": turn.content}]
        case ModelReply():
            return _reply(turn)


def _reply(reply: ModelReply) -> list[JsonObject]:
    """Return a reply's own message, or one that says the same where another interface gave it."""
    if reply.items and all(item.get("role") == "assistant" for item in reply.items):
        return list(reply.items)
    if not reply.text and not reply.tool_calls:
        return []
    message: dict[str, JsonValue] = {"role": "assistant", "content": reply.text or None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return [message]


CHAT = Dialect(
    name="chat",
    path="chat/completions",
    streamed={"stream": True, "stream_options": {"include_usage": True}},
    body=_body,
    read=read,
    assembly=ChatAssembly,
)
"""The dialect of Chat Completions."""
