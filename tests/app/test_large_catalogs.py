"""A question over more operations than a model can be shown: a few at once, the others found.

The catalog is the small shop among a thousand rooms whose words are those of the questions, so
that what is asked for is never among the tools that a question begins with.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from bench.recall import OWN
from bench.tokens import TARGET, cost_of, listening

from dragoman import Dragoman, Status
from dragoman.audit.records import CallFilter
from dragoman.models.responses import RESPONSES
from dragoman.tools.meta import CALL, DESCRIBE, SEARCH
from dragoman.tools.naming import tool_name
from scripted_openai import Reply, Script, ScriptedOpenAI, scripted_openai
from small_shop import DOCUMENT, TOKEN

QUESTION = "Please look at room 7 for the purchase 1042"
REFUND = {"order_id": "1042", "amount": 25}
GITHUB = json.loads(OWN.read_text("utf-8"))["github.json"]
META = [SEARCH, DESCRIBE, CALL]

Json = dict[str, Any]
Ask = Callable[..., Awaitable[tuple[Dragoman, ScriptedOpenAI]]]


def rooms(count: int = 1_000) -> Json:
    """The shop's document with so many more operations."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        f"/rooms{number}/{{id}}": {
            "get": {
                "operationId": f"lookAtRoom{number}",
                "summary": f"Please look at room {number} for the purchase",
                "parameters": [parameter],
            }
        }
        for number in range(count)
    }
    return {**DOCUMENT, "paths": {**DOCUMENT["paths"], **paths}}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "rooms.json"
    path.write_text(json.dumps(rooms()))
    return path


@pytest.fixture
async def asked_of(dragoman: Any, document: Path) -> AsyncIterator[Ask]:
    """Open Dragoman over the large catalog with a model behind a scripted server."""
    async with AsyncExitStack() as stack:

        async def start(
            script: Script,
            *,
            api: str = "responses",
            openai: bool = True,
            document: Path = document,
            **top: Any,
        ) -> tuple[Dragoman, ScriptedOpenAI]:
            server = await stack.enter_async_context(scripted_openai(script))
            model = {"name": top.pop("name", "gpt-5.4-mini"), "api": api, "api_key": "${KEY}"}
            if not openai:
                model["base_url"] = server.base_url
            d = await dragoman(
                top={"model": model, **top},
                environ={"SHOP_TOKEN": TOKEN, "KEY": "sk-test"},
                openapi=str(document),
            )
            if openai:
                d._model_client = lambda reach: server.as_openai()
            return d, server

        yield start


def offered(asked: Json) -> list[str]:
    """The names of the tools of a request, in their order."""
    tools = asked.get("tools", [])
    return [tool.get("function", tool).get("name", tool["type"]) for tool in tools]


def results(asked: Json) -> list[str]:
    """What a request tells the model of its calls."""
    if "messages" in asked:
        return [m["content"] for m in asked["messages"] if m["role"] == "tool"]
    return [i["output"] for i in asked["input"] if i.get("type") == "function_call_output"]


def data_of(block: str) -> Any:
    """The data in a block that a model reads."""
    (line,) = (line for line in block.splitlines() if line.startswith("data: "))
    return json.loads(line.removeprefix("data: "))


# Tool search of the Responses API


async def test_a_model_searches_is_given_the_tool_and_calls_it(asked_of: Ask, shop) -> None:
    script = [
        Reply(searches=[{"query": "show one order"}]),
        Reply(calls=[("shop__getOrder", {"order_id": "1042"})]),
        Reply("It is shipped."),
    ]
    d, server = await asked_of(script)
    answer = await d.ask(QUESTION)
    assert answer.text == "It is shipped."
    first, second, third = (request.json for request in server.requests)
    assert "shop__getOrder" not in offered(first)
    assert offered(first)[-1] == "tool_search"
    assert 1 < len(offered(first)) <= 11
    (found,) = (item for item in second["input"] if item.get("type") == "tool_search_output")
    assert (found["call_id"], found["execution"], found["status"]) == (
        "search_1_0",
        "client",
        "completed",
    )
    assert found["tools"][0]["name"] == "shop__getOrder"
    assert all(tool["defer_loading"] for tool in found["tools"])
    assert [outcome.operation for outcome in answer.calls] == ["shop.getOrder"]
    assert [request["target"] for request in shop.requests] == ["/orders/1042"]
    # What was cached stays so: tools and instructions are the same in every turn.
    assert first["tools"] == second["tools"] == third["tools"]
    assert first["instructions"] == third["instructions"]
    assert third["input"][: len(second["input"])] == second["input"]


async def test_the_tools_that_were_found_are_there_in_the_next_question(
    asked_of: Ask, shop
) -> None:
    script = [
        Reply(searches=[{"query": "show one order"}]),
        Reply(calls=[("shop__getOrder", {"order_id": "1042"})]),
        Reply("It is shipped."),
        Reply(calls=[("shop__getOrder", {"order_id": "7"})]),
        Reply("That one, too."),
    ]
    d, server = await asked_of(script)
    first = await d.ask(QUESTION)
    answer = await d.ask("And room 8?", after=first.id)
    assert answer.text == "That one, too."
    asked = server.requests[3].json
    (found,) = (item for item in asked["input"] if item.get("type") == "tool_search_output")
    assert found["tools"][0]["name"] == "shop__getOrder"
    assert "tool_choice" not in asked
    before = offered(server.requests[0].json)[:-1]
    assert offered(asked)[: len(before)] == before


async def test_another_process_goes_on_with_the_tools_that_were_found(asked_of: Ask, shop) -> None:
    refund = ("shop__refundOrder", {"order_id": "1042", "amount": 25})
    script = [Reply(searches=[{"query": "refund money of an order"}]), Reply(calls=[refund])]
    d, server = await asked_of(script)
    answer = await d.ask(QUESTION)
    assert (answer.status, shop.refunds) == (Status.PENDING, [])
    (approval,) = answer.approvals
    assert (approval.operation, approval.effect) == ("shop.refundOrder", "write")
    await d.parts.audit.flush()
    other, next_server = await asked_of([Reply("Refunded.")])
    await other.approve(approval.id)
    resumed = await other.resume(answer.id)
    assert resumed.text == "Refunded."  # type: ignore[union-attr]
    assert len(shop.refunds) == 1
    before, after = server.requests[1].json, next_server.requests[0].json
    assert after["tools"] == before["tools"]
    assert after["input"][: len(before["input"])] == before["input"]


async def test_what_may_no_longer_be_used_is_not_called_though_it_was_found(
    asked_of: Ask, shop
) -> None:
    search = Reply(searches=[{"query": "show one order"}])
    call = Reply(calls=[("shop__getOrder", {"order_id": "1042"})])
    d, _ = await asked_of([search, Reply("Found.")], callers={"bot": {"scopes": ["shop:read"]}})
    first = await d.ask(QUESTION, caller="bot")
    await d.parts.audit.flush()
    narrower = {"callers": {"bot": {"scopes": ["shop.look*"]}}}
    other, server = await asked_of([call, Reply("No.")], **narrower)
    await other.ask("And now?", caller="bot", after=first.id)
    assert "There is no operation" in results(server.requests[1].json)[-1]
    assert shop.requests == []


@pytest.mark.parametrize("arguments", [{}, {"query": 7}, [], None, {"query": "a", "limit": 10**9}])
async def test_a_search_that_makes_no_sense_finds_nothing(
    asked_of: Ask, shop, arguments: object
) -> None:
    d, server = await asked_of([Reply(searches=[arguments]), Reply("I don't know.")])
    assert (await d.ask(QUESTION)).text == "I don't know."
    items = server.requests[1].json["input"]
    (found,) = (item for item in items if item.get("type") == "tool_search_output")
    assert found["tools"] == []


async def test_a_stream_may_search(asked_of: Ask, shop) -> None:
    script = [Reply(searches=[{"query": "show one order"}]), Reply("Found.")]
    d, server = await asked_of(script)

    async def ignore(event: object) -> None:
        pass

    assert (await d.ask(QUESTION, on_event=ignore)).text == "Found."
    assert server.requests[0].json["stream"]
    assert any(i.get("type") == "tool_search_output" for i in server.requests[1].json["input"])


# Three functions in its place


@pytest.fixture(params=["chat", "chat elsewhere", "responses elsewhere", "an older model"])
def meta(request: pytest.FixtureRequest) -> Json:
    """Where a model has no tool search."""
    return {
        "chat": {"api": "chat"},
        "chat elsewhere": {"api": "chat", "openai": False},
        "responses elsewhere": {"openai": False},
        "an older model": {"name": "gpt-4.1"},
    }[request.param]


async def test_a_model_finds_describes_and_calls_an_operation(
    asked_of: Ask, meta: Json, shop
) -> None:
    order = {"operation": "shop.getOrder", "arguments": {"order_id": "1042"}}
    script = [
        Reply(calls=[(SEARCH, {"query": "show one order"})]),
        Reply(calls=[(DESCRIBE, {"operation": "shop.getOrder"})]),
        Reply(calls=[(CALL, order)]),
        Reply("It is shipped."),
    ]
    d, server = await asked_of(script, **meta)
    answer = await d.ask(QUESTION)
    assert answer.text == "It is shipped."
    assert offered(server.requests[0].json)[-3:] == META
    assert "shop__getOrder" not in offered(server.requests[0].json)
    found, described, called = (results(request.json)[-1] for request in server.requests[1:])
    assert data_of(found)["operations"][0] == {
        "operation": "shop.getOrder",
        "effect": "read",
        "about": "Show one order",
    }
    assert data_of(described)["parameters"]["required"] == ["order_id"]
    assert data_of(called)["tracking"] == "PX-100042"
    assert "source: shop.getOrder" in called
    # Only the call of the API is one, and it is recorded as the operation that it was.
    assert [outcome.operation for outcome in answer.calls] == ["shop.getOrder"]
    await d.parts.audit.flush()
    records = await d.parts.audit.calls(CallFilter(), 10)
    assert [record.operation for record in records] == ["shop.getOrder"]


async def test_a_write_asks_as_the_operation_that_it_is(asked_of: Ask, meta: Json, shop) -> None:
    refund = (CALL, {"operation": "shop.refundOrder", "arguments": REFUND})
    d, _ = await asked_of([Reply(calls=[refund]), Reply("Refunded.")], **meta)
    answer = await d.ask(QUESTION)
    assert (answer.status, shop.refunds) == (Status.PENDING, [])
    (approval,) = answer.approvals
    assert approval.operation == "shop.refundOrder"
    shown = json.dumps(approval.shown)
    assert "/orders/1042/refunds" in shown
    assert approval.shown["origins"] == {"order_id": "you", "amount": "the model"}
    assert CALL not in shown
    await d.approve(approval.id)
    resumed = await d.resume(answer.id)
    assert resumed.text == "Refunded."  # type: ignore[union-attr]
    assert [refund["order_id"] for refund in shop.refunds] == ["1042"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ((CALL, {"operation": "shop.nothing", "arguments": {}}), "There is no operation"),
        ((CALL, {"operation": "shop.deleteOrder", "arguments": {}}), "There is no operation"),
        ((CALL, {"operation": "x" * 100_000, "arguments": {}}), "at most 300 characters"),
        ((CALL, {"operation": CALL, "arguments": {}}), "There is no operation"),
        ((CALL, {"operation": "shop.getOrder", "arguments": {"order_id": "x"}}), "order_id"),
        ((CALL, {"operation": "shop.getOrder", "order_id": "1042"}), "go into 'arguments'"),
        ((CALL, "[" * 100_000), "nested deeper"),
        ((DESCRIBE, {"operation": "shop.deleteOrder"}), "There is no operation"),
        ((SEARCH, {"query": "a", "limit": -1}), "from 1 to 20"),
        (("shop__deleteOrder", {"order_id": "1042"}), "There is no operation"),
    ],
)
async def test_what_may_not_be_called_or_makes_no_sense_is_refused(
    asked_of: Ask, shop, call: tuple[str, object], said: str
) -> None:
    reading = {"callers": {"bot": {"scopes": ["shop:read", "shop.refundOrder"]}}}
    d, server = await asked_of([Reply(calls=[call]), Reply("No.")], api="chat", **reading)
    answer = await d.ask(QUESTION, caller="bot")
    (told,) = results(server.requests[1].json)
    assert answer.text == "No."
    assert "status: failed" in told
    assert said in told
    assert len(told) < 2_000
    assert shop.requests == []


async def test_only_what_the_caller_may_use_is_found(asked_of: Ask, shop) -> None:
    d, server = await asked_of(
        [Reply(calls=[(SEARCH, {"query": "order", "limit": 20})]), Reply("No.")],
        api="chat",
        callers={"bot": {"scopes": ["shop:read"]}},
    )
    await d.ask(QUESTION, caller="bot")
    (told,) = results(server.requests[1].json)
    effects = {one["effect"] for one in data_of(told)["operations"]}
    assert effects == {"read"}


async def test_a_toolset_says_what_is_there_at_once_and_bounds_what_is_found(
    asked_of: Ask, shop
) -> None:
    toolsets = {"desk": {"tools": ["shop.look*", "shop.listOrders"], "eager": ["shop.listOrders"]}}
    call = (CALL, {"operation": "shop.getOrder", "arguments": {"order_id": "1042"}})
    d, server = await asked_of([Reply(calls=[call]), Reply("No.")], api="chat", toolsets=toolsets)
    await d.ask(QUESTION, toolset="desk")
    assert offered(server.requests[0].json)[0] == "shop__listOrders"
    assert "There is no operation" in results(server.requests[1].json)[0]


async def test_in_the_last_step_the_tools_stay_and_none_may_be_called(asked_of: Ask, shop) -> None:
    script = [Reply(calls=[(SEARCH, {"query": "order"})]), Reply("No.")]
    d, server = await asked_of(script, api="chat", assistant={"steps": 2})
    assert (await d.ask(QUESTION)).text == "No."
    first, last = (request.json for request in server.requests)
    assert "tool_choice" not in first
    assert (last["tool_choice"], last["tools"]) == ("none", first["tools"])
    assert last["messages"][0] == first["messages"][0]
    assert last["messages"][-1]["content"].startswith("No more tools")


async def test_a_follow_up_keeps_the_tools_and_narrows_to_those_that_suit_it(
    asked_of: Ask, shop
) -> None:
    room = ("shop__lookAtRoom7", {"id": "1"})
    script = [Reply(calls=[room]), Reply("Empty."), Reply("Shipped.")]
    d, server = await asked_of(script, api="chat")
    first = await d.ask(QUESTION)
    await d.ask("List the orders of a customer", after=first.id)
    before, after = server.requests[0].json, server.requests[2].json
    kept = [tool for tool in before["tools"] if tool["function"]["name"] not in META]
    assert after["tools"][: len(kept)] == kept
    choice = after["tool_choice"]
    assert (choice["type"], choice["allowed_tools"]["mode"]) == ("allowed_tools", "auto")
    names = [tool["function"]["name"] for tool in choice["allowed_tools"]["tools"]]
    assert {"shop__lookAtRoom7", "shop__listOrders", *META} <= set(names)
    assert len(names) < len(after["tools"])


async def test_a_question_with_its_data_is_given_no_tools(asked_of: Ask, shop) -> None:
    d, server = await asked_of([Reply("Shipped.")])
    order = await d.call("shop.getOrder", {"order_id": "1042"})
    await d.ask(QUESTION, data=[order])
    assert "tools" not in server.requests[0].json


async def test_a_small_catalog_with_large_tools_is_large_as_well(asked_of: Ask, shop) -> None:
    toolsets = {"desk": {"tools": ["shop.*Order*"]}}
    d, server = await asked_of([Reply("No.")], toolsets=toolsets, assistant={"tool_tokens": 100})
    await d.ask("Show one order", toolset="desk")
    assert offered(server.requests[0].json)[0] == "shop__getOrder"
    assert offered(server.requests[0].json)[-1] == "tool_search"


# Somebody's own loop


@pytest.mark.parametrize("form", ["responses", "chat"])
async def test_an_own_loop_is_given_three_tools_for_a_thousand(
    asked_of: Ask, shop, form: str
) -> None:
    d, _ = await asked_of([])
    tools = d.tools(format=form)  # type: ignore[arg-type]
    assert [tool.get("function", tool)["name"] for tool in tools] == META  # type: ignore[attr-defined]


async def test_an_own_loop_may_call_by_any_name(asked_of: Ask, shop) -> None:
    d, _ = await asked_of([])
    order = {"operation": "shop.getOrder", "arguments": {"order_id": "1042"}}
    asked = [
        {
            "type": "function_call",
            "call_id": "a",
            "name": SEARCH,
            "arguments": '{"query": "order"}',
        },
        {"type": "function_call", "call_id": "b", "name": CALL, "arguments": json.dumps(order)},
        {"id": "c", "function": {"name": "shop__getOrder", "arguments": '{"order_id": "7"}'}},
        {
            "type": "tool_search_call",
            "call_id": "d",
            "execution": "client",
            "arguments": {"query": "show one order"},
        },
    ]
    found, called, chat, searched = await d.run(asked)
    assert "shop.getOrder" in str(found["output"])
    assert data_of(str(called["output"]))["tracking"] == "PX-100042"
    assert chat["tool_call_id"] == "c"
    assert "PX-100042" in str(chat["content"])
    assert searched["type"] == "tool_search_output"
    assert searched["tools"][0]["name"] == "shop__getOrder"  # type: ignore[index]


# A real one


async def test_github_is_asked_within_the_bound(asked_of: Ask, specs: Path, shop) -> None:
    found = "shop.repos/get-latest-release"
    named = {"owner": "acme", "repo": "app"}
    shop.answer = lambda request: web.json_response({"tag_name": "v1.2"})
    script = [
        Reply(searches=[{"query": "get the latest release"}]),
        Reply(calls=[(tool_name(found), named)]),
        Reply("v1.2"),
    ]
    d, server = await asked_of(script, document=specs / "github.json")
    assert len(d.parts.catalog.operations) == 1_223
    answer = await d.ask("Which version should I tell them to install?")
    assert answer.text == "v1.2"
    assert [outcome.operation for outcome in answer.calls] == [found]
    first = server.requests[0].json
    assert tool_name(found) not in offered(first)
    # Four bytes are a token, more or less: the bench counts them.
    assert len(json.dumps(first)) < 4 * 3_000
    assert [request["target"] for request in shop.requests] == ["/repos/acme/app/releases/latest"]


async def test_ten_questions_over_github_are_within_the_bound_and_one_search_away(
    specs: Path, tmp_path: Path
) -> None:
    pytest.importorskip("bpe_openai", reason="the extra [tokens] is not installed")
    searches = {one["query"]: one["search"] for one in GITHUB}
    config = {
        "apis": {"github": str(specs / "github.json")},
        "store": f"sqlite:///{tmp_path}/tokens.db",
    }
    async with Dragoman(config, model=listening("tool_search", searches)) as d:
        costs = [await cost_of(d, one, RESPONSES) for one in GITHUB]
    assert max(cost.whole for cost in costs) <= TARGET
    assert [cost.place for cost in costs if cost.place == "missed"] == []
    assert sum(cost.place == "given" for cost in costs) >= 6
