"""`cache:` gives the answer to an equal read again where its API says nothing of that."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import ConfigurationError, Status
from dragoman.call import fresh
from moved_clock import NOON, MovedClock
from small_shop import Shop

ORDER = {"order_id": "1042"}
REFUND = {"order_id": "1042", "amount": 5}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def counting(shop: Shop) -> Shop:
    """A shop whose every answer tells how many requests there were."""
    shop.answer = lambda request: web.json_response({"n": len(shop.requests)})
    return shop


async def read(d: Any, arguments: dict[str, Any] | None = None, **who: Any) -> int:
    outcome = await d.call("shop.getOrder", arguments or ORDER, **who)
    assert outcome.ok, outcome.problem
    return int(outcome.data["n"])


async def test_an_equal_read_is_answered_again_until_it_is_too_old(
    dragoman, counting, clock
) -> None:
    d = await dragoman(cache="30s", clock=clock)
    first = await d.call("shop.getOrder", ORDER)
    clock.later = timedelta(seconds=29)
    again = await d.call("shop.getOrder", ORDER)
    assert (first.data, again.data) == ({"n": 1}, {"n": 1})
    assert (first.repeated_from, again.repeated_from) == (None, NOON)
    assert (
        again.note == "This is the answer of 2026-11-24 12:00:00 UTC; it was not asked for again."
    )
    assert (first.record["repeated"], again.record["repeated"]) == (False, True)
    clock.later = timedelta(seconds=30)
    assert await read(d) == 2
    assert await read(d, {"order_id": "1043"}) == 3


async def test_nothing_is_kept_where_the_owner_says_nothing(dragoman, counting, clock) -> None:
    d = await dragoman(clock=clock)
    assert [await read(d), await read(d)] == [1, 2]


@pytest.mark.parametrize("off", ["never", "0s", 0])
async def test_one_operation_may_be_left_out(dragoman, counting, clock, off: Any) -> None:
    d = await dragoman(cache="1m", operations={"getOrder": {"cache": off}}, clock=clock)
    assert [await read(d), await read(d)] == [1, 2]
    listed = [(await d.call("shop.listOrders")).data["n"] for _ in range(2)]
    assert listed == [3, 3]


async def test_nobody_reads_the_answer_of_another(dragoman, counting, clock) -> None:
    callers = {
        name: {"scopes": ["shop:read"], "acts_for": "any"} for name in ("ana", "bot", "bot u_7")
    }
    d = await dragoman(cache="1m", clock=clock, top={"callers": callers})
    everybody: list[dict[str, Any]] = [
        {},
        {"user": "u_7"},
        {"user": "u_8"},
        {"user": ""},
        {"user": "None"},
        {"caller": "bot"},
        {"caller": "bot", "user": "u_7"},
        {"caller": "bot u_7"},
        {"caller": "ana", "user": "u_7"},
    ]
    first = [await read(d, **who) for who in everybody]
    assert first == list(range(1, len(everybody) + 1))
    assert [await read(d, **who) for who in everybody] == first


async def test_a_caller_without_the_scope_gets_no_kept_answer(dragoman, counting, clock) -> None:
    d = await dragoman(
        cache="1m", clock=clock, top={"callers": {"bot": {"scopes": ["shop:write"]}}}
    )
    assert await read(d) == 1
    refused = await d.call("shop.getOrder", ORDER, caller="bot")
    assert refused.problem.code == "refused"


async def test_a_write_to_the_api_ends_what_was_kept_of_it(dragoman, counting, clock) -> None:
    d = await dragoman(cache="1m", clock=clock, require_approval="never")
    assert await read(d) == 1
    assert (await d.call("shop.refundOrder", REFUND)).ok
    assert await read(d) == 3
    assert await read(d, user="u_7") == 4
    assert (await d.call("shop.deleteOrder", ORDER)).ok
    assert await read(d, user="u_7") == 6


async def test_apis_share_nothing(dragoman, counting, clock, tmp_path: Path) -> None:
    settings = {
        "openapi": str(tmp_path / "shop.json"),
        "base_url": counting.url,
        "auth": {"bearer": "${SHOP_TOKEN}"},
        "cache": "1m",
        "require_approval": "never",
    }
    d = await dragoman(clock=clock, top={"apis": {"shop": settings, "twin": settings}})
    assert await read(d) == 1
    assert (await d.call("twin.getOrder", ORDER)).data == {"n": 2}
    assert (await d.call("twin.refundOrder", REFUND)).ok
    assert await read(d) == 1
    assert (await d.call("twin.getOrder", ORDER)).data == {"n": 4}


async def test_a_write_that_surely_did_not_happen_ends_nothing(dragoman, counting, clock) -> None:
    d = await dragoman(
        cache="1m", clock=clock, require_approval="never", limits={"rate": "3/minute"}
    )
    assert await read(d) == 1
    counting.answer = lambda request: web.json_response({}, status=422)
    assert (await d.call("shop.refundOrder", REFUND)).problem.code == "api"
    preview = await d.call("shop.refundOrder", REFUND, dry_run=True)
    assert preview.status is Status.PREVIEWED
    assert (await d.call("shop.refundOrder", {"order_id": "x"})).problem.code == "arguments"
    assert await read(d) == 1


@pytest.mark.parametrize("how", ["broken", "cancelled"])
async def test_a_write_that_may_have_happened_ends_it_too(
    dragoman, counting, clock, how: str
) -> None:
    d = await dragoman(cache="1m", clock=clock, require_approval="never")
    answer = counting.answer
    assert await read(d) == 1
    arrived = asyncio.Event()

    async def breaks(request: web.Request) -> web.Response:
        arrived.set()
        if how == "cancelled":
            await asyncio.sleep(5)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    counting.answer = breaks
    writing = asyncio.create_task(d.call("shop.refundOrder", REFUND))
    await arrived.wait()
    if how == "cancelled":
        writing.cancel()
    (outcome,) = await asyncio.gather(writing, return_exceptions=True)
    if how == "broken":
        assert outcome.status is Status.UNKNOWN
    counting.answer = answer
    assert await read(d) == 3


async def test_a_read_that_a_write_overtook_is_not_kept(dragoman, shop, clock) -> None:
    d = await dragoman(cache="1m", clock=clock, require_approval="never")
    arrived, go_on = asyncio.Event(), asyncio.Event()
    state = {"refunded": False}

    async def answer(request: web.Request) -> web.Response:
        seen = dict(state)
        if request.method == "GET" and not arrived.is_set():
            arrived.set()
            await go_on.wait()
        if request.method == "POST":
            state["refunded"] = True
        return web.json_response(seen)

    shop.answer = answer
    reading = asyncio.create_task(d.call("shop.getOrder", ORDER))
    await arrived.wait()
    assert (await d.call("shop.refundOrder", REFUND)).ok
    go_on.set()
    assert (await reading).data == {"refunded": False}
    assert (await d.call("shop.getOrder", ORDER)).data == {"refunded": True}


async def test_only_good_answers_are_kept(dragoman, shop, clock) -> None:
    d = await dragoman(cache="1m", clock=clock, limits={"retries": 0})
    bad = [
        web.json_response({"detail": "busy"}, status=503),
        web.json_response({"detail": "no"}, status=404),
        web.Response(text='{"a":', content_type="application/json"),
        web.json_response({"a": 1}),
    ]
    shop.answer = lambda request: bad.pop(0)
    outcomes = [await d.call("shop.getOrder", ORDER) for _ in range(5)]
    assert [outcome.ok for outcome in outcomes] == [False, False, False, True, True]
    assert len(shop.requests) == 4


async def test_what_a_person_must_allow_each_time_is_asked_for_each_time(
    dragoman, counting, clock
) -> None:
    d = await dragoman(cache="1m", clock=clock, require_approval="always")
    for number in (1, 2):
        waits = await d.call("shop.getOrder", ORDER)
        assert waits.status is Status.PENDING
        await d.approve(waits.approval)
        done = await d.resume(waits.id)
        assert (done.data, done.repeated_from) == ({"n": number}, None)


async def test_a_dry_run_shows_the_request_and_keeps_nothing(dragoman, counting, clock) -> None:
    d = await dragoman(cache="1m", clock=clock)
    for _ in range(2):
        assert (await d.call("shop.getOrder", ORDER, dry_run=True)).status is Status.PREVIEWED
        assert await read(d) == 1
    assert len(counting.requests) == 1


async def test_a_kept_answer_is_shaped_for_whoever_asks(dragoman, shop, clock) -> None:
    d = await dragoman(cache="1m", clock=clock)
    whole = await d.call("shop.listOrders")
    short = await d.call("shop.listOrders", budget=1_000)
    assert len(whole.data["orders"]) == 400 > len(short.data["orders"])
    assert len(shop.requests) == 1
    assert short.record["credential"] == ""
    assert whole.record["credential"] == "bearer ${SHOP_TOKEN}"


async def test_a_kept_answer_costs_nothing_of_the_rate_of_the_api(
    dragoman, counting, clock
) -> None:
    d = await dragoman(cache="1m", clock=clock, limits={"rate": "1/minute"})
    assert [await read(d) for _ in range(3)] == [1, 1, 1]


async def test_a_clock_that_was_put_back_makes_nothing_young_again(
    dragoman, counting, clock
) -> None:
    d = await dragoman(cache="1m", clock=clock)
    assert await read(d) == 1
    clock.later = timedelta(hours=-1)
    assert await read(d) == 2


async def test_what_is_kept_is_bounded_in_count_and_bytes(
    dragoman, shop, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    d = await dragoman(cache="1m", clock=clock)
    kept = d.parts.path.reuse.fresh
    shop.answer = lambda request: web.json_response({"x": "y" * int(request.path.split("/")[2])})
    monkeypatch.setattr(fresh, "MAX_ENTRIES", 2)
    for size in ("1", "2", "3"):
        await d.call("shop.getOrder", {"order_id": size})
    assert len(kept._entries) == 2
    monkeypatch.setattr(fresh, "MAX_BYTES", 3_000)
    for size in ("1000", "1001", "1002", "1003"):
        await d.call("shop.getOrder", {"order_id": size})
    assert kept._bytes == sum(entry.size for entry in kept._entries.values()) <= 3_000
    monkeypatch.setattr(fresh, "MAX_ENTRY_BYTES", 500)
    await kept.forget("shop")
    await d.call("shop.getOrder", {"order_id": "1000"})
    assert (kept._entries, kept._bytes) == ({}, 0)


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        (
            {"refundOrder": {"cache": "30s"}},
            "refundOrder is a write operation, and only answers to reads are kept.",
        ),
        (
            {"getOrder": {"cache": "30s", "require_approval": "always"}},
            "getOrder is asked for each time (require_approval: always), so no answer is kept.",
        ),
    ],
)
async def test_a_cache_that_would_keep_nothing_is_told(
    dragoman, own: dict[str, Any], fault: str
) -> None:
    (name,) = own
    with pytest.raises(ConfigurationError) as caught:
        await dragoman(operations=own)
    assert caught.value.messages == (f"apis.shop.operations.{name}.cache: {fault}",)
