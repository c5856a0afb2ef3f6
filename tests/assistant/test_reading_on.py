"""A model reads on in what was too long, in our loop and in others': data of its API."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from dragoman.audit.records import CallFilter
from dragoman.tools.meta import META_TOOLS, READ_RESULT
from scripted_openai import Reply, Script, ScriptedOpenAI, scripted_openai
from small_shop import DOCUMENT, TOKEN, Shop, running_shop

Json = dict[str, Any]
LIST = Reply(calls=[("shop__listOrders", {"customer_id": "u_7"})])
ORDERS = [{"order_id": str(n), "note": f"note {n}"} for n in range(400)]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running_shop() as state:
        state.answer = lambda _: web.json_response({"orders": ORDERS})
        yield state


@pytest.fixture
async def opened(shop: Shop, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Open Dragoman over the shop with a scripted model."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    async with AsyncExitStack() as stack:

        async def start(script: Script, **more: Any) -> tuple[Dragoman, ScriptedOpenAI]:
            server = await stack.enter_async_context(scripted_openai(script))
            api = {"openapi": "./shop.json", "base_url": shop.url, "auth": {"bearer": "${T}"}}
            config = {
                "model": {"name": "m", "base_url": server.base_url, "api": more.pop("api", None)},
                "apis": {"shop": {**api, "description": "Orders of our shop."}},
                "assistant": {"result_bytes": 2_000},
                **more,
            }
            path = tmp_path / "dragoman.yaml"
            path.write_text(json.dumps(config))
            return await stack.enter_async_context(Dragoman(path, environ={"T": TOKEN})), server

        yield start


def offered(asked: Json) -> list[str]:
    return [tool.get("function", tool)["name"] for tool in asked["tools"]]


def results(asked: Json) -> list[str]:
    """The blocks that a model was given for its calls, in the form of either interface."""
    if "messages" in asked:
        return [m["content"] for m in asked["messages"] if m["role"] == "tool"]
    return [i["output"] for i in asked["input"] if i.get("type") == "function_call_output"]


def on(block: str) -> Json:
    """What the note of a block says to call, as a model would write it."""
    found = re.search(r'read_result\(handle="([^"]+)", path="([^"]+)", from=(\d+)\)', block)
    assert found is not None, block
    return {"handle": found[1], "path": found[2], "from": int(found[3]), "count": None}


def data_of(block: str) -> Any:
    (line,) = (line for line in block.splitlines() if line.startswith("data: "))
    return json.loads(line.removeprefix("data: "))


def reads_on(asked: Json) -> Reply:
    """A model that lists, reads on once, and answers."""
    blocks = results(asked)
    if not blocks:
        return LIST
    return Reply(calls=[(READ_RESULT, on(blocks[0]))]) if len(blocks) == 1 else Reply("Done.")


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_the_tool_comes_with_the_first_result_that_was_cut_and_stays(
    opened, shop, api: str
) -> None:
    d, server = await opened(reads_on, api=api)
    answer = await d.ask("Which orders?", user="u_7")
    assert (answer.text, len(shop.requests)) == ("Done.", 1)
    before, *after = [request.json for request in server.requests]
    assert READ_RESULT not in offered(before)
    assert [offered(asked) for asked in after] == [[*offered(before), READ_RESULT]] * 2
    first, second = results(after[-1])
    assert data_of(first)["orders"] + data_of(second) == ORDERS[: on(second)["from"]]


async def test_what_is_read_on_in_is_labelled_as_data_of_its_api(opened, shop) -> None:
    d, server = await opened(reads_on)
    await d.ask("Which orders?")
    lines = results(server.requests[-1].json)[1].splitlines()
    assert lines[0].startswith("BEGIN DATA ")
    assert lines[1:4] == [
        "source: shop.listOrders",
        "about the source: Orders of our shop.",
        "status: ok",
    ]
    assert lines[-1] == lines[0].replace("BEGIN", "END")


async def test_where_an_argument_came_from_is_known_of_what_was_read_on_in(opened, shop) -> None:
    def refunds_the_last(asked: Json) -> Reply:
        blocks = results(asked)
        if len(blocks) < 2:
            return reads_on(asked)
        order = data_of(blocks[1])[-1]["order_id"]
        return Reply(calls=[("shop__refundOrder", {"order_id": order, "amount": 5})])

    d, _ = await opened(refunds_the_last)
    answer = await d.ask("Refund the last one, please.")
    assert answer.status is Status.PENDING
    assert answer.approvals[0].shown["origins"]["order_id"] == "shop.listOrders order_id"


async def test_reading_on_is_no_call_of_an_api(opened, shop) -> None:
    d, _ = await opened(reads_on)
    answer = await d.ask("Which orders?")
    assert [call.operation for call in answer.calls] == ["shop.listOrders"]
    assert len(await d.parts.audit.calls(CallFilter(), 10)) == 1


async def test_a_model_that_makes_up_a_handle_is_told_so(opened, shop) -> None:
    made_up = Reply(calls=[(READ_RESULT, {"handle": "result:AAAA", "path": None})])
    d, server = await opened([LIST, made_up, Reply("Sorry.")])
    assert (await d.ask("Which orders?")).text == "Sorry."
    told = results(server.requests[-1].json)[-1]
    assert "There is no result 'result:AAAA'" in told
    assert "Make the call again." in told


async def test_a_later_question_of_the_conversation_reads_on_too(opened, shop) -> None:
    d, server = await opened([LIST, Reply("Many."), Reply("More.")])
    first = await d.ask("Which orders?")
    await d.parts.audit.flush()
    await d.ask("And then?", after=first.id)
    assert offered(server.requests[-1].json)[-1] == READ_RESULT


async def test_a_loop_of_your_own_reads_on(opened, shop) -> None:
    d, _ = await opened([])
    before = [tool["name"] for tool in d.tools()]
    given = json.dumps({"customer_id": "u_7"})
    call = {
        "type": "function_call",
        "call_id": "c1",
        "name": "shop__listOrders",
        "arguments": given,
    }
    (first,) = await d.run([call], user="u_7")
    assert [tool["name"] for tool in d.tools()] == [*before, READ_RESULT]
    wanted = json.dumps(on(first["output"]))
    more = {"type": "function_call", "call_id": "c2", "name": READ_RESULT, "arguments": wanted}
    (second,) = await d.run([more], user="u_7")
    (chat,) = await d.run(
        [{"id": "c3", "function": {"name": READ_RESULT, "arguments": wanted}}], user="u_7"
    )
    assert data_of(second["output"]) == data_of(chat["content"])
    assert data_of(second["output"])[0] == ORDERS[on(first["output"])["from"]]
    (another,) = await d.run([more], user="u_8")
    assert "status: failed" in another["output"]
    assert len(shop.requests) == 1


@pytest.mark.parametrize(("count", "listed"), [(127, 127), (128, len(META_TOOLS))])
async def test_there_is_a_place_for_it_among_the_128_tools_that_openai_takes(
    opened, count: int, listed: int
) -> None:
    operations = {f"op{n}": {"get": f"/{n}"} for n in range(count)}
    api = {"http": "http://127.0.0.1:1", "operations": operations}
    d, _ = await opened([], apis={"big": api})
    assert len(d.tools()) == listed
