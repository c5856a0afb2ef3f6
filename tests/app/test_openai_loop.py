"""The loop with a model behind OpenAI's SDK: both interfaces, over real sockets, with real faults.

A scripted server stands for the model, the small shop for the API. What a test looks at is what
the server was sent, what the shop has done, and the answer.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pydantic import BaseModel

from dragoman import ArgumentError, Dragoman, Status
from dragoman.assistant.answer import CallFinished, CallStarted, TextArrived
from dragoman.audit.records import CallFilter
from dragoman.sync import Dragoman as SyncDragoman
from scripted_openai import Refused, Reply, Script, ScriptedOpenAI, scripted_openai, vector
from small_shop import TOKEN

GET = ("shop__getOrder", {"order_id": "1042"})
REFUND = ("shop__refundOrder", {"order_id": "1042", "amount": 25})
KEY = "sk-test-0123456789abcdef"
AT_ONCE = {"retry-after-ms": "1"}

Ask = Callable[..., Awaitable[tuple[Dragoman, ScriptedOpenAI]]]


@pytest.fixture(params=["responses", "chat"])
def api(request: pytest.FixtureRequest) -> str:
    """The interface that the model is spoken to by."""
    return str(request.param)


@pytest.fixture
async def asked_of(dragoman: Any) -> AsyncIterator[Ask]:
    """Open Dragoman with a model behind a scripted server; with `openai` it is OpenAI's address."""
    async with AsyncExitStack() as stack:

        async def start(
            script: Script,
            *,
            api: str = "responses",
            openai: bool = False,
            assistant: dict[str, Any] | None = None,
            model: dict[str, Any] | None = None,
            **settings: Any,
        ) -> tuple[Dragoman, ScriptedOpenAI]:
            server = await stack.enter_async_context(scripted_openai(script))
            chosen = {
                "name": "gpt-5.4-mini",
                "api": api,
                "api_key": "${MODEL_KEY}",
                **(model or {}),
            }
            if not openai:
                chosen["base_url"] = server.base_url
            d = await dragoman(
                top={"model": chosen, "assistant": assistant or {}},
                environ={"SHOP_TOKEN": TOKEN, "MODEL_KEY": KEY},
                **settings,
            )
            if openai:
                d._model_client = lambda reach: server.as_openai()
            return d, server

        yield start


def results(asked: dict[str, Any]) -> dict[str, str]:
    """The results that a request passes to the model, by the id of their call."""
    if "messages" in asked:
        messages = [m for m in asked["messages"] if m["role"] == "tool"]
        return {m["tool_call_id"]: m["content"] for m in messages}
    items = [i for i in asked["input"] if i.get("type") == "function_call_output"]
    return {i["call_id"]: i["output"] for i in items}


def tools(asked: dict[str, Any]) -> set[str]:
    """The names of the tools that a request offers."""
    return {tool.get("function", tool)["name"] for tool in asked.get("tools", [])}


# The conversation


async def test_a_question_is_answered_over_either_interface(asked_of: Ask, api: str, shop) -> None:
    d, server = await asked_of([Reply(calls=[GET]), Reply("It is shipped.")], api=api)
    answer = await d.ask("Where is order 1042?", user="u_7")
    assert (answer.text, answer.status, answer.model) == (
        "It is shipped.",
        Status.OK,
        "gpt-5.4-mini",
    )
    path = {"responses": "/v1/responses", "chat": "/v1/chat/completions"}[api]
    assert [request.path for request in server.requests] == [path, path]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "shop__getOrder" in tools(server.requests[0].json)
    (content,) = results(server.requests[1].json).values()
    assert '"tracking":"PX-100042"' in content
    assert content.startswith("BEGIN DATA ")
    assert [request["target"] for request in shop.requests] == ["/orders/1042"]


async def test_calls_made_together_run_and_are_each_answered(asked_of: Ask, api: str, shop) -> None:
    orders = [("shop__getOrder", {"order_id": number}) for number in ("1", "2", "9999")]
    d, server = await asked_of([Reply(calls=orders), Reply("Two are shipped.")], api=api)
    answer = await d.ask("Where are orders 1, 2 and 9999?")
    assert [outcome.status.value for outcome in answer.calls] == ["ok", "ok", "failed"]
    told = results(server.requests[1].json)
    assert list(told) == ["call_1_0", "call_1_1", "call_1_2"]
    assert "There is no order 9999." in told["call_1_2"]
    assert len(shop.requests) == 3


async def test_reasoning_goes_back_to_the_model_as_it_came(asked_of: Ask, shop) -> None:
    script = [Reply("Let me look.", calls=[GET], reasoning="gAAAA-sealed"), Reply("Shipped.")]
    d, server = await asked_of(script)
    await d.ask("Where is order 1042?")
    question, *items, result = server.requests[1].json["input"]
    assert question == {"role": "user", "content": "Where is order 1042?"}
    assert [item["type"] for item in items] == ["reasoning", "message", "function_call"]
    assert items[0]["encrypted_content"] == "gAAAA-sealed"
    assert result["call_id"] == items[2]["call_id"]


async def test_reasoning_outlives_the_wait_for_a_yes_in_another_process(
    asked_of: Ask, shop
) -> None:
    d, _ = await asked_of([Reply(calls=[REFUND], reasoning="gAAAA-sealed")])
    waiting = await d.ask("Refund 25 of order 1042.")
    await d.aclose()
    other, server = await asked_of([Reply("Refunded.")])
    await other.approve(waiting.approvals[0].id)
    assert (await other.resume(waiting.id)).text == "Refunded."
    items = server.requests[0].json["input"]
    assert items[1]["encrypted_content"] == "gAAAA-sealed"
    assert '"refund_id":"r1"' in results(server.requests[0].json)["call_1_0"]


async def test_streamed_pieces_add_up_to_the_text_and_calls_are_told(
    asked_of: Ask, api: str, shop
) -> None:
    text = "Order 1042 is shipped – trackingnumber PX-100042, “on its way”."
    d, server = await asked_of([Reply(calls=[GET, REFUND]), Reply(text)], api=api)
    events: list[Any] = []

    async def on_event(event: Any) -> None:
        events.append(event)

    answer = await d.ask("Where is order 1042?", on_event=on_event, dry_run=True)
    pieces = [event.text for event in events if isinstance(event, TextArrived)]
    assert len(pieces) > 3
    assert "".join(pieces) == answer.text == text
    started = [event for event in events if isinstance(event, CallStarted)]
    finished = [event for event in events if isinstance(event, CallFinished)]
    assert [event.operation for event in started] == ["shop.getOrder", "shop.refundOrder"]
    assert [event.outcome.status.value for event in finished] == ["ok", "previewed"]
    assert finished[0].arguments == {"order_id": "1042"}
    assert all(request.json["stream"] is True for request in server.requests)


async def test_a_conversation_goes_on_with_all_that_was_said(asked_of: Ask, api: str, shop) -> None:
    script = [Reply(calls=[GET]), Reply("Shipped."), Reply("PX-100042")]
    d, server = await asked_of(script, api=api)
    first = await d.ask("Where is order 1042?")
    answer = await d.ask("And its tracking number?", after=first.id)
    assert answer.text == "PX-100042"
    said = json.dumps(server.requests[2].json)
    assert all(text in said for text in ("Where is order 1042?", "Shipped.", "And its tracking"))
    assert "call_1_0" in results(server.requests[2].json)


# What a model gets wrong


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("shop__getOrder", '{"order_id": '), "JSON"),
        (("shop__getOrder", '{"order_id": "1", "order_id": "2"}'), "order_id"),
        (("shop__getOrder", '["1042"]'), "object"),
        (("shop__getOrder", '{"order_id": NaN}'), "JSON"),
        (("shop__getOrder", ""), "order_id is required"),
        (("shop__getOrder", {"order_id": 1042}), "must be of type string"),
        (("shop__getOrder", {"order_id": "#1042"}), "Try: order_id=1042"),
        (("shop__getOrdr", {"order_id": "1042"}), "shop__getOrder"),
        (("", "{}"), "no tool named"),
        (("shop.getOrder\u202e", "{}"), "shop__getOrder"),
    ],
)
async def test_the_model_is_told_what_would_have_worked_and_goes_on(
    asked_of: Ask, api: str, shop, call: tuple[str, Any], told: str
) -> None:
    d, server = await asked_of([Reply(calls=[call]), Reply(calls=[GET]), Reply("Fine.")], api=api)
    answer = await d.ask("Where is order 1042?")
    assert answer.text == "Fine."
    assert [outcome.status.value for outcome in answer.calls] == ["failed", "ok"]
    assert told in results(server.requests[1].json)["call_1_0"]
    assert len(shop.requests) == 1


async def test_a_model_that_sends_a_write_twice_does_it_once(asked_of: Ask, api: str, shop) -> None:
    script = [Reply(calls=[REFUND, REFUND]), Reply(calls=[REFUND]), Reply("Done.")]
    d, server = await asked_of(script, api=api, require_approval="never")
    answer = await d.ask("Refund 25 of order 1042.")
    assert answer.text == "Done."
    assert [outcome.data for outcome in answer.calls] == [{"refund_id": "r1"}] * 3
    assert len(shop.refunds) == 1
    assert "was not done again" in results(server.requests[2].json)["call_2_0"]


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply(refusal="I cannot help with that."), "I cannot help with that."),
        (Reply("It is sh", finish="length"), "cut off"),
        (Reply(finish="content_filter"), "filter"),
        (Reply(""), "empty"),
    ],
)
async def test_a_reply_that_is_no_answer_fails_in_words(
    asked_of: Ask, api: str, shop, reply: Reply, what: str
) -> None:
    d, _ = await asked_of([reply], api=api)
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "model")
    assert what in answer.problem.detail


# What a server gets wrong


async def test_a_server_that_is_busy_is_asked_again_when_it_says(
    asked_of: Ask, api: str, shop
) -> None:
    busy = Refused(429, "rate_limit_exceeded", headers={"Retry-After": "0"})
    d, server = await asked_of([busy, Reply(calls=[GET]), busy, Reply("Shipped.")], api=api)
    answer = await d.ask("Where is order 1042?")
    assert (answer.text, len(server.requests)) == ("Shipped.", 4)
    assert len(shop.requests) == 1


async def test_a_wait_longer_than_the_question_may_take_is_not_waited(asked_of: Ask, shop) -> None:
    busy = Refused(429, "rate_limit_exceeded", headers={"Retry-After": "3600"})
    d, server = await asked_of([busy])
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "limit")
    assert answer.problem.retry_after == 3600
    assert len(server.requests) == 1


async def test_a_server_that_fails_three_times_is_not_asked_a_fourth(
    asked_of: Ask, api: str, shop
) -> None:
    broken = Refused(500, "server_error", f"Oops with {KEY}", headers=AT_ONCE)
    d, server = await asked_of([broken] * 3, api=api)
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "model")
    assert answer.problem.retryable
    assert "500" in answer.problem.detail
    assert KEY not in repr(answer)
    assert len(server.requests) == 3


async def test_a_stream_cut_before_any_text_is_asked_for_again(
    asked_of: Ask, api: str, shop
) -> None:
    d, server = await asked_of([Reply("Shipped.", cut_after=1), Reply("Shipped.")], api=api)
    pieces: list[str] = []

    async def on_event(event: Any) -> None:
        pieces.append(event.text)

    answer = await d.ask("Where is order 1042?", on_event=on_event)
    assert answer.text == "".join(pieces) == "Shipped."
    assert len(server.requests) == 2


async def test_a_stream_cut_in_its_text_fails_and_is_not_told_twice(
    asked_of: Ask, api: str, shop
) -> None:
    cut = Reply("A long answer that never comes to its end. " * 3, cut_after=8)
    d, server = await asked_of([cut], api=api)
    pieces: list[str] = []

    async def on_event(event: Any) -> None:
        pieces.append(event.text)

    answer = await d.ask("Where is order 1042?", on_event=on_event)
    assert (answer.status, answer.problem.code) == (Status.FAILED, "model")
    assert "cut off" in answer.problem.detail
    assert pieces
    assert len(server.requests) == 1


async def test_a_failure_after_calls_keeps_the_calls_and_the_record(
    asked_of: Ask, api: str, shop
) -> None:
    d, _ = await asked_of([Reply(calls=[GET]), Refused(400, message="Nonsense.")], api=api)
    answer = await d.ask("Where is order 1042?")
    assert answer.status is Status.FAILED
    assert [outcome.operation for outcome in answer.calls] == ["shop.getOrder"]
    record = await d.parts.audit.get_answer(answer.id)
    assert (record.status, record.calls) == ("failed", 1)


async def test_a_refused_key_is_named_and_never_shown(asked_of: Ask, api: str, shop) -> None:
    refused = Refused(401, "invalid_api_key", f"Incorrect API key provided: {KEY}.")
    d, _ = await asked_of([refused], api=api)
    answer = await d.ask("Where is order 1042?")
    assert answer.problem.code == "credential"
    assert "${MODEL_KEY}" in answer.problem.detail
    assert KEY not in repr(answer)


async def test_a_server_that_is_down_is_named(dragoman, shop) -> None:
    model = {"name": "qwen3", "base_url": "http://127.0.0.1:9/v1"}
    d = await dragoman(top={"model": model, "assistant": {"timeout": "1s"}})
    answer = await d.ask("Where is order 1042?")
    assert answer.status is Status.FAILED
    assert "127.0.0.1:9" in answer.problem.detail


# Bounds


async def test_in_the_last_step_no_tools_are_offered(asked_of: Ask, api: str, shop) -> None:
    d, server = await asked_of(
        lambda asked: Reply(calls=[GET]) if tools(asked) else Reply("That is all I found."),
        api=api,
        assistant={"steps": 3},
    )
    answer = await d.ask("Where is order 1042?")
    assert answer.text == "That is all I found."
    assert [bool(tools(request.json)) for request in server.requests] == [True, True, False]


async def test_a_model_that_calls_without_tools_is_stopped(asked_of: Ask, api: str, shop) -> None:
    d, server = await asked_of(lambda asked: Reply(calls=[GET]), api=api, assistant={"steps": 2})
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "limit")
    assert "2 steps" in answer.problem.detail
    assert len(server.requests) == 2


async def test_tokens_are_bounded_by_what_the_server_counts(asked_of: Ask, api: str, shop) -> None:
    d, server = await asked_of(
        lambda asked: Reply(calls=[GET], tokens=(900, 0, 200, 0)),
        api=api,
        assistant={"tokens": 2_000},
    )
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "limit")
    assert "2,200 tokens; 2,000 are allowed" in answer.problem.detail
    assert len(server.requests) == 2


async def test_time_is_bounded_while_the_model_thinks(asked_of: Ask, api: str, shop) -> None:
    d, _ = await asked_of([Reply("Late.", delay=20)], api=api, assistant={"timeout": "300ms"})
    answer = await d.ask("Where is order 1042?")
    assert (answer.status, answer.problem.code) == (Status.FAILED, "limit")
    assert answer.seconds < 10


# Who is told what


async def test_openai_is_told_a_keyed_hash_of_the_user_and_not_to_store(
    asked_of: Ask, api: str, shop
) -> None:
    script = [Reply(calls=[GET]), Reply("Shipped."), Reply("Yes."), Reply("No.")]
    d, server = await asked_of(script, api=api, openai=True)
    for user in ("maria@example.com", "maria@example.com", "jonas@example.com"):
        await d.ask("Where is order 1042?", user=user)
    assert all(request.headers["host"] == "api.openai.com" for request in server.requests)
    assert all(request.json["store"] is False for request in server.requests)
    first, second, third, fourth = (r.json["safety_identifier"] for r in server.requests)
    assert first == second == third != fourth
    assert len(first) <= 64  # the bound of OpenAI
    assert "example.com" not in json.dumps([request.json for request in server.requests])


async def test_the_owner_may_say_otherwise(asked_of: Ask, api: str, shop) -> None:
    model = {"store": True, "send_end_user": False}
    d, server = await asked_of([Reply("Yes.")], api=api, openai=True, model=model)
    await d.ask("Is it late?", user="u_7")
    assert server.requests[0].json["store"] is True
    assert "safety_identifier" not in server.requests[0].json


async def test_another_server_is_told_neither(asked_of: Ask, api: str, shop) -> None:
    d, server = await asked_of([Reply("Yes.")], api=api)
    await d.ask("Is it late?", user="u_7")
    assert server.requests[0].json.keys().isdisjoint({"store", "safety_identifier", "user"})


async def test_no_secret_is_in_what_a_model_is_sent(asked_of: Ask, api: str, shop) -> None:
    from aiohttp import web

    shop.answer = lambda request: web.json_response({"echo": request.headers["Authorization"]})
    d, server = await asked_of([Reply(calls=[GET]), Reply("Hm.")], api=api)
    await d.ask("Where is order 1042?")
    assert "Bearer [SHOP_TOKEN]" in json.dumps(server.requests[1].json)
    assert all(TOKEN not in json.dumps(request.json) for request in server.requests)
    assert all(KEY not in json.dumps(request.json) for request in server.requests)


# Usage, forms, embeddings


async def test_usage_and_price_are_in_the_answer_and_the_record(
    asked_of: Ask, api: str, shop
) -> None:
    script = [Reply(calls=[GET], tokens=(1_000, 400, 50, 10)), Reply("Shipped.")]
    d, _ = await asked_of(script, api=api, openai=True)
    answer = await d.ask("Where is order 1042?")
    usage = answer.usage
    assert (usage.input_tokens, usage.cached_tokens) == (1_100, 440)
    assert (usage.output_tokens, usage.reasoning_tokens) == (70, 18)
    assert 0 < usage.dollars < 0.01
    record = await d.parts.audit.get_answer(answer.id)
    assert record.usage["input_tokens"] == 1_100
    assert record.dollars == pytest.approx(usage.dollars)
    assert record.calls == 1
    calls = await d.parts.audit.calls(CallFilter(answer_id=answer.id), 10)
    assert [call.operation for call in calls] == ["shop.getOrder"]


async def test_a_server_that_counts_nothing_has_no_price(asked_of: Ask, api: str, shop) -> None:
    d, _ = await asked_of([Reply("Shipped.", without_usage=True)], api=api)
    usage = (await d.ask("Where is order 1042?")).usage
    assert (usage.input_tokens, usage.output_tokens, usage.dollars) == (0, 0, None)


class Report(BaseModel):
    """What is asked for."""

    order_id: str
    late: bool


async def test_an_answer_comes_in_the_form_that_was_asked_for(
    asked_of: Ask, api: str, shop
) -> None:
    good = Reply('{"order_id": "1042", "late": true}')
    d, server = await asked_of([Reply(calls=[GET]), good], api=api)
    answer = await d.ask("Is order 1042 late?", output=Report)
    assert answer.data == Report(order_id="1042", late=True)
    asked = server.requests[0].json
    form = (
        asked["text"]["format"] if api == "responses" else asked["response_format"]["json_schema"]
    )
    assert (form["name"], form["strict"]) == ("Report", True)
    assert form["schema"]["required"] == ["order_id", "late"]


async def test_an_answer_that_was_asked_for_again_keeps_its_calls(
    asked_of: Ask, api: str, shop
) -> None:
    good = Reply('{"order_id": "1042", "late": true}')
    d, server = await asked_of([Reply(calls=[GET]), Reply("It is late."), good], api=api)
    answer = await d.ask("Is order 1042 late?", output=Report)
    assert answer.data.late is True
    assert [outcome.operation for outcome in answer.calls] == ["shop.getOrder"]
    assert "not in the form" in json.dumps(server.requests[2].json)


async def test_an_answer_from_given_data_that_is_asked_for_again_gets_no_tools(
    asked_of: Ask, api: str, shop
) -> None:
    d, server = await asked_of(
        [Reply("It is late."), Reply('{"order_id": "1042", "late": true}')], api=api
    )
    order = await d.call("shop.getOrder", {"order_id": "1042"})
    answer = await d.ask("Is it late?", output=Report, data=[order])
    assert answer.data.late is True
    assert [tools(request.json) for request in server.requests] == [set(), set()]
    assert [outcome.id for outcome in answer.calls] == [order.id]


async def test_texts_become_vectors_in_their_order(asked_of: Ask, shop) -> None:
    d, server = await asked_of(())
    embedded = await d.embed(["lamp", "table", "lamp"])
    assert embedded.vectors == tuple(tuple(vector(text)) for text in ("lamp", "table", "lamp"))
    assert server.requests[0].path == "/v1/embeddings"
    with pytest.raises(ArgumentError):
        await d.embed([])


# The catalog in somebody's own loop, with the objects of the SDK


async def test_a_loop_of_your_own_over_responses(dragoman, shop) -> None:
    from openai import AsyncOpenAI

    d = await dragoman()
    script = [Reply(calls=[GET], reasoning="gAAAA"), Reply("Shipped.")]
    async with (
        scripted_openai(script) as server,
        AsyncOpenAI(api_key="none", base_url=server.base_url) as client,
    ):
        said: list[Any] = [{"role": "user", "content": "Where is order 1042?"}]
        first = await client.responses.create(model="m", input=said, tools=d.tools())
        outputs = await d.run(first.output, question="Where is order 1042?")
        said += [*first.output, *outputs]
        second = await client.responses.create(model="m", input=said, tools=d.tools())
    assert second.output_text == "Shipped."
    (content,) = results(server.requests[1].json).values()
    assert "PX-100042" in content


async def test_a_loop_of_your_own_over_chat_completions(dragoman, shop) -> None:
    from openai import AsyncOpenAI

    d = await dragoman()
    script = [Reply(calls=[GET, REFUND]), Reply("Shipped.")]
    async with (
        scripted_openai(script) as server,
        AsyncOpenAI(api_key="none", base_url=server.base_url) as client,
    ):
        said: list[Any] = [{"role": "user", "content": "Where is order 1042?"}]
        listed = d.tools(format="chat")
        first = await client.chat.completions.create(model="m", messages=said, tools=listed)
        message = first.choices[0].message
        said += [message, *await d.run(message.tool_calls)]
        second = await client.chat.completions.create(model="m", messages=said, tools=listed)
    assert second.choices[0].message.content == "Shipped."
    read, write = results(server.requests[1].json).values()
    assert "PX-100042" in read
    assert "status: pending" in write
    assert shop.refunds == []


def test_scripts_without_async_have_the_same(tmp_path) -> None:
    """The servers run in a thread, because a script has no loop of its own."""
    import asyncio
    import threading

    from small_shop import DOCUMENT, running_shop

    started, ended = threading.Event(), threading.Event()
    served: dict[str, Any] = {}

    async def serve() -> None:
        script = [Reply(calls=[GET]), Reply("Shipped."), Reply(calls=[REFUND]), Reply("Refunded.")]
        async with running_shop() as shop, scripted_openai(script) as server:
            served.update(shop=shop, server=server)
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
        config = {
            "version": 1,
            "model": {"name": "m", "base_url": served["server"].base_url, "api": "responses"},
            "store": f"sqlite:///{tmp_path}/dragoman.db",
            "apis": {
                "shop": {
                    "openapi": str(tmp_path / "shop.json"),
                    "base_url": served["shop"].url,
                    "auth": {"bearer": "${SHOP_TOKEN}"},
                }
            },
        }
        with SyncDragoman(config, environ={"SHOP_TOKEN": TOKEN}) as d:
            assert d.ask("Where is order 1042?").text == "Shipped."
            assert d.call("shop.getOrder", {"order_id": "1042"}).ok
            assert d.search("refund an order")[0].operation.id == "shop.refundOrder"
            waiting = d.ask("Refund 25 of order 1042.")
            assert waiting.status is Status.PENDING
            d.approve(waiting.approvals[0].id, by="ana")
            assert d.resume(waiting.id).text == "Refunded."
        assert len(served["shop"].refunds) == 1
    finally:
        ended.set()
        thread.join()
