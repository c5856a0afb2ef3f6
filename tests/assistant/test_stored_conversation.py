"""A conversation that was put away and taken up again is the same."""

from __future__ import annotations

import json

from dragoman.assistant.answer import Question
from dragoman.assistant.conversation import Conversation
from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage
from dragoman.operation import Effect, Tool

TOOL = Tool("shop__get", "shop.get", "One.", {"type": "object"}, Effect.READ, strict=True)
SEARCH = ToolCall("s1", "tool_search", '{"query": "get"}', searches=True)
CALL = ToolCall("c1", "shop__get", "{}")


def test_the_tools_that_were_given_and_found_are_kept() -> None:
    conversation = Conversation(
        "a1",
        Question("?"),
        [
            UserMessage("?"),
            ModelReply(tool_calls=(SEARCH,), items=({"type": "tool_search_call"},)),
            ToolResult("s1", "tool_search", "", "ok", operation="search_operations", tools=(TOOL,)),
            ModelReply(tool_calls=(CALL,)),
            ToolResult("c1", "shop__get", "", "ok", operation="shop.get", handle="result:7Q2"),
        ],
        offered=["shop.list", "shop.look"],
    )
    stored = json.loads(json.dumps(conversation.as_json()))
    assert Conversation.from_json("a1", stored) == conversation
    assert conversation.used == {"search_operations", "shop.get"}


def test_one_that_was_stored_before_tools_were_found_can_be_read() -> None:
    conversation = Conversation("a1", Question("?"), [ToolResult("c1", "shop__get", "", "ok")])
    stored = json.loads(json.dumps(conversation.as_json()))
    del stored["offered"]
    for name in ("operation", "tools", "handle"):
        del stored["transcript"][0][name]
    assert Conversation.from_json("a1", stored) == conversation
