"""The scripted server is a good stand-in: OpenAI's own client accepts all of it, strictly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest

from scripted_openai import Raw, Refused, Reply, Script, scripted_openai, vector

WHOLE = Reply(
    "It is on its way.",
    calls=[("shop_getOrder", {"id": "1042"}), ("shop_getStock", {"sku": "A"})],
    reasoning="gAAAA-encrypted",
)
TOOLS = [
    {
        "type": "function",
        "name": "shop_getOrder",
        "description": "One order.",
        "parameters": {"type": "object"},
        "strict": False,
    }
]


@asynccontextmanager
async def strict_client(script: Script) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client that refuses what does not fit its types."""
    async with (
        scripted_openai(script) as server,
        openai.AsyncOpenAI(
            api_key="k",
            base_url=server.base_url,
            max_retries=0,
            _strict_response_validation=True,
        ) as client,
    ):
        yield client


SEARCHING = Reply(searches=[{"query": "refund an order"}])
REPLIES = [WHOLE, SEARCHING, Reply(refusal="No."), Reply("Half", finish="length"), Reply("")]


@pytest.mark.parametrize("reply", REPLIES)
async def test_a_response_has_all_that_the_type_requires(reply: Reply) -> None:
    async with strict_client([reply]) as client:
        answer = await client.responses.create(model="m", input="Hi", tools=TOOLS)
    assert answer.output_text == reply.text
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [call.name for call in calls] == [name for name, _ in reply.calls]


@pytest.mark.parametrize("reply", REPLIES)
async def test_every_event_of_a_response_has_all_that_its_type_requires(reply: Reply) -> None:
    async with strict_client([reply]) as client:
        stream = await client.responses.create(model="m", input="Hi", stream=True)
        events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == reply.text
    assert events[-1].type in {"response.completed", "response.incomplete"}


@pytest.mark.parametrize("reply", REPLIES)
async def test_a_completion_has_all_that_the_type_requires(reply: Reply) -> None:
    async with strict_client([reply]) as client:
        answer = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}]
        )
    assert answer.choices[0].message.content == (reply.text or None)
    assert len(answer.choices[0].message.tool_calls or []) == len(reply.calls)


async def test_every_chunk_of_a_completion_has_all_that_its_type_requires() -> None:
    async with strict_client([WHOLE]) as client:
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(piece or "" for piece in said) == WHOLE.text
    assert chunks[-1].usage is not None


async def test_embeddings_are_read_by_the_official_client() -> None:
    async with strict_client([]) as client:
        answer = await client.embeddings.create(
            model="m", input=["one", "two"], encoding_format="float"
        )
    by_index = sorted(answer.data, key=lambda one: one.index)
    assert [one.embedding for one in by_index] == [vector("one"), vector("two")]


async def test_an_error_is_raised_as_the_official_client_raises_it() -> None:
    async with strict_client([Refused(429, "rate_limit_exceeded")]) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.responses.create(model="m", input="Hi")
    assert caught.value.code == "rate_limit_exceeded"


async def test_a_script_may_be_a_function_of_the_request() -> None:
    async with strict_client(lambda asked: Reply(f"You said {asked['input']}.")) as client:
        answer = await client.responses.create(model="m", input="Hi")
    assert answer.output_text == "You said Hi."


async def test_a_script_that_has_ended_says_so() -> None:
    async with strict_client([]) as client:
        with pytest.raises(openai.BadRequestError, match="no reply left"):
            await client.responses.create(model="m", input="Hi")


async def test_the_server_keeps_what_it_was_asked() -> None:
    async with (
        scripted_openai([Raw("{}")]) as server,
        openai.AsyncOpenAI(api_key="k", base_url=server.base_url) as client,
    ):
        await client.responses.create(model="m", input="Hi")
    request = server.requests[0]
    assert (request.path, request.json["input"]) == ("/v1/responses", "Hi")
    assert request.headers["authorization"] == "Bearer k"
