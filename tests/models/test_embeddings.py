"""Vectors of texts: in the order of the texts, exact, and in requests that no limit refuses."""

from __future__ import annotations

import base64
import json
from array import array

import pytest
from asking import Connect

from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ArgumentError, CredentialError, LimitError, ModelError, UnsupportedError
from dragoman.models.embeddings import embed
from dragoman.models.scripted import ScriptedProvider
from scripted_openai import Raw, Refused, vector

MODEL = "text-embedding-3-small"


def answer(*members: object, **more: object) -> Raw:
    return Raw(json.dumps({"data": list(members), **more}))


async def test_each_text_has_its_vector_as_the_server_made_it(connect: Connect) -> None:
    server, model = await connect()
    texts = ["one", "two", "one", "Bücher 😀"]
    made = await embed(model, texts, model=MODEL)
    assert [list(one) for one in made.vectors] == [vector(text) for text in texts]
    assert made.usage.input_tokens > 0
    assert server.requests[0].json == {
        "model": MODEL,
        "input": texts,
        "encoding_format": "base64",
    }


async def test_the_index_counts_and_not_the_order_of_the_answer(connect: Connect) -> None:
    _, model = await connect(
        [answer({"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1]}, model="m2")]
    )
    made = await embed(model, ["a", "b"], model=MODEL)
    assert made.vectors == ((1.0,), (2.0,))
    assert made.model == "m2"


async def test_base64_is_read_as_little_endian_floats(connect: Connect) -> None:
    packed = array("f", [0.5, -1.25])
    text = base64.b64encode(packed.tobytes()).decode()
    _, model = await connect([answer({"index": 0, "embedding": text})])
    assert (await embed(model, ["a"], model=MODEL)).vectors == ((0.5, -1.25),)


@pytest.mark.parametrize(
    ("texts", "sizes"),
    [
        (["x"] * 2_049, [2_048, 1]),
        (["x" * 200_000, "y" * 200_000, "z"], [1, 2]),
        (["é" * 150_000, "z"], [1, 1]),
    ],
    ids=["count", "bytes", "bytes of characters"],
)
async def test_more_than_one_request_may_carry_goes_out_in_several(
    connect: Connect, texts: list[str], sizes: list[int]
) -> None:
    server, model = await connect()
    made = await embed(model, texts, model=MODEL)
    assert [len(request.json["input"]) for request in server.requests] == sizes
    assert len(made.vectors) == len(texts)
    assert list(made.vectors[-1]) == vector(texts[-1])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "no text to embed"),
        (["a", ""], "text at index 1 is empty"),
        ("a text", "takes a list of texts"),
    ],
)
async def test_what_has_no_vector_is_refused_before_anything_is_sent(
    connect: Connect, texts: list[str], message: str
) -> None:
    server, model = await connect()
    with pytest.raises(ArgumentError, match=message):
        await embed(model, texts, model=MODEL)
    assert server.requests == []


async def test_half_a_character_is_an_error_and_not_a_crash(connect: Connect) -> None:
    _, model = await connect()
    with pytest.raises(ModelError, match="cannot be written as JSON"):
        await embed(model, ["a \ud800"], model=MODEL)


async def test_a_model_without_embeddings_says_so() -> None:
    with pytest.raises(UnsupportedError, match="The model scripted makes no embeddings"):
        await embed(ScriptedProvider([]), ["a"], model=MODEL)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (answer(), "it has 0 vectors for 2 texts"),
        (answer({"index": 0, "embedding": [1]}), "it has 1 vectors for 2 texts"),
        (
            answer({"index": 0, "embedding": [1]}, {"index": 5, "embedding": [1]}),
            "it has 2 vectors for 2 texts",
        ),
        (
            answer({"index": 0, "embedding": "?"}, {"index": 1, "embedding": [1]}),
            "a vector is not base64 of floats",
        ),
        (
            answer({"index": 0, "embedding": "AAA="}, {"index": 1, "embedding": [1]}),
            "a vector is not base64 of floats",
        ),
        (
            answer({"index": 0, "embedding": ["a"]}, {"index": 1, "embedding": [1]}),
            "a vector is not a list of numbers",
        ),
        (
            answer({"index": 0}, {"index": 1, "embedding": [1]}),
            "a vector is not a list of numbers",
        ),
        (Raw("[]"), "it is not a JSON object"),
        (Raw("<html>"), "it is not JSON"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_told(
    connect: Connect, reply: Raw, message: str
) -> None:
    _, model = await connect([reply])
    with pytest.raises(ModelError, match=message):
        await embed(model, ["a", "b"], model=MODEL)


async def test_a_fault_that_may_pass_is_tried_again(connect: Connect) -> None:
    server, model = await connect(
        [
            Refused(500, "server_error", "busy"),
            answer({"index": 0, "embedding": [1]}),
        ]
    )
    assert (await embed(model, ["a"], model=MODEL)).vectors == ((1.0,),)
    assert len(server.requests) == 2


async def test_a_refused_key_is_told_by_its_name(connect: Connect) -> None:
    _, model = await connect([Refused(401, "invalid_api_key", "no")])
    with pytest.raises(CredentialError, match=r"with \$\{TEST_KEY\}: it was sent and refused"):
        await embed(model, ["a"], model=MODEL)


async def test_a_deadline_that_has_passed_ends_it(connect: Connect) -> None:
    _, model = await connect()
    with pytest.raises(LimitError, match="did not answer"):
        await embed(model, ["a"], model=MODEL, deadline=Deadline.after(0, SystemClock()))
