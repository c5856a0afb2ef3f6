"""The circuit breaker in the call path: a failing API is left alone, and nobody waits for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman
from dragoman.call.breaker import State
from slept_clock import SleptClock
from small_shop import Shop

ORDER = {"order_id": "1042"}


@pytest.fixture
def clock() -> SleptClock:
    return SleptClock()


async def failing(shop: Shop, d: Dragoman, times: int = 10) -> None:
    shop.answer = lambda _: web.json_response({}, status=500)
    for _ in range(times):
        await d.call("shop.getOrder", ORDER)


async def test_row_20_a_storm_of_500_opens_it_and_is_not_made_worse(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    d: Dragoman = await dragoman(clock=clock)
    await failing(shop, d, times=200)
    assert len(shop.requests) == 10
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.status) == ("failing", 503)
    assert outcome.problem.detail.startswith("shop is failing (10 of the last 10 calls); it is ")
    assert 0 < (outcome.problem.retry_after or 0) <= 10
    assert (await d.parts.audit.get_call(outcome.id)).attempts == ()


async def test_row_20_one_call_probes_and_its_answer_closes_it(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    d: Dragoman = await dragoman(clock=clock, limits={"retries": 0})
    await failing(shop, d)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        arrived.set()
        await go_on.wait()
        return web.json_response({"order_id": "1042"})

    shop.answer = answer
    clock.move(10)
    probe = asyncio.create_task(d.call("shop.getOrder", ORDER))
    await arrived.wait()
    others = await asyncio.gather(*(d.call("shop.getOrder", ORDER) for _ in range(20)))
    assert {one.problem.code for one in others if one.problem} == {"failing"}
    go_on.set()
    assert (await probe).ok
    assert len(shop.requests) == 11
    assert (await d.call("shop.getOrder", ORDER)).ok


async def test_row_20_a_probe_that_is_cancelled_lets_the_next_one_try(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    d: Dragoman = await dragoman(clock=clock, limits={"retries": 0})
    await failing(shop, d)
    arrived = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    shop.answer = never
    clock.move(10)
    probe = asyncio.create_task(d.call("shop.getOrder", ORDER))
    await arrived.wait()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    shop.answer = None
    assert (await d.call("shop.getOrder", ORDER)).ok


@pytest.mark.parametrize("status", [429, 404, 401, 400])
async def test_row_20_a_refusal_is_no_failure(
    shop: Shop, dragoman: Any, clock: SleptClock, status: int
) -> None:
    d: Dragoman = await dragoman(clock=clock, limits={"retries": 0})
    shop.answer = lambda _: web.json_response({}, status=status)
    for _ in range(30):
        await d.call("shop.getOrder", ORDER)
    assert len(shop.requests) == 30
    assert set(d.parts.path.send.breakers.states().values()) == {State.CLOSED}


async def test_a_caller_in_a_hurry_does_not_open_it_for_others(shop: Shop, dragoman: Any) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    shop.answer = slow
    d: Dragoman = await dragoman(limits={"retries": 0})
    hurried = [d.call("shop.getOrder", ORDER, timeout=0.05) for _ in range(15)]
    outcomes = await asyncio.gather(*hurried)
    assert {one.problem.code for one in outcomes if one.problem} == {"network"}
    shop.answer = None
    assert (await d.call("shop.getOrder", ORDER)).ok


async def test_a_refused_connection_opens_it_and_no_other_api_is_kept_from_working(
    shop: Shop, clock: SleptClock
) -> None:
    listed = {"operations": {"list": {"get": "/orders"}}, "limits": {"retries": 0}}
    config = {
        "store": "sqlite:///:memory:",
        "apis": {
            "down": {"http": "http://127.0.0.1:9", **listed},
            "up": {"http": shop.url, **listed},
        },
    }
    async with Dragoman(config, environ={}, clock=clock) as d:
        codes = [(await d.call("down.list")).problem for _ in range(12)]
        assert [one.code for one in codes if one] == ["network"] * 10 + ["failing"] * 2
        assert (await d.call("up.list")).ok
