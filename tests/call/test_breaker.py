"""The circuit breaker: when it opens, whom it lets through, and when it closes."""

from __future__ import annotations

import pytest

from dragoman.call.breaker import Breakers, State
from dragoman.errors import FailingError
from slept_clock import SleptClock

SHOP = ("shop", "https://shop.example")


class Watched:
    """Breakers on a clock of their own, and what they said."""

    def __init__(self) -> None:
        self.clock = SleptClock()
        self.opened: list[tuple[str, str]] = []
        self.breakers = Breakers(self.clock, lambda api, origin: self.opened.append((api, origin)))

    def call(self, failed: bool | None, times: int = 1) -> None:
        for _ in range(times):
            with self.breakers.passing(*SHOP) as passage:
                passage.failed = failed

    def refused(self) -> FailingError:
        with pytest.raises(FailingError) as caught, self.breakers.passing(*SHOP):
            pytest.fail("it was let through")
        return caught.value

    @property
    def state(self) -> State:
        return self.breakers.states()[SHOP]


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def opened(watched: Watched) -> Watched:
    watched.call(failed=True, times=10)
    return watched


def test_it_opens_when_half_of_ten_calls_have_failed(watched: Watched) -> None:
    watched.call(failed=False, times=3)
    watched.call(failed=True, times=6)
    assert watched.state is State.CLOSED
    watched.call(failed=True)
    assert (watched.state, watched.opened) == (State.OPEN, [SHOP])
    error = watched.refused()
    assert str(error) == "shop is failing (7 of the last 10 calls); it is tried again in 10 s."
    problem = error.problem
    assert (problem.code, problem.status, problem.retry_after) == ("failing", 503, 10)
    assert problem.retryable
    assert error.sent is False


def test_few_failures_and_few_calls_do_not_open_it(watched: Watched) -> None:
    watched.call(failed=True, times=9)
    assert watched.state is State.CLOSED
    watched.clock.move(31)
    watched.call(failed=False, times=11)
    watched.call(failed=True, times=10)
    assert watched.state is State.CLOSED


def test_what_was_longer_ago_than_half_a_minute_does_not_count(watched: Watched) -> None:
    watched.call(failed=True, times=9)
    watched.clock.move(31)
    watched.call(failed=True, times=9)
    assert watched.state is State.CLOSED


def test_only_the_last_fifty_calls_count(watched: Watched) -> None:
    watched.call(failed=False, times=1000)
    watched.call(failed=True, times=25)
    assert watched.state is State.OPEN


def test_what_says_nothing_is_not_counted(watched: Watched) -> None:
    watched.call(failed=None, times=100)
    watched.call(failed=True, times=9)
    assert watched.state is State.CLOSED


def test_after_the_pause_a_single_call_probes_and_its_success_closes_it(opened: Watched) -> None:
    opened.clock.move(9.9)
    assert opened.refused().problem.retry_after == pytest.approx(0.1)
    opened.clock.move(0.1)
    assert opened.state is State.PROBING
    with opened.breakers.passing(*SHOP) as probe:
        assert "is being tried" in str(opened.refused())
        probe.failed = False
    assert opened.state is State.CLOSED
    opened.call(failed=True, times=9)
    assert opened.state is State.CLOSED


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_minute(opened: Watched) -> None:
    pause = 10.0
    for expected in (20, 40, 60, 60):
        opened.clock.move(pause)
        opened.call(failed=True)
        pause = opened.refused().problem.retry_after or 0
        assert pause == expected
    assert opened.opened == [SHOP] * 5
    opened.clock.move(60)
    opened.call(failed=False)
    opened.call(failed=True, times=10)
    assert opened.refused().problem.retry_after == 10


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_probe_that_is_broken_off_gives_its_place_back(
    opened: Watched, error: type[BaseException]
) -> None:
    opened.clock.move(10)
    with pytest.raises(error), opened.breakers.passing(*SHOP):
        raise error
    assert opened.state is State.PROBING
    opened.call(failed=False)
    assert opened.state is State.CLOSED


def test_a_call_from_before_does_not_answer_for_the_probe(watched: Watched) -> None:
    with watched.breakers.passing(*SHOP) as late:
        watched.call(failed=True, times=10)
        watched.clock.move(10)
        with watched.breakers.passing(*SHOP):
            late.failed = False
    assert watched.state is State.PROBING


def test_each_origin_of_each_api_has_its_own(opened: Watched) -> None:
    for other in (("shop", "https://other.example"), ("carrier", "https://shop.example")):
        with opened.breakers.passing(*other) as passage:
            passage.failed = True
        assert opened.breakers.states()[other] is State.CLOSED


def test_a_thousand_origins_are_watched_and_the_oldest_is_forgotten(opened: Watched) -> None:
    for n in range(1000):
        with opened.breakers.passing("shop", f"https://{n}.example"):
            pass
    assert len(opened.breakers.states()) == 1000
    assert SHOP not in opened.breakers.states()
