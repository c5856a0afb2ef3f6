"""What a caller may use in all: so many calls at once, and so many in a day (UTC)."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from dragoman import LimitError
from moved_clock import MovedClock
from store_urls import postgres_url, shared_url

__all__ = ["postgres_url", "shared_url"]

ORDER = ("shop.getOrder", {"order_id": "1042"})


def callers(**bot: Any) -> dict[str, Any]:
    return {"callers": {"bot": {"scopes": ["shop:read"], **bot}, "other": {"scopes": ["shop"]}}}


async def words(d: Any, times: int, **more: Any) -> list[str]:
    """Call so often, and say of each what came of it."""
    outcomes = [await d.call(*ORDER, **{"caller": "bot", **more}) for _ in range(times)]
    return [outcome.problem.code if outcome.problem else "ok" for outcome in outcomes]


@pytest.fixture
def slow(shop: Any) -> asyncio.Event:
    """The shop answers no earlier than the event is set."""
    go_on = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await go_on.wait()
        return web.json_response({"order_id": "1042"})

    shop.answer = answer
    return go_on


async def under_way(shop: Any, count: int) -> None:
    async with asyncio.timeout(5):
        while len(shop.requests) < count:  # noqa: ASYNC110 - another task of ours
            await asyncio.sleep(0.01)


async def test_one_call_more_than_may_run_at_once_is_refused_at_once(dragoman, shop, slow) -> None:
    d = await dragoman(top=callers(concurrency=2))
    running = [asyncio.create_task(d.call(*ORDER, caller="bot")) for _ in range(2)]
    await under_way(shop, 2)
    refused = (await d.call(*ORDER, caller="bot")).problem
    assert (refused.code, refused.status, refused.retryable) == ("limit", 429, True)
    assert refused.detail == "bot has 2 calls under way, and may have no more at once."
    assert refused.rule.endswith("callers.bot.concurrency")
    assert len(shop.requests) == 2
    another = asyncio.create_task(d.call(*ORDER, caller="other"))
    await under_way(shop, 3)
    slow.set()
    assert all(outcome.ok for outcome in await asyncio.gather(*running, another))
    assert await words(d, 3) == ["ok"] * 3


async def test_a_place_is_free_again_however_a_call_ends(dragoman, shop, slow) -> None:
    d = await dragoman(
        top={"callers": {"bot": {"scopes": ["shop"], "concurrency": 1}}}, require_approval="writes"
    )
    cancelled = asyncio.create_task(d.call(*ORDER, caller="bot"))
    await under_way(shop, 1)
    cancelled.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cancelled
    assert not (await d.call("shop.getOrder", {"order_id": "no"}, caller="bot")).ok
    assert not (await d.call("shop.none", {}, caller="bot")).ok
    waiting = await d.call("shop.deleteOrder", {"order_id": "1042"}, caller="bot")
    assert waiting.status == "pending"
    timed_out = await d.call(*ORDER, caller="bot", timeout=0.05)
    assert timed_out.problem.code == "network"
    slow.set()
    assert await words(d, 1) == ["ok"]


async def test_the_quota_of_a_day_is_used_up_until_midnight(dragoman, shop) -> None:
    clock = MovedClock()
    d = await dragoman(top=callers(quota=3), clock=clock)
    assert await words(d, 5) == ["ok", "ok", "ok", "limit", "limit"]
    refused = (await d.call(*ORDER, caller="bot")).problem
    assert refused.detail == "bot may make 3 calls a day (UTC), and they are used up."
    assert refused.rule.endswith("callers.bot.quota")
    assert refused.retry_after == 12 * 3600
    assert len(shop.requests) == 3
    assert await words(d, 1, caller="other") == ["ok"]
    clock.later = timedelta(hours=12)
    assert await words(d, 4) == ["ok", "ok", "ok", "limit"]


async def test_a_dry_run_and_what_is_refused_do_not_count(dragoman, shop) -> None:
    d = await dragoman(top=callers(quota=2), clock=MovedClock())
    assert await words(d, 3, dry_run=True) == ["ok"] * 3
    refused = await d.call("shop.deleteOrder", {"order_id": "1042"}, caller="bot")
    assert refused.problem.code == "refused"
    assert await words(d, 3) == ["ok", "ok", "limit"]
    assert await words(d, 1, dry_run=True) == ["ok"]


async def test_a_call_with_wrong_arguments_counts_no_longer_than_a_moment(dragoman) -> None:
    clock = Seconds()
    d = await dragoman(top=callers(quota=2), clock=clock)
    assert not (await d.call("shop.getOrder", {"order_id": "no"}, caller="bot")).ok
    clock.passed += 6
    assert await words(d, 3) == ["ok", "ok", "limit"]


async def test_the_quota_outlives_a_restart_and_is_one_for_all_processes(
    shared_url: str, dragoman, shop
) -> None:
    clocks = Seconds(), Seconds()
    top = {**callers(quota=5), "store": shared_url}
    one, other = [await dragoman(top=top, clock=clock) for clock in clocks]
    assert await words(one, 2) == ["ok", "ok"]
    assert await words(other, 2) == ["ok", "ok"], "it has seen what the first has done"
    await other.parts.audit.flush()
    await one.aclose()
    again = await dragoman(top=top, clock=clocks[0])
    assert await words(again, 2) == ["ok", "limit"]
    await again.parts.audit.flush()
    clocks[1].passed += 6
    assert await words(other, 1) == ["limit"]
    assert len(shop.requests) == 5


async def test_calls_under_way_count_before_they_are_in_the_log(dragoman, shop, slow) -> None:
    clock = Seconds()
    d = await dragoman(top=callers(quota=3), clock=clock)
    running = [asyncio.create_task(d.call(*ORDER, caller="bot")) for _ in range(3)]
    await under_way(shop, 3)
    clock.passed += 6
    assert await words(d, 1) == ["limit"]
    slow.set()
    assert all(outcome.ok for outcome in await asyncio.gather(*running))


class Seconds(MovedClock):
    """A clock at noon whose seconds a test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 1000.0

    def monotonic(self) -> float:
        return self.passed


async def test_to_read_on_counts_as_a_call_but_not_of_the_day(dragoman, shop) -> None:
    d = await dragoman(top=callers(rate="3/minute", quota=1))
    listed = ("shop.listOrders", {"customer_id": "u_7"})
    first = await d.call(*listed, caller="bot", budget=2_000)
    parts = [
        await d.read_result(handle, caller="bot", path="orders", start=9, count=1)
        for handle in (first.handle, "result:guessed", first.handle)
    ]
    assert [one.problem.code if one.problem else "ok" for one in parts] == [
        "ok", "not-found", "limit",
    ]  # fmt: skip
    assert parts[2].problem.detail.startswith("bot may be used 3 times a minute")
    with pytest.raises(LimitError):
        await d.read_file(first.handle, caller="bot")
    assert (await d.read_result(first.handle, path="orders")).problem.code == "not-found"


async def test_so_many_at_once_are_so_many_that_are_read_on_in_too(dragoman, shop, slow) -> None:
    d = await dragoman(top=callers(concurrency=1))
    running = asyncio.create_task(d.call(*ORDER, caller="bot"))
    await under_way(shop, 1)
    refused = (await d.read_result("result:any", caller="bot")).problem
    assert refused.detail == "bot has 1 call under way, and may have no more at once."
    slow.set()
    await running
    assert (await d.read_result("result:any", caller="bot")).problem.code == "not-found"
