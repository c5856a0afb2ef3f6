"""The Responses API: what is sent, what comes back, and what goes back to the model."""

from __future__ import annotations

from decimal import Decimal

import pytest
from asking import GET_ORDER, KEY, Connect, asking

from dragoman.errors import ModelError
from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage
from scripted_openai import Raw, Reply

QUESTION = UserMessage("Where is order 1042?")


async def test_a_request_carries_instructions_input_and_tools(connect: Connect) -> None:
    server, model = await connect([Reply("Here.")], openai=True)
    await model.reply(asking(tools=(GET_ORDER,), max_output_tokens=500))
    request = server.requests[0]
    assert request.path == "/v1/responses"
    assert request.headers["host"] == "api.openai.com"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "gpt-5.4-mini",
        "store": False,
        "instructions": "Be brief.",
        "input": [{"role": "user", "content": "Where is order 1042?"}],
        "tools": [
            {
                "type": "function",
                "name": "shop_getOrder",
                "description": "One order.",
                "parameters": dict(GET_ORDER.parameters),
                "strict": True,
            }
        ],
        "max_output_tokens": 500,
    }


async def test_a_text_comes_with_its_model_usage_and_time(connect: Connect) -> None:
    _, model = await connect([Reply("It is on its way.", model="gpt-5.4-mini-2026-03-17")])
    reply = await model.reply(asking())
    assert (reply.text, reply.finish, reply.tool_calls) == ("It is on its way.", "stop", ())
    assert reply.model == "gpt-5.4-mini-2026-03-17"
    usage = reply.usage
    assert (usage.input_tokens, usage.cached_tokens) == (100, 40)
    assert (usage.output_tokens, usage.reasoning_tokens) == (20, 8)
    assert reply.seconds > 0


async def test_calls_made_together_come_in_their_order(connect: Connect) -> None:
    calls = [("shop_getOrder", {"id": "1042"}), ("shop_getOrder", {"id": "7"})]
    _, model = await connect([Reply(calls=calls)], openai=True)
    reply = await model.reply(asking(tools=(GET_ORDER,)))
    assert reply.tool_calls == (
        ToolCall("call_1_0", "shop_getOrder", '{"id": "1042"}'),
        ToolCall("call_1_1", "shop_getOrder", '{"id": "7"}'),
    )


async def test_what_the_model_wrote_wrongly_is_passed_on_as_written(connect: Connect) -> None:
    _, model = await connect([Reply(calls=[("no_such_tool", '{"id": 10')])], openai=True)
    reply = await model.reply(asking(tools=(GET_ORDER,)))
    assert reply.tool_calls == (ToolCall("call_1_0", "no_such_tool", '{"id": 10'),)


@pytest.mark.parametrize("stored", [False, True])
async def test_output_items_go_back_unchanged_and_before_the_results(
    connect: Connect, stored: bool
) -> None:
    first = Reply("Let me look.", calls=[("shop_getOrder", {"id": "1042"})], reasoning="gAAAA=")
    server, model = await connect([first, Reply("Shipped.")], openai=True, store=stored)
    reply = await model.reply(asking(QUESTION))
    result = ToolResult("call_1_0", "shop_getOrder", '{"status":"shipped"}', "ok")
    await model.reply(asking(QUESTION, reply, result))
    _, *items, output = server.requests[1].json["input"]
    assert [item["type"] for item in items] == ["reasoning", "message", "function_call"]
    assert items[0] == {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAAA=",
    }
    assert items == [dict(item) for item in reply.items]
    assert output == {
        "type": "function_call_output",
        "call_id": "call_1_0",
        "output": '{"status":"shipped"}',
    }


async def test_exact_numbers_of_a_stored_conversation_can_be_sent(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")], openai=True)
    stored = ModelReply("0.5", items=({"type": "message", "logprob": Decimal("-0.10")},))
    await model.reply(asking(QUESTION, stored, QUESTION))
    assert server.requests[0].json["input"][1] == {"type": "message", "logprob": -0.1}


async def test_a_reply_of_another_interface_is_said_again_in_this_one(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")], openai=True)
    other = ModelReply(
        "Let me look.",
        (ToolCall("call_9", "shop_getOrder", "{}"),),
        items=({"role": "assistant", "content": "Let me look."},),
    )
    await model.reply(asking(QUESTION, other, ToolResult("call_9", "shop_getOrder", "{}", "ok")))
    assert server.requests[0].json["input"][1:3] == [
        {"role": "assistant", "content": "Let me look."},
        {
            "type": "function_call",
            "call_id": "call_9",
            "name": "shop_getOrder",
            "arguments": "{}",
        },
    ]


async def test_a_call_without_a_result_is_given_one_that_says_so(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")], openai=True)
    calls = (ToolCall("a", "shop_getOrder", "{}"), ToolCall("b", "shop_refund", "{}"))
    turns = [QUESTION, ModelReply("", calls), ToolResult("a", "shop_getOrder", "{}", "ok")]
    await model.reply(asking(*turns, UserMessage("Never mind.")))
    *_, found, missing, question = server.requests[0].json["input"]
    assert found["call_id"] == "a"
    assert (missing["call_id"], missing["type"]) == ("b", "function_call_output")
    assert "no result" in missing["output"]
    assert question == {"role": "user", "content": "Never mind."}


async def test_the_end_user_is_named_to_openai_by_the_given_hash(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")], openai=True)
    await model.reply(asking(end_user="9f86d081"))
    assert server.requests[0].json["safety_identifier"] == "9f86d081"


async def test_the_owner_may_keep_the_end_user_from_openai_and_let_it_store(
    connect: Connect,
) -> None:
    server, model = await connect([Reply("Yes.")], openai=True, store=True, send_end_user=False)
    await model.reply(asking(end_user="9f86d081"))
    assert server.requests[0].json["store"] is True
    assert "safety_identifier" not in server.requests[0].json


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_another_server_is_told_neither_user_nor_storing(connect: Connect, api: str) -> None:
    server, model = await connect([Reply("Yes.")], api=api)
    await model.reply(asking(end_user="9f86d081"))
    assert not {"store", "safety_identifier"} & set(server.requests[0].json)


async def test_another_server_is_told_what_the_owner_wrote_down(connect: Connect) -> None:
    written = {"api": "responses", "store": False, "send_end_user": True}
    server, model = await connect([Reply("Yes.")], **written)
    await model.reply(asking(end_user="9f86d081"))
    assert server.requests[0].json["store"] is False
    assert server.requests[0].json["safety_identifier"] == "9f86d081"


async def test_an_answer_in_a_form_is_asked_for_by_its_schema(connect: Connect) -> None:
    server, model = await connect([Reply('{"n":1}')], openai=True)
    schema = {"type": "object", "properties": {"n": {"type": "integer", "title": "N"}}}
    await model.reply(asking(output_schema=schema, output_name="Report[int]"))
    assert server.requests[0].json["text"] == {
        "format": {
            "type": "json_schema",
            "name": "Report_int_",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
        }
    }


async def test_a_refusal_is_told_from_an_answer(connect: Connect) -> None:
    _, model = await connect([Reply(refusal="I cannot help with that.")], openai=True)
    reply = await model.reply(asking())
    assert (reply.finish, reply.text) == ("refusal", "I cannot help with that.")


async def test_an_answer_that_ran_out_of_tokens_keeps_no_half_call(connect: Connect) -> None:
    half = Reply("It is", calls=[("shop_refund", {"id": "10"})], finish="length")
    _, model = await connect([half], openai=True)
    reply = await model.reply(asking())
    assert (reply.finish, reply.text) == ("length", "It is")
    assert (reply.tool_calls, reply.items) == ((), ())


async def test_a_filtered_answer_is_a_refusal(connect: Connect) -> None:
    _, model = await connect([Reply("It", finish="content_filter")], openai=True)
    reply = await model.reply(asking())
    assert reply.finish == "refusal"
    assert "content filter" in reply.text


async def test_an_empty_answer_is_passed_on(connect: Connect) -> None:
    _, model = await connect([Reply("")], openai=True)
    reply = await model.reply(asking())
    assert (reply.text, reply.tool_calls, reply.finish) == ("", (), "stop")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "not a JSON object"),
        ('{"status": "comple', "not JSON"),
        ('{"status": "queued", "output": []}', "status is queued"),
        ('{"status": "completed"}', "no output"),
        ('{"output": null}', "no output"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_an_error(
    connect: Connect, body: str, reason: str
) -> None:
    _, model = await connect([Raw(body)], openai=True)
    with pytest.raises(ModelError, match=reason):
        await model.reply(asking())


async def test_a_server_may_leave_out_what_is_not_needed(connect: Connect) -> None:
    message = '{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}'
    body = f'{{"output": [null, {message}]}}'
    _, model = await connect([Raw(body)], api="responses")
    reply = await model.reply(asking())
    assert (reply.text, reply.usage.input_tokens, reply.model) == ("Hi", 0, "")


async def test_the_final_answer_is_told_from_commentary(connect: Connect) -> None:
    def message(phase: str, text: str) -> str:
        part = f'{{"type": "output_text", "text": "{text}"}}'
        return f'{{"type": "message", "phase": "{phase}", "content": [{part}]}}'

    output = f"[{message('commentary', 'Hm.')}, {message('final_answer', 'Yes.')}]"
    _, model = await connect([Raw(f'{{"output": {output}}}')], openai=True)
    reply = await model.reply(asking())
    assert reply.text == "Yes."
    assert len(reply.items) == 2
