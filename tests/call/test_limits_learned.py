"""Limits that APIs tell us of: waited for within the deadline, else refused at once by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from limited import Sleeper, limit, prepared, received, rules, within

from dragoman.call.limit import Limit
from dragoman.errors import ApiLimitError, Fault, LimitError
from dragoman.operation import Prepared

HOUR = 3600.0


async def waited(stage: Limit, clock: Sleeper, asked: Prepared, **given: Any) -> float:
    """Let one call through, and return the seconds that it has waited."""
    deadline = within(given.pop("seconds", HOUR), clock)
    async with stage(asked, rules(), deadline, **given) as seconds:
        return round(seconds, 3)


async def told(stage: Limit, clock: Sleeper, asked: Prepared, answer: Any, **given: Any) -> None:
    """Let one call through that is answered so."""
    async with stage(asked, rules(), within(HOUR, clock), **given):
        await stage.learn(asked, answer)


@pytest.fixture
def clock() -> Sleeper:
    return Sleeper()


@pytest.fixture
def stage(clock: Sleeper) -> Limit:
    return limit(clock)


NOON = 1_795_521_600
NONE_LEFT = {"x_ratelimit_limit": "60", "x_ratelimit_remaining": "0"}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (received(429, retry_after="12"), 12),
        (
            received(
                429,
                date="Tue, 24 Nov 2026 09:00:00 GMT",
                retry_after="Tue, 24 Nov 2026 09:00:30 GMT",
            ),
            30,
        ),
        (received(429, **NONE_LEFT, x_ratelimit_reset=f"{NOON + 90}"), 90),
        (received(200, b'{"ok":false,"error":"ratelimited"}', retry_after="5"), 5),
        (received(503, retry_after="3"), 3),
        (received(403, **NONE_LEFT, x_ratelimit_reset=f"{NOON + 9}"), 9),
        (received(200, ratelimit='"default";r=0;t=4'), 4),
        (received(200, **NONE_LEFT, x_ratelimit_reset=f"{NOON + 7}"), 7),
    ],
    ids=[
        "429 with seconds",
        "429 with a date, at a server whose clock is three hours slow",
        "429 with an epoch in a vendor header",
        "429 inside a 200",
        "503 with Retry-After",
        "403 with nothing left",
        "200 that was the last by the standard",
        "200 that was the last by a vendor header",
    ],
)
async def test_the_next_call_waits_as_long_as_the_api_asks(
    stage: Limit, clock: Sleeper, answer: Any, seconds: float
) -> None:
    await told(stage, clock, prepared(), answer)
    assert await waited(stage, clock, prepared()) == seconds
    assert await waited(stage, clock, prepared()) == 0


async def test_503_for_an_hour_with_retry_after_refuses_at_once_and_names_whose_limit_it_is(
    stage: Limit, clock: Sleeper
) -> None:
    await told(stage, clock, prepared(), received(503, retry_after="3600"))
    with pytest.raises(ApiLimitError) as refused:
        await waited(stage, clock, prepared(), seconds=60)
    assert refused.value.detail == "shop asks to wait 60 min (Retry-After)."
    problem = refused.value.problem
    assert (problem.code, problem.status, problem.fault) == ("limit", 429, Fault.API)
    assert (problem.retryable, problem.retry_after) == (True, HOUR)
    assert clock.slept == []
    clock.passed += HOUR
    assert await waited(stage, clock, prepared(), seconds=60) == 0


@pytest.mark.parametrize("seconds", [12, 11.999])
async def test_nobody_sleeps_past_the_deadline(
    stage: Limit, clock: Sleeper, seconds: float
) -> None:
    await told(stage, clock, prepared(), received(429, retry_after="12"))
    with pytest.raises(ApiLimitError, match="asks to wait 12 s"):
        await waited(stage, clock, prepared(), seconds=seconds)
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 202, 404])
async def test_an_answer_that_is_no_refusal_asks_nobody_to_wait(
    stage: Limit, clock: Sleeper, status: int
) -> None:
    await told(stage, clock, prepared(), received(status, retry_after="60"))
    assert await waited(stage, clock, prepared()) == 0


async def test_a_shorter_wait_does_not_end_a_longer_one(stage: Limit, clock: Sleeper) -> None:
    await told(stage, clock, prepared(), received(429, retry_after="60"))
    await stage.learn(prepared(), received(429, retry_after="2"))
    await stage.learn(prepared(), received(200, x_ratelimit_remaining="5", x_ratelimit_reset="9"))
    assert await waited(stage, clock, prepared()) == 60


async def test_other_apis_accounts_and_servers_do_not_wait(stage: Limit, clock: Sleeper) -> None:
    await told(stage, clock, prepared(account="work"), received(429, retry_after="60"))
    assert await waited(stage, clock, prepared("carrier.track")) == 0
    assert await waited(stage, clock, prepared(account="home")) == 0
    assert await waited(stage, clock, prepared(account="work", host="eu.shop.example")) == 0
    assert await waited(stage, clock, prepared("shop.listOrders", account="work")) == 60


async def test_where_each_user_has_a_token_one_does_not_stop_the_others(clock: Sleeper) -> None:
    stage = limit(clock, label="OAuth client ${ID} of the user")
    await told(stage, clock, prepared(), received(429, retry_after="60"), user="ana")
    assert await waited(stage, clock, prepared(), user="ben") == 0
    assert await waited(stage, clock, prepared(), user="ana") == 60


async def test_where_all_share_a_token_one_user_stops_the_others(
    stage: Limit, clock: Sleeper
) -> None:
    await told(stage, clock, prepared(), received(429, retry_after="60"), user="ana")
    assert await waited(stage, clock, prepared(), user="ben") == 60


async def test_a_limit_of_one_resource_is_waited_for_by_its_operations_only(
    stage: Limit, clock: Sleeper
) -> None:
    search, read = prepared("hub.search"), prepared("hub.read")
    left = {"x_ratelimit_remaining": "9", "x_ratelimit_reset": "60"}
    await told(stage, clock, read, received(200, **left, x_ratelimit_resource="core"))
    await told(
        stage,
        clock,
        search,
        received(
            200, x_ratelimit_remaining="0", x_ratelimit_reset="60", x_ratelimit_resource="search"
        ),
    )
    assert await waited(stage, clock, read) == 0
    assert await waited(stage, clock, search) == 60


async def test_another_attempt_waits_for_what_was_learned(stage: Limit, clock: Sleeper) -> None:
    deadline = within(10, clock)
    async with stage(prepared(), rules(), deadline):
        await stage.learn(prepared(), received(429, retry_after="2"))
        assert await stage.again(prepared(), rules(), deadline) == 2
        assert await stage.again(prepared(), rules(), deadline, pause=0.5) == 0.5
        await stage.learn(prepared(), received(429, retry_after="20"))
        with pytest.raises(ApiLimitError, match="asks to wait 20 s"):
            await stage.again(prepared(), rules(), deadline)
        with pytest.raises(LimitError, match="tried again after its time"):
            await stage.again(prepared("other.op"), rules(), deadline, pause=8)
    assert clock.slept == [2, 0.5]


async def test_another_attempt_counts_as_a_use(stage: Limit, clock: Sleeper) -> None:
    counted = rules(rates=(("shop", "2/minute"),))
    async with stage(prepared(), counted, within(10, clock)):
        await stage.again(prepared(), counted, within(10, clock))
        with pytest.raises(LimitError, match="may be used 2 times a minute") as refused:
            await stage.again(prepared(), counted, within(10, clock))
    assert refused.value.rule == "dragoman.yaml:7"
    assert refused.value.retry_after == 60


async def test_what_is_known_of_an_api_can_be_asked(stage: Limit, clock: Sleeper) -> None:
    assert stage.known() == {}
    async with stage(prepared(), rules(concurrency=8, queue=9), within(10, clock)):
        await stage.learn(
            prepared(),
            received(429, x_ratelimit_limit="60", x_ratelimit_remaining="3",
                     x_ratelimit_reset="50", retry_after="20"),
        )  # fmt: skip
        clock.passed += 5
        use = stage.known()["shop"]
        assert (use.running, use.waiting, use.concurrency, use.queue) == (1, 0, 8, 9)
        assert (use.limit, use.remaining, use.reset, use.asked) == (60, 3, 45, 15)
    assert stage.known()["shop"].running == 0


async def test_calls_that_stood_in_line_wait_for_what_was_learned_meanwhile(
    stage: Limit, clock: Sleeper
) -> None:
    one = rules(concurrency=1)
    held, answered = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with stage(prepared(), one, within(HOUR, clock)):
            held.set()
            await answered.wait()
            await stage.learn(prepared(), received(429, retry_after="30"))

    async def second() -> float:
        await held.wait()
        async with stage(prepared(), one, within(HOUR, clock)) as seconds:
            return seconds

    tasks = asyncio.create_task(first()), asyncio.create_task(second())
    while not stage.known() or stage.known()["shop"].waiting == 0:  # noqa: ASYNC110 - a task of ours
        await asyncio.sleep(0)
    answered.set()
    assert (await asyncio.gather(*tasks))[1] == 30
    assert stage.known()["shop"].running == 0


async def test_what_is_remembered_is_bounded(
    stage: Limit, clock: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.call.learned.MAX_SUBJECTS", 10)
    for number in range(50):
        answer = received(429, retry_after="60", x_ratelimit_bucket=f"b{number}",
                          x_ratelimit_remaining="0", x_ratelimit_reset_after="60")  # fmt: skip
        await told(stage, clock, prepared(host=f"h{number}.example"), answer)
    assert len(stage.learned._stops) == len(stage.learned._buckets) == 10


async def test_what_a_body_says_stops_an_api_for_a_minute_at_the_most(
    stage: Limit, clock: Sleeper
) -> None:
    # It may be what another user of the API has stored there; a header is the API's own.
    body = (
        b'{"data": null, "errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost":'
        b' {"requestedQueryCost": 1000, "throttleStatus": {"currentlyAvailable": 0,'
        b' "restoreRate": 0.000001}}}}'
    )
    await told(stage, clock, prepared(), received(200, body))
    assert await waited(stage, clock, prepared()) == 60
