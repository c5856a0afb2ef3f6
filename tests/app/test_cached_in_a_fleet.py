"""In a fleet a write through one process ends what the others have kept (`redis:`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from dragoman import Dragoman
from dragoman.call.generations import SharedGenerations
from dragoman.clock import SystemClock
from fleets import REDIS, Proxy, fleet, has_redis
from small_shop import TOKEN, Shop

ORDER = {"order_id": "1042"}
REFUND = {"order_id": "1042", "amount": 5}


class Seconds(SystemClock):
    """A clock whose seconds a test moves; the hour stands still."""

    passed = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.passed


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    has_redis()
    async with Proxy.running() as running:
        yield running


@pytest.fixture
def counting(shop: Shop) -> Shop:
    """A shop whose every answer tells how many requests there were."""
    shop.answer = lambda request: web.json_response({"n": len(shop.requests)})
    return shop


async def two(dragoman: Any, redis: str, clock: SystemClock) -> tuple[Dragoman, Dragoman]:
    """Open two Dragomans of one fleet: with one store and one root key."""
    top = {"redis": redis, "key": "${KEY}"}
    more = {"clock": clock, "top": top, "environ": environ()}
    ours = [await dragoman(cache="1h", require_approval="never", **more) for _ in range(2)]
    return ours[0], ours[1]


def environ() -> dict[str, str]:
    """Return what a fleet is given, with a root key that no other test has."""
    return {"SHOP_TOKEN": TOKEN, "KEY": uuid4().hex}


async def read(d: Dragoman) -> Any:
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.ok, outcome.problem
    data: Any = outcome.data
    return data["n"]


async def test_a_write_through_another_process_ends_what_this_one_kept(
    dragoman: Any, counting: Shop
) -> None:
    has_redis()
    one, other = await two(dragoman, REDIS, Seconds())
    assert [await read(one), await read(one), await read(other)] == [1, 1, 2]
    assert (await other.call("shop.refundOrder", REFUND)).ok
    assert [await read(one), await read(one), await read(other)] == [4, 4, 5]


async def test_while_redis_is_away_nothing_is_given_again(
    dragoman: Any, counting: Shop, proxy: Proxy
) -> None:
    clock = Seconds()
    one, other = await two(dragoman, proxy.url, clock)
    assert [await read(one), await read(one), await read(other)] == [1, 1, 2]
    await proxy.stop()
    assert [await read(one), await read(one)] == [3, 4]
    assert (await other.call("shop.refundOrder", REFUND)).ok
    await proxy.start()
    clock.passed += 10
    assert await read(other) == 6  # It tells of its write now,
    assert await read(one) == 7  # and nobody is given what was read before it.
    assert [await read(one), await read(other)] == [7, 6]


async def test_a_redis_that_lost_all_it_had_makes_nothing_valid_again(proxy: Proxy) -> None:
    """A count would begin at nought again, and be equal to one of long ago."""
    shared = fleet(Seconds(), b"k" * 32, proxy.url)
    generations = SharedGenerations(shared)
    first = await generations.current("shop")
    assert first == await generations.current("shop")
    assert shared._opened is not None
    await shared._opened.client.delete(f"dragoman:mark:{shared._opened._name('writes to shop')}")
    assert await generations.current("shop") not in {None, first}
    await shared.aclose()


async def test_apis_have_marks_of_their_own(proxy: Proxy) -> None:
    shared = fleet(Seconds(), None, proxy.url)
    generations = SharedGenerations(shared)
    shop, carrier = await generations.current("shop"), await generations.current("carrier")
    await generations.bump("shop")
    assert await generations.current("shop") != shop
    assert await generations.current("carrier") == carrier
    await shared.aclose()


async def test_what_says_nothing_of_reuse_asks_no_redis(
    dragoman: Any, counting: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_redis()
    d = await dragoman(top={"redis": REDIS, "key": "${KEY}"}, environ=environ())
    asked = []
    current = SharedGenerations.current

    async def counted(generations: SharedGenerations, api: str) -> str | None:
        asked.append(api)
        return await current(generations, api)

    monkeypatch.setattr(SharedGenerations, "current", counted)
    assert [await read(d) for _ in range(3)] == [1, 2, 3]
    assert asked == ["shop"]
    counting.answer = lambda request: web.json_response(
        {"n": len(counting.requests)}, headers={"Cache-Control": "max-age=60"}
    )
    assert [await read(d) for _ in range(3)] == [4, 5, 5]
    assert len(asked) == 3
