"""The limits that OpenAI's API tells with each answer."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Connect, Heard, asking

from dragoman.models.limits import read_limits
from scripted_openai import Reply

HEADERS = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-remaining-tokens": "199213",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-reset-tokens": "6m0s",
}
LIMITS = {
    "requests": {"limit": 500, "remaining": 499, "reset": 0.12},
    "tokens": {"limit": 200_000, "remaining": 199_213, "reset": 360.0},
}


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_they_come_with_a_reply(
    connect: Connect, heard: Heard, api: str, streamed: bool
) -> None:
    _, model = await connect([Reply("Hello.", headers=HEADERS)], api=api)
    reply = await model.reply(asking(), heard if streamed else None)
    assert reply.limits == LIMITS
    assert (reply.first_chunk_seconds is not None) is streamed
    assert reply.first_chunk_seconds is None or 0 < reply.first_chunk_seconds <= reply.seconds


async def test_a_server_that_tells_none_has_none(connect: Connect) -> None:
    _, model = await connect([Reply("Hello.")])
    assert (await model.reply(asking())).limits == {}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1s", 1.0), ("17ms", 0.017), ("1h2m3.5s", 3723.5), ("2d", 172_800.0), ("0s", 0.0)],
)
def test_a_duration_is_read_as_go_writes_it(written: str, seconds: float) -> None:
    told: Any = read_limits({"x-ratelimit-reset-tokens": written})
    assert told == {"tokens": {"reset": seconds}}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-limit-tokens": "-1"},
        {"x-ratelimit-limit-tokens": "9" * 400},
        {"x-ratelimit-remaining-requests": "1.5"},
        {"x-ratelimit-remaining-requests": "²"},
        {"x-ratelimit-reset-tokens": "soon"},
        {"x-ratelimit-reset-tokens": "1s and more"},
        {"x-ratelimit-reset-tokens": "5"},
        {"x-ratelimit-reset-tokens": ""},
    ],
)
def test_what_is_no_number_is_not_told(headers: dict[str, str]) -> None:
    assert read_limits(headers) == {}
