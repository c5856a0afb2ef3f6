"""Limits on both sides, through the whole path: a real API that asks to wait, or never answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from dragoman.config.load import load
from dragoman.errors import ConfigurationError
from fleets import REDIS, Proxy, has_redis
from moved_clock import MovedClock
from small_shop import running_shop

ORDER = ("shop.getOrder", {"order_id": "1042"})
NOON = 1_795_521_600


alone = pytest.mark.parametrize("surroundings", ["alone"], indirect=True)
"""Redis counts by its own clock, which no test moves: what a fleet shares has tests of its own."""


class Seconds(MovedClock):
    """A clock at noon on which only sleep passes time."""

    passed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.passed += seconds
        self.later = timedelta(seconds=self.passed)


def answers(shop: Any, *said: tuple[int, dict[str, str], object]) -> None:
    """Let the shop say these things first, one a request, and then what it always says."""
    left = list(said)

    def answer(request: web.Request) -> web.Response:
        if not left:
            return web.json_response({"order_id": "1042"})
        status, headers, body = left.pop(0)
        return web.json_response(body, status=status, headers=headers)

    shop.answer = answer


REFUSALS = {
    "429 with seconds": ((429, {"Retry-After": "12"}, {}), 12),
    "429 with a date": (
        (
            429,
            {
                "Date": "Tue, 24 Nov 2026 09:00:00 GMT",
                "Retry-After": "Tue, 24 Nov 2026 09:00:12 GMT",
            },
            {},
        ),
        12,
    ),
    "429 with an epoch in a vendor header": (
        (
            429,
            {
                "Date": "Tue, 24 Nov 2026 12:00:00 GMT",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": f"{NOON + 12}",
            },
            {},
        ),
        12,
    ),
    "429 inside a 200": ((200, {"Retry-After": "12"}, {"ok": False, "error": "ratelimited"}), 12),
    "503 for an hour with Retry-After": ((503, {"Retry-After": "3600"}, {}), 3600),
}


@alone
@pytest.mark.parametrize("row", REFUSALS)
async def test_row_20(dragoman, shop, row: str) -> None:
    clock = Seconds()
    said, seconds = REFUSALS[row]
    answers(shop, said)
    d = await dragoman(clock=clock, limits={"retries": 0})
    first = (await d.call(*ORDER)).problem
    assert (first.code, first.fault, first.retryable) == ("api", "api", True)
    assert first.retry_after == seconds
    refused = (await d.call(*ORDER, timeout=10)).problem
    assert (refused.code, refused.status, refused.fault) == ("limit", 429, "api")
    assert refused.detail.startswith("shop asks to wait ")
    assert refused.retry_after == seconds
    assert len(shop.requests) == 1, "nothing was sent that the API has refused before"
    assert clock.passed == 0, "nobody slept who could not wait long enough"
    outcome = await d.call(*ORDER, timeout=seconds + 10)
    assert outcome.ok
    assert clock.passed == seconds


@alone
async def test_a_call_is_tried_again_when_the_api_allows_it_and_never_sleeps_past_its_deadline(
    dragoman, shop
) -> None:
    clock = Seconds()
    d = await dragoman(clock=clock, limits={"retries": 1, "timeout": "60s"})
    answers(shop, (429, {"Retry-After": "20"}, {}))
    assert (await d.call(*ORDER, timeout=50)).ok
    assert (clock.passed, len(shop.requests)) == (20, 2)
    answers(shop, (429, {"Retry-After": "20"}, {}))
    problem = (await d.call(*ORDER, timeout=20)).problem
    assert (problem.code, problem.retry_after) == ("api", 20)
    assert (clock.passed, len(shop.requests)) == (20, 3)


@alone
async def test_the_last_call_that_an_api_allows_is_known_as_that(dragoman, shop) -> None:
    clock = Seconds()
    answers(shop, (200, {"RateLimit": '"default";r=0;t=40'}, {"order_id": "1042"}))
    d = await dragoman(clock=clock, limits={"retries": 0})
    assert (await d.call(*ORDER)).ok
    use = d.parts.path.limit.known()["shop"]
    assert (use.remaining, use.reset, use.running) == (0, 40, 0)
    refused = (await d.call(*ORDER, timeout=30)).problem
    assert refused.detail == "shop asks to wait 40 s (RateLimit)."
    assert (await d.call(*ORDER, timeout=50)).ok


async def test_a_write_that_is_refused_inside_a_200_did_not_happen_and_may_be_made_again(
    dragoman, shop
) -> None:
    answers(shop, (200, {}, {"ok": False, "error": "ratelimited"}))
    d = await dragoman(require_approval="never", limits={"retries": 0})
    refund = ("shop.refundOrder", {"order_id": "1", "amount": 5})
    first = await d.call(*refund, idempotency_key="k1")
    assert first.status == "failed"
    assert first.problem.detail == "200 from shop: it is asked too often."
    again = await d.call(*refund, idempotency_key="k1")
    assert (again.ok, again.repeated_from) == (True, None)
    assert len(shop.requests) == 2


async def test_a_rate_of_ours_names_the_line_that_decided(dragoman, shop) -> None:
    d = await dragoman(
        limits={"rate": "3/minute"}, operations={"getOrder": {"limits": {"rate": "1/minute"}}}
    )
    assert (await d.call(*ORDER)).ok
    refused = (await d.call(*ORDER)).problem
    assert refused.detail == ("shop.getOrder may be used once a minute, and that is used up.")
    assert refused.rule.endswith("apis.shop.operations.getOrder.limits")
    assert (await d.call("shop.listOrders")).ok


async def test_an_api_and_a_caller_of_one_name_are_counted_apart(dragoman, shop) -> None:
    callers = {"shop": {"scopes": ["shop"], "rate": "2/minute"}}
    d = await dragoman(top={"callers": callers}, limits={"rate": "2/minute"})
    words = [(await d.call(*ORDER, caller="shop")).status for _ in range(3)]
    assert words == ["ok", "ok", "failed"]


# One API that hangs


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - other tasks of ours
            await asyncio.sleep(0.01)


@pytest.fixture
async def carrier() -> AsyncIterator[Any]:
    """Another API, which answers at once."""
    async with running_shop() as state:
        yield state


AUTH = {"bearer": "${SHOP_TOKEN}"}
TRACK = {"track": {"get": "/orders/{order_id}", "path": {"order_id": "string"}}}


@pytest.fixture
async def never(shop: Any) -> AsyncIterator[asyncio.Event]:
    """The shop answers no earlier than the event is set."""
    go_on = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await go_on.wait()
        return web.json_response({"order_id": "1042"})

    shop.answer = answer
    yield go_on
    go_on.set()


async def test_row_22_an_api_that_never_answers_takes_no_place_of_another(
    dragoman, shop, carrier, never, tmp_path: Path
) -> None:
    document = str(tmp_path / "shop.json")
    limits = {"concurrency": 30, "queue": 2_000}
    d = await dragoman(
        top={
            "apis": {
                "shop": {"openapi": document, "base_url": shop.url, "auth": AUTH, "limits": limits},
                "carrier": {"http": carrier.url, "operations": TRACK},
            }
        }
    )
    waiting = [asyncio.create_task(d.call(*ORDER, timeout=120)) for _ in range(2_040)]
    use = d.parts.path.limit.known
    await until(lambda: sum(task.done() for task in waiting) == 10)
    assert (use()["shop"].running, use()["shop"].waiting) == (30, 2_000)
    for task in waiting:
        if task.done():
            problem = task.result().problem
            assert (problem.code, problem.status, problem.retry_after) == ("limit", 503, 1.0)
    for number in range(50):
        assert (await d.call("carrier.track", {"order_id": str(number)}, timeout=10)).ok
    assert len(shop.requests) == 30
    for task in waiting:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*waiting, return_exceptions=True)
    assert (use()["shop"].running, use()["shop"].waiting) == (0, 0)


async def test_as_many_requests_are_out_as_the_owner_allows(dragoman, shop, never) -> None:
    d = await dragoman(limits={"concurrency": 150})
    calls = [asyncio.create_task(d.call(*ORDER)) for _ in range(160)]
    await until(lambda: len(shop.requests) == 150)
    await until(lambda: d.parts.path.limit.known()["shop"].waiting == 10)
    never.set()
    assert all(outcome.ok for outcome in await asyncio.gather(*calls))
    assert len(shop.requests) == 160


# A fleet


async def test_a_fleet_stops_together_and_counts_together(dragoman, shop) -> None:
    has_redis()
    top = {"redis": REDIS, "key": "${KEY}"}
    environ = {"KEY": uuid4().hex, "SHOP_TOKEN": "t" * 20}
    given = {"top": top, "environ": environ, "limits": {"rate": "4/minute", "retries": 0}}
    one, other = [await dragoman(**given) for _ in range(2)]
    words = [(await d.call(*ORDER)).status for d in (one, other) * 3]
    assert words == ["ok"] * 4 + ["failed"] * 2
    environ["KEY"] = uuid4().hex
    one, other = [await dragoman(**given) for _ in range(2)]
    answers(shop, (429, {"Retry-After": "30"}, {}))
    assert (await one.call(*ORDER)).problem.code == "api"
    for d in (one, other):
        refused = (await d.call(*ORDER, timeout=10)).problem
        assert refused.detail == "shop asks to wait 30 s (Retry-After)."
    assert len(shop.requests) == 5


async def test_a_redis_that_is_stopped_between_two_calls_fails_neither(
    dragoman, shop, caplog: pytest.LogCaptureFixture
) -> None:
    has_redis()
    environ = {"KEY": uuid4().hex, "SHOP_TOKEN": "t" * 20}
    async with Proxy.running() as proxy:
        top = {"redis": proxy.url, "key": "${KEY}"}
        d = await dragoman(top=top, environ=environ, limits={"rate": "3/minute"})
        assert (await d.call(*ORDER)).ok
        await proxy.stop()
        words = [(await d.call(*ORDER)).status for _ in range(4)]
    assert words == ["ok"] * 3 + ["failed"], "three in this process, which counts alone now"
    said = [record.getMessage() for record in caplog.records if "redis" in record.getMessage()]
    assert len(said) == 1


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"redis": "localhost:6379"}, "redis must be an address such as redis://localhost:6379/0"),
        ({"redis": "redis://h/0", "key": None}, "redis is for several processes, which need one"),
    ],
)
def test_a_redis_has_an_address_and_a_key(given: dict[str, Any], fault: str) -> None:
    config = {"version": 1, "apis": {}, "key": "${KEY}", **given}
    config = {name: value for name, value in config.items() if value is not None}
    with pytest.raises(ConfigurationError, match=fault):
        load(config, environ={"KEY": "k" * 32})


async def test_without_the_library_it_is_said_how_to_install_it(dragoman, monkeypatch) -> None:
    monkeypatch.setattr("dragoman.store.shared.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError) as refused:
        await dragoman(top={"redis": REDIS, "key": "${KEY}"}, environ={"KEY": "k" * 32})
    assert str(refused.value).endswith('Install it with: pip install "dragoman[redis]"')
