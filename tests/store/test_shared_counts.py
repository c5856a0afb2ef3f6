"""Rates and notes, counted in this process or in Redis for a fleet, with equal results."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from dragoman.call.limit import Rates
from dragoman.clock import Clock, SystemClock
from dragoman.errors import ConfigurationError, LimitError
from dragoman.store.shared import Shared, _Fleet
from fleets import REDIS, Proxy, fleet, has_redis


class Seconds(SystemClock):
    """A clock whose seconds a test moves."""

    passed = 1000.0

    def monotonic(self) -> float:
        return self.passed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """Time that only the test moves, also for what is told to Redis."""
    moved, start = Seconds(), time.time()
    monkeypatch.setattr(time, "time", lambda: start + moved.passed)
    return moved


@pytest.fixture(params=["memory", "redis"])
async def shared(request: pytest.FixtureRequest, clock: Seconds) -> AsyncIterator[Shared]:
    if request.param == "redis":
        has_redis()
    opened = fleet(clock) if request.param == "redis" else Shared(clock)
    yield opened
    assert not opened._is_away, "Redis was asked, and answered"
    await opened.aclose()


async def test_so_many_are_let_through_and_the_next_is_told_how_long_to_wait(
    shared: Shared, clock: Seconds
) -> None:
    assert [await shared.take("api shop", "2/minute") for _ in range(2)] == [None, None]
    clock.passed += 20
    assert await shared.take("api shop", "2/minute") == pytest.approx(40, abs=0.02)


async def test_at_once_no_more_are_let_through_than_one_after_another(shared: Shared) -> None:
    taken = await asyncio.gather(*(shared.take("api shop", "40/hour") for _ in range(300)))
    assert taken.count(None) == 40


async def test_the_window_moves_and_what_is_refused_is_not_counted(
    shared: Shared, clock: Seconds
) -> None:
    taken = []
    for seconds in (0, 25, 10, 26, 3, 1, 24, 1):
        clock.passed += seconds
        taken.append(await shared.take("api shop", "2/minute"))
    # At 0 and 25, not at 35; at 61, not at 64 and 65; at 89 and not at 90.
    assert [seconds is None for seconds in taken] == [True, True, False, True] + [False] * 2 + [
        True,
        False,
    ]
    waits = [seconds for seconds in taken if seconds is not None]
    assert waits == pytest.approx([25, 21, 20, 31], abs=0.02)


async def test_in_memory_and_in_redis_the_same_is_let_through(clock: Seconds) -> None:
    has_redis()
    here, there = Shared(clock), fleet(clock)
    order = random.Random(7)
    for _ in range(400):
        clock.passed += order.choice((0.0, 0.11, 1.7, 13.3))
        subject = order.choice(("api shop", "api shop.getOrder", "caller bot"))
        rate = order.choice(("1/second", "5/minute", "30/hour"))
        one, other = await here.take(subject, rate), await there.take(subject, rate)
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=0.02)
    assert not there._is_away
    await there.aclose()


async def test_subjects_and_rates_do_not_meet(shared: Shared) -> None:
    assert await shared.take("api shop", "1/minute") is None
    assert await shared.take("caller shop", "1/minute") is None
    assert await shared.take("api shop.getOrder", "1/minute") is None
    assert await shared.take("api shop", "1/hour") is None
    assert await shared.take("api shop", "1/minute") is not None


# A fleet


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    has_redis()
    async with AsyncExitStack() as stack:
        yield stack


def member(stack: AsyncExitStack, key: bytes, clock: Clock | None = None) -> Shared:
    one = fleet(clock or SystemClock(), key)
    stack.push_async_callback(one.aclose)
    return one


async def test_two_products_on_one_redis_do_not_meet(opened: AsyncExitStack) -> None:
    one, same, other = (member(opened, key) for key in (b"a" * 32, b"a" * 32, b"b" * 32))
    subject = f"api {uuid4()}"
    assert await one.take(subject, "1/minute") is None
    assert await same.take(subject, "1/minute") is not None
    assert await other.take(subject, "1/minute") is None
    await one.note(subject, "Retry-After", 30)
    told = await same.noted(subject)
    assert told is not None
    assert told[0] == "Retry-After"
    assert 29 < told[1] <= 30
    assert await other.noted(subject) is None


async def test_a_note_lasts_as_long_as_the_longest_and_is_gone_then(opened: AsyncExitStack) -> None:
    one = member(opened, uuid4().bytes)
    await one.note("api shop", "first", 30)
    await one.note("api shop", "second", 2)
    assert (await one.noted("api shop") or ("", 0.0))[1] > 29
    await one.note("api shop", "third", 90)
    assert (await one.noted("api shop") or ("", 0.0))[1] > 89
    await one.note("other", "short", 0.02)
    await asyncio.sleep(0.05)
    assert await one.noted("other") is None


async def test_no_caller_end_user_or_key_can_be_read_from_redis(opened: AsyncExitStack) -> None:
    redis = pytest.importorskip("redis.asyncio").Redis.from_url(REDIS)
    opened.push_async_callback(redis.aclose)
    before = set(await redis.keys("*"))
    one = member(opened, b"root-key-in-plain-text-" + uuid4().bytes)
    await one.take("caller ana@corp.example", "5/minute")
    await one.note("user ana@corp.example", "Retry-After", 5)
    made = set(await redis.keys("*")) - before
    assert any(b"dragoman:note:" in key for key in made)
    assert any(b"dragoman:LIMITER" in key for key in made)
    assert not [key for key in made if b"ana" in key or b"corp" in key or b"root-key" in key]


PROCESS = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from fleets import fleet
from dragoman.clock import SystemClock

async def main():
    shared = fleet(SystemClock(), bytes.fromhex(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    taken = await asyncio.gather(*(shared.take("api shop", "100/hour") for _ in range(80)))
    assert not shared._is_away
    print(taken.count(None), flush=True)
    await shared.aclose()

asyncio.run(main())
"""


async def test_four_processes_let_no_more_through_than_one() -> None:
    has_redis()
    tests = str(Path(__file__).parent.parent)
    key = uuid4().hex
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROCESS.format(tests=tests),
            key,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    counts = [int(output[0]) for output in outputs]
    assert sum(counts) == 100
    assert all(process.returncode == 0 for process in processes)


# Redis is away


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    has_redis()
    async with Proxy.running() as started:
        yield started


async def test_a_redis_that_is_stopped_fails_no_call_and_is_tried_again(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    shared = fleet(clock, url=proxy.url)
    with caplog.at_level(logging.INFO, logger="dragoman"):
        assert await shared.take("api shop", "3/hour") is None
        await proxy.stop()
        alone = [await shared.take("api shop", "3/hour") for _ in range(5)]
        await shared.note("api shop", "Retry-After", 30)
        assert await shared.noted("api shop") is None
        assert [seconds is None for seconds in alone] == [True] * 3 + [False] * 2
        clock.passed += 6
        assert await shared.take("other", "3/hour") is None
        await proxy.start()
        assert await shared.take("api shop", "3/hour") is not None, "it is not yet tried again"
        clock.passed += 6
        together = [await shared.take("api shop", "3/hour") for _ in range(3)]
    assert [seconds is None for seconds in together] == [True, True, False], "one stood in Redis"
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("redis does not answer (")
    assert said[1] == "redis answers again: the processes count together"
    await shared.aclose()


async def test_a_redis_that_hangs_holds_one_call_a_moment_and_the_others_not_at_all(
    proxy: Proxy,
) -> None:
    clock = Seconds()
    shared = fleet(clock, url=proxy.url)
    assert await shared.take("api shop", "500/hour") is None
    proxy.hangs, shared.patience = True, 0.05
    async with asyncio.timeout(10):
        taken = await asyncio.gather(*(shared.take("api shop", "500/hour") for _ in range(400)))
    assert taken.count(None) == 400
    dialled = proxy.requests
    await asyncio.gather(*(shared.take("api shop", "500/hour") for _ in range(50)))
    assert proxy.requests == dialled
    clock.passed += 6
    await asyncio.gather(*(shared.take("api shop", "500/hour") for _ in range(50)))
    assert proxy.connections <= 18, "sixteen at once, and one that tried again"
    proxy.hangs = False
    await shared.aclose()


async def test_a_redis_that_is_not_there_from_the_start() -> None:
    has_redis()
    shared = fleet(SystemClock(), url="redis://127.0.0.1:1/0")
    assert await shared.take("api shop", "1/hour") is None
    assert await shared.take("api shop", "1/hour") is not None
    await shared.aclose()


@pytest.mark.parametrize(
    "url", ["http://h/0", "nowhere", "redis://user:s3cret/x@h:port/0", "redis://h:99999999/0"]
)
def test_an_address_that_is_none_is_named_by_its_line_and_not_shown(url: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(ConfigurationError) as refused:
        _Fleet.at(url, b"k", "dragoman.yaml:2")
    assert str(refused.value).startswith("dragoman.yaml:2: redis is no address of a Redis.")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("order", [1, -1])
async def test_what_one_rate_refuses_uses_up_none_of_another(shared: Shared, order: int) -> None:
    rates = (("shop", "10/minute"), ("shop.search", "1/minute"))[::order]
    for _ in range(5):
        with suppress(LimitError):
            await Rates(shared).take(rates, "", kind="api")
    left = [await shared.take("api shop", "10/minute") for _ in range(10)]
    assert left.count(None) == 9
