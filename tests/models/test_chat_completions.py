"""Chat Completions, as compatible servers speak it, and as they deviate from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import GET_ORDER, Connect, Heard, asking

from dragoman.errors import ModelError
from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage
from scripted_openai import Raw, Reply

QUESTION = UserMessage("Where is order 1042?")


def answering(message: dict[str, Any], finish: str | None = "stop") -> Raw:
    """A completion of a server that gives the bare minimum."""
    return Raw(json.dumps({"choices": [{"message": message, "finish_reason": finish}]}))


def streaming(*deltas: dict[str, Any], finish: str | None = "stop") -> Raw:
    """A stream of such a server."""
    chunks: list[dict[str, Any]] = [{"choices": [{"delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return Raw("".join(events) + "data: [DONE]\n\n", "text/event-stream")


async def test_another_server_is_spoken_to_in_chat_completions(connect: Connect) -> None:
    server, model = await connect([Reply("Here.")])
    reply = await model.reply(asking(tools=(GET_ORDER,), max_output_tokens=500))
    assert reply.text == "Here."
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].json == {
        "model": "gpt-5.4-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Where is order 1042?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "shop_getOrder",
                    "description": "One order.",
                    "parameters": dict(GET_ORDER.parameters),
                    "strict": True,
                },
            }
        ],
        "max_tokens": 500,
    }


async def test_openai_can_be_spoken_to_in_chat_completions_too(connect: Connect) -> None:
    server, model = await connect([Reply("Here.")], openai=True, api="chat")
    await model.reply(asking(max_output_tokens=500, end_user="9f86d081"))
    sent = server.requests[0].json
    assert sent["max_completion_tokens"] == 500
    assert (sent["store"], sent["safety_identifier"]) == (False, "9f86d081")


@pytest.mark.parametrize("listens", [False, True])
async def test_calls_and_results_go_back_as_messages(
    connect: Connect, heard: Heard, listens: bool
) -> None:
    calls = [("shop_getOrder", {"id": "1042"}), ("shop_getOrder", {"id": "7"})]
    server, model = await connect([Reply("A moment.", calls=calls), Reply("Shipped.")])
    reply = await model.reply(asking(QUESTION), heard if listens else None)
    assert [call.arguments for call in reply.tool_calls] == ['{"id": "1042"}', '{"id": "7"}']
    results = [ToolResult(call.id, call.name, "{}", "ok") for call in reply.tool_calls]
    await model.reply(asking(QUESTION, reply, *results))
    _, _, assistant, *tools = server.requests[1].json["messages"]
    assert assistant["role"] == "assistant"
    assert assistant["content"] == "A moment."
    assert [call["function"]["arguments"] for call in assistant["tool_calls"]] == [
        '{"id": "1042"}',
        '{"id": "7"}',
    ]
    assert tools == [
        {"role": "tool", "tool_call_id": "call_1_0", "content": "{}"},
        {"role": "tool", "tool_call_id": "call_1_1", "content": "{}"},
    ]


async def test_malformed_arguments_are_passed_on_as_written(connect: Connect) -> None:
    _, model = await connect([Reply(calls=[("nope", '{"id": 10')])])
    reply = await model.reply(asking())
    assert reply.tool_calls == (ToolCall("call_1_0", "nope", '{"id": 10'),)


async def test_a_streamed_completion_is_asked_for_its_usage(connect: Connect, heard: Heard) -> None:
    server, model = await connect([Reply("It is on its way.")])
    reply = await model.reply(asking(), heard)
    assert server.requests[0].json["stream_options"] == {"include_usage": True}
    assert (reply.usage.input_tokens, reply.usage.cached_tokens) == (100, 40)
    assert (reply.usage.output_tokens, reply.usage.reasoning_tokens) == (20, 8)
    assert reply.text == heard.text == "It is on its way."
    assert len(heard.pieces) > 1


async def test_a_server_that_tells_no_usage_is_fine(connect: Connect, heard: Heard) -> None:
    _, model = await connect([Reply("Yes.", without_usage=True)])
    reply = await model.reply(asking(), heard)
    assert (reply.text, reply.usage.input_tokens) == ("Yes.", 0)


async def test_an_answer_in_a_form_is_asked_for_by_its_schema(connect: Connect) -> None:
    server, model = await connect([Reply("{}")])
    await model.reply(asking(output_schema={"type": "object", "properties": {}}))
    assert server.requests[0].json["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "answer",
            "strict": False,
            "schema": {"type": "object", "properties": {}},
        },
    }


async def test_a_reply_of_another_interface_is_said_again_in_this_one(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")])
    other = ModelReply(
        "", (ToolCall("c1", "shop_getOrder", "{}"),), items=({"type": "function_call"},)
    )
    await model.reply(asking(QUESTION, other, ToolResult("c1", "shop_getOrder", "{}", "ok")))
    assert server.requests[0].json["messages"][2] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "shop_getOrder", "arguments": "{}"},
            }
        ],
    }


async def test_an_empty_reply_is_not_said_again(connect: Connect) -> None:
    server, model = await connect([Reply("Yes.")])
    await model.reply(asking(QUESTION, ModelReply(), QUESTION))
    roles = [message["role"] for message in server.requests[0].json["messages"]]
    assert roles == ["system", "user", "user"]


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        (Reply(refusal="I cannot."), "refusal", "I cannot."),
        (Reply("It is", finish="length"), "length", "It is"),
        (Reply("It", finish="content_filter"), "refusal", "The provider's content filter"),
        (Reply(""), "stop", ""),
    ],
)
async def test_why_a_turn_ended_is_told(
    connect: Connect, heard: Heard, *, reply: Reply, finish: str, text: str, listens: bool
) -> None:
    _, model = await connect([reply])
    read = await model.reply(asking(), heard if listens else None)
    assert read.finish == finish
    assert read.text.startswith(text)


async def test_an_answer_that_ran_out_of_tokens_keeps_no_half_call(connect: Connect) -> None:
    _, model = await connect([Reply(calls=[("shop_refund", '{"id": "10')], finish="length")])
    reply = await model.reply(asking())
    assert (reply.tool_calls, reply.items) == ((), ())


async def test_an_error_in_a_body_of_200_is_an_error(connect: Connect) -> None:
    _, model = await connect([Raw('{"error": {"code": 400, "message": "No such thing."}}')])
    with pytest.raises(ModelError, match="No such thing"):
        await model.reply(asking())


@pytest.mark.parametrize("body", ["{}", '{"choices": []}', '{"choices": null}'])
async def test_an_answer_without_choices_is_an_error(connect: Connect, body: str) -> None:
    _, model = await connect([Raw(body)])
    with pytest.raises(ModelError, match="no choices"):
        await model.reply(asking())


async def test_nulls_and_empty_lists_of_a_server_do_not_go_back_to_it(connect: Connect) -> None:
    message = {"role": "assistant", "content": "Yes.", "tool_calls": [], "audio": None, "x": "kept"}
    _, model = await connect([answering(message)])
    reply = await model.reply(asking())
    assert reply.items == ({"role": "assistant", "content": "Yes.", "x": "kept"},)


async def test_arguments_given_as_an_object_and_calls_without_id_are_understood(
    connect: Connect,
) -> None:
    call = {"function": {"name": "shop_getOrder", "arguments": {"id": "1042"}}}
    _, model = await connect([answering({"content": None, "tool_calls": [call, call]})])
    reply = await model.reply(asking())
    first, second = reply.tool_calls
    assert first.arguments == '{"id":"1042"}'
    assert first.id
    assert first.id != second.id
    assert [c["id"] for c in reply.items[0]["tool_calls"]] == [first.id, second.id]  # type: ignore[union-attr,index,call-overload]


async def test_text_given_in_parts_is_put_together(connect: Connect) -> None:
    parts = [{"type": "text", "text": "On its "}, {"type": "text", "text": "way."}]
    _, model = await connect([answering({"content": parts})])
    assert (await model.reply(asking())).text == "On its way."


async def test_reasoning_of_a_server_goes_back_as_it_came(connect: Connect, heard: Heard) -> None:
    deltas = [
        {"role": "assistant", "reasoning_content": "Let me "},
        {"reasoning_content": "see.", "reasoning_details": [{"n": 1}]},
        {"reasoning_details": [{"n": 2}], "content": "Yes."},
    ]
    _, model = await connect([streaming(*deltas)])
    reply = await model.reply(asking(), heard)
    assert heard.pieces == ["Yes."]
    assert reply.items == (
        {
            "role": "assistant",
            "content": "Yes.",
            "reasoning_content": "Let me see.",
            "reasoning_details": [{"n": 1}, {"n": 2}],
        },
    )


@pytest.mark.parametrize("places", [(0, 1), (0, 0), (None, None)])
async def test_calls_are_told_apart_by_place_or_by_id(
    connect: Connect, heard: Heard, places: tuple[int | None, int | None]
) -> None:
    def piece(call: int, arguments: str, **more: Any) -> dict[str, Any]:
        index = {} if places[call] is None else {"index": places[call]}
        return {"tool_calls": [{**index, **more, "function": {"arguments": arguments}}]}

    deltas = [
        piece(0, '{"id":', id="a", extra_content={"signature": "s"}),
        piece(0, '"1"}'),
        piece(1, '{"id":', id="b"),
        piece(1, '"2"}'),
    ]
    _, model = await connect([streaming(*deltas, finish="tool_calls")])
    reply = await model.reply(asking(), heard)
    assert [(call.id, call.arguments) for call in reply.tool_calls] == [
        ("a", '{"id":"1"}'),
        ("b", '{"id":"2"}'),
    ]
    assert reply.items[0]["tool_calls"][0]["extra_content"] == {"signature": "s"}  # type: ignore[index,call-overload]


async def test_a_stream_that_never_says_why_it_ended_is_cut_off(
    connect: Connect, heard: Heard
) -> None:
    _, model = await connect([streaming({"content": "Half an"}, finish=None)])
    with pytest.raises(ModelError, match="cut off"):
        await model.reply(asking(), heard)
