"""Which tools a turn has, which of them may be called, and how more are found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from asking import GET_ORDER, Connect, asking
from openai.types.chat.chat_completion_allowed_tool_choice_param import (
    ChatCompletionAllowedToolChoiceParam,
)
from openai.types.responses.response_tool_search_output_item_param_param import (
    ResponseToolSearchOutputItemParamParam,
)
from openai.types.responses.tool_choice_allowed_param import ToolChoiceAllowedParam
from openai.types.responses.tool_search_tool_param import ToolSearchToolParam
from pydantic import TypeAdapter

from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage
from dragoman.tools.meta import META_TOOLS
from scripted_openai import Reply

REFUND = replace(GET_ORDER, name="shop_refund", operation="shop.refund")
TOOLS = (GET_ORDER, REFUND)
QUESTION = UserMessage("Where is order 1042?")


def names(asked: dict[str, Any]) -> list[str]:
    return [tool.get("function", tool)["name"] for tool in asked.get("tools", [])]


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_openai_keeps_its_tools_and_is_told_which_may_be_called(
    connect: Connect, api: str
) -> None:
    server, model = await connect([Reply("Yes.")] * 3, openai=True, api=api)
    for allowed in (None, ("shop_refund",), ()):
        await model.reply(asking(tools=TOOLS, allowed=allowed))
    every, some, none = (request.json for request in server.requests)
    assert every["tools"] == some["tools"] == none["tools"]
    assert len(every["tools"]) == 2
    assert "tool_choice" not in every
    assert none["tool_choice"] == "none"
    kind = ToolChoiceAllowedParam if api == "responses" else ChatCompletionAllowedToolChoiceParam
    assert TypeAdapter[Any](kind).validate_python(some["tool_choice"])["type"] == "allowed_tools"
    assert "shop_refund" in str(some["tool_choice"])
    assert "shop_getOrder" not in str(some["tool_choice"])


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_another_server_is_given_only_what_may_be_called(connect: Connect, api: str) -> None:
    server, model = await connect([Reply("Yes.")] * 2, api=api)
    for allowed in (("shop_refund",), ()):
        await model.reply(asking(tools=TOOLS, allowed=allowed))
    some, none = (request.json for request in server.requests)
    assert names(some) == ["shop_refund"]
    assert "tools" not in none
    assert "tool_choice" not in {*some, *none}


async def test_a_search_is_offered_asked_and_answered(connect: Connect) -> None:
    server, model = await connect(
        [Reply(searches=[{"query": "refund"}]), Reply("Yes.")], openai=True
    )
    reply = await model.reply(asking(tools=(GET_ORDER,), search=META_TOOLS[0]))
    assert reply.tool_calls == (
        ToolCall("search_1_0", "tool_search", '{"query":"refund"}', searches=True),
    )
    result = ToolResult("search_1_0", "tool_search", "found", status="ok", tools=(REFUND,))
    await model.reply(asking(QUESTION, reply, result, tools=(GET_ORDER,), search=META_TOOLS[0]))
    first, second = (request.json for request in server.requests)
    assert TypeAdapter(ToolSearchToolParam).validate_python(first["tools"][-1])
    assert first["tools"] == second["tools"]
    call, found = second["input"][1:]
    assert call == dict(reply.items[0])
    TypeAdapter(ResponseToolSearchOutputItemParamParam).validate_python(found)
    assert [tool["name"] for tool in found["tools"]] == ["shop_refund"]


async def test_a_search_without_an_answer_is_given_an_empty_one(connect: Connect) -> None:
    server, model = await connect([Reply(searches=[{"query": "a"}]), Reply("Yes.")], openai=True)
    reply = await model.reply(asking(search=META_TOOLS[0]))
    await model.reply(asking(QUESTION, reply, UserMessage("And now?"), search=META_TOOLS[0]))
    kinds = [item.get("type", item.get("role")) for item in server.requests[1].json["input"]]
    assert kinds == ["user", "tool_search_call", "tool_search_output", "user"]


async def test_chat_is_told_of_a_search_in_its_own_terms(connect: Connect) -> None:
    call = ToolCall("search_1", "tool_search", '{"query": "a"}', searches=True)
    result = ToolResult("search_1", "tool_search", "found", status="ok", tools=(REFUND,))
    server, model = await connect([Reply("Yes.")])
    await model.reply(asking(QUESTION, ModelReply(tool_calls=(call,)), result))
    message, told = server.requests[0].json["messages"][2:]
    assert message["tool_calls"][0]["function"]["name"] == "tool_search"
    assert (told["tool_call_id"], told["content"]) == ("search_1", "found")


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ({"openai": True}, "tool_search"),
        ({"openai": True, "name": "gpt-5.4-2026-03-05"}, "tool_search"),
        ({"openai": True, "name": "gpt-6"}, "tool_search"),
        ({"openai": True, "name": "gpt-10.1-mini"}, "tool_search"),
        ({"openai": True, "name": "gpt-5.3"}, "functions"),
        ({"openai": True, "name": "gpt-5-mini"}, "functions"),
        ({"openai": True, "name": "gpt-4o"}, "functions"),
        ({"openai": True, "name": "ft:gpt-5.4:acme"}, "functions"),
        ({"openai": True, "api": "chat"}, "functions"),
        ({"api": "responses"}, "functions"),
        ({}, "functions"),
    ],
)
async def test_tool_search_is_used_where_the_model_is_known_to_have_it(
    connect: Connect, settings: dict[str, Any], finding: str
) -> None:
    _, model = await connect(**settings)
    assert model.finding == finding
