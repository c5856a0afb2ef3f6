"""Places of an API: so many at once, the rest in a line that is bounded, in the order of coming."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from limited import Sleeper, limit, prepared, received, rules, within

from dragoman.call.limit import Limit
from dragoman.clock import SystemClock
from dragoman.errors import ApiLimitError, BusyError, LimitError


@pytest.fixture
def stage() -> Limit:
    return limit(SystemClock())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - other tasks of ours
            await asyncio.sleep(0)


class Out:
    """Calls of an API that hold their place until they are let go."""

    def __init__(self, stage: Limit, **limits: int) -> None:
        self.stage, self.rules = stage, rules(**limits)
        self.go = asyncio.Event()
        self.order: list[int] = []

    def start(self, number: int, seconds: float = 60) -> asyncio.Task[None]:
        return asyncio.create_task(self._call(number, seconds))

    async def _call(self, number: int, seconds: float) -> None:
        async with self.stage(prepared(), self.rules, within(seconds, SystemClock())):
            self.order.append(number)
            await self.go.wait()

    def waiting(self) -> int:
        use = self.stage.known().get("shop")
        return use.waiting if use else 0


async def test_calls_are_served_in_the_order_of_coming(stage: Limit) -> None:
    out = Out(stage, concurrency=2, queue=100)
    tasks = [out.start(number) for number in range(50)]
    await until(lambda: out.waiting() == 48)
    assert out.order == [0, 1]
    out.go.set()
    await asyncio.gather(*tasks)
    assert out.order == list(range(50))
    assert (stage.known()["shop"].running, out.waiting()) == (0, 0)


async def test_a_full_line_refuses_at_once_with_503_and_says_when_to_come_back(
    stage: Limit,
) -> None:
    out = Out(stage, concurrency=2, queue=3)
    tasks = [out.start(number) for number in range(5)]
    await until(lambda: out.waiting() == 3)
    with pytest.raises(BusyError) as refused:
        await out.start(5)
    problem = refused.value.problem
    assert problem.detail == (
        "shop has 2 calls out, and 3 wait for a place, which is all that may."
    )
    assert (problem.code, problem.status, problem.retryable) == ("limit", 503, True)
    assert (problem.retry_after, problem.rule) == (1.0, "dragoman.yaml:7")
    out.go.set()
    await asyncio.gather(*tasks)


async def test_without_a_line_nobody_waits(stage: Limit) -> None:
    out = Out(stage, concurrency=1, queue=0)
    task = out.start(0)
    await until(lambda: out.order == [0])
    with pytest.raises(BusyError, match="shop has 1 call out"):
        await out.start(1)
    out.go.set()
    await task


async def test_nobody_stands_in_line_longer_than_the_deadline(stage: Limit) -> None:
    out = Out(stage, concurrency=1, queue=5)
    first = out.start(0)
    await until(lambda: out.order == [0])
    with pytest.raises(BusyError, match="none of them ended in the time of this one"):
        await out.start(1, seconds=0.02)
    assert out.waiting() == 0
    out.go.set()
    await first
    assert stage.known()["shop"].running == 0


async def test_a_cancelled_call_leaves_the_line_and_its_place(stage: Limit) -> None:
    out = Out(stage, concurrency=1, queue=5)
    tasks = [out.start(number) for number in range(3)]
    await until(lambda: out.waiting() == 2)
    tasks[1].cancel()
    tasks[0].cancel()
    await until(lambda: out.order == [0, 2])
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    use = stage.known()["shop"]
    assert (use.running, use.waiting) == (0, 0)


async def test_one_api_that_hangs_with_2000_waiting_calls_starves_no_other(stage: Limit) -> None:
    clock = SystemClock()
    out = Out(stage, concurrency=64, queue=2_000)
    tasks = [out.start(number) for number in range(2_064)]
    await until(lambda: out.waiting() == 2_000)
    for _ in range(500):
        async with stage(prepared("carrier.track"), rules(queue=0), within(5, clock)) as waited:
            assert stage.known()["carrier"].running == 1
        assert waited < 5
    assert out.order == list(range(64))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert stage.known()["shop"].running == 0


async def test_of_ten_thousand_callers_at_once_those_are_served_that_have_a_place_in_the_line(
    stage: Limit,
) -> None:
    out = Out(stage, concurrency=64, queue=1_000)
    tasks = [out.start(number) for number in range(10_000)]
    await until(lambda: sum(task.done() for task in tasks) == 10_000 - 1_064)
    assert out.waiting() == 1_000
    out.go.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(end, BusyError) for end in ends) == 10_000 - 1_064
    assert out.order == list(range(1_064))


async def test_calls_that_are_refused_leave_no_memory_behind(stage: Limit) -> None:
    out = Out(stage, concurrency=4, queue=100)
    tasks = [out.start(number) for number in range(104)]
    await until(lambda: out.waiting() == 100)

    async def refuse(count: int) -> None:
        for _ in range(count):
            with pytest.raises(BusyError):
                await out.start(-1)

    await refuse(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await refuse(10_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000
    out.go.set()
    await asyncio.gather(*tasks)


class Stopped(Sleeper):
    """A clock on which who sleeps does so until the test lets them go on."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeping, self.go_on = asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleeping.set()
        await self.go_on.wait()
        await super().sleep(seconds)


async def test_a_call_that_sleeps_until_it_is_tried_again_keeps_nobody_out() -> None:
    clock = Stopped()
    stage, one = limit(clock), rules(concurrency=1)

    async def retrying() -> float:
        async with stage(prepared(), one, within(100, clock)):
            return await stage.again(prepared(), one, within(100, clock), pause=3)

    task = asyncio.create_task(retrying())
    await clock.sleeping.wait()
    assert (stage.known()["shop"].running, stage.known()["shop"].waiting) == (0, 1)
    async with stage(prepared("shop.listOrders"), one, within(100, clock)):
        assert stage.known()["shop"].running == 1
    clock.go_on.set()
    assert await task == 3
    assert (stage.known()["shop"].running, stage.known()["shop"].waiting) == (0, 0)


async def test_calls_that_wait_for_the_api_stand_in_the_same_line() -> None:
    clock = Stopped()
    stage, short = limit(clock), rules(concurrency=5, queue=2)
    async with stage(prepared(), short, within(60, clock)):
        await stage.learn(prepared(), received(429, retry_after="30"))

    async def call() -> None:
        async with stage(prepared(), short, within(60, clock)):
            pass

    tasks = [asyncio.create_task(call()) for _ in range(2)]
    await until(lambda: stage.known()["shop"].waiting == 2)
    with pytest.raises(BusyError):
        await call()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert stage.known()["shop"].waiting == 0


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError, LimitError])
async def test_a_place_is_given_back_however_the_call_ends(stage: Limit, error: type) -> None:
    given = ("x",) if error is LimitError else ()
    with pytest.raises(error):
        async with stage(prepared(), rules(concurrency=1, queue=0), within(5, SystemClock())):
            raise error(*given)
    assert stage.known()["shop"].running == 0


async def test_a_refused_retry_gives_back_no_place_that_it_has_not() -> None:
    clock = Sleeper()
    stage = limit(clock)
    async with stage(prepared(), rules(concurrency=1), within(10, clock)):
        await stage.learn(prepared(), received(429, retry_after="60"))
        with pytest.raises(ApiLimitError):
            await stage.again(prepared(), rules(concurrency=1), within(10, clock))
    use = stage.known()["shop"]
    assert (use.running, stage.places.lines["shop"]._free._value) == (0, 1)


async def test_a_call_within_a_call_takes_nothing_of_the_place_of_the_outer_one() -> None:
    clock = Sleeper()
    stage = limit(clock)
    async with stage(prepared(), rules(), within(10, clock)):
        async with stage(prepared("carrier.track"), rules(), within(10, clock)):
            pass
        await stage.again(prepared(), rules(), within(10, clock), pause=1)
        assert (stage.known()["shop"].running, stage.known()["carrier"].running) == (1, 0)
    assert stage.known()["shop"].running == 0
