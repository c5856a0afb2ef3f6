"""What is sent again, by method, effect, key and end; with which pauses; and how often in all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dragoman.access.policy import Rules
from dragoman.call.retry import Budgets, End, may_have_happened, pause_before, worth_another
from dragoman.errors import (
    AddressRefusedError,
    CertificateError,
    CredentialError,
    CutAnswerError,
    FailingError,
    NetworkError,
    ResponseError,
)
from dragoman.operation import Effect, Prepared, Received
from slept_clock import SleptClock

KEYS = Rules(idempotency_header="Idempotency-Key", idempotency_seconds=60)

GET = Prepared("shop.get", "shop", "http", Effect.READ, "GET", "http://shop/")
SEARCH = replace(GET, method="POST")
GET_THAT_WRITES = replace(GET, effect=Effect.WRITE)
POST = replace(SEARCH, effect=Effect.WRITE)
PATCH = replace(POST, method="PATCH")
PUT = replace(POST, method="PUT")
DELETE = replace(POST, method="DELETE", effect=Effect.DESTRUCTIVE)


def answer(status: int, body: bytes = b"{}", *headers: tuple[str, str]) -> Received:
    return Received(status, "application/json", headers, body, 0.1)


REFUSED = NetworkError("shop refused the connection.", sent=False)
SILENT = NetworkError("shop gave no answer within 5 s.", sent=True)
CUT = CutAnswerError("shop cut its answer off.")
THROTTLED = answer(200, b'{"ok": false, "error": "ratelimited"}')

IDEMPOTENT = {"GET": GET, "a search by POST": SEARCH, "PUT": PUT, "DELETE": DELETE}
OTHERS = {"POST": POST, "PATCH": PATCH, "a GET that writes": GET_THAT_WRITES}


def again(
    end: End, prepared: Prepared, rules: Rules = KEYS, key: str = "", seconds: float = 1
) -> bool:
    return worth_another(end, prepared, rules, key=key, seconds=seconds)


@pytest.mark.parametrize("name", IDEMPOTENT)
@pytest.mark.parametrize(
    "end", [REFUSED, SILENT, CUT, THROTTLED, *map(answer, (408, 425, 429, 500, 502, 503, 504))]
)
def test_what_may_be_repeated_is_after_what_may_pass(name: str, end: End) -> None:
    assert again(end, IDEMPOTENT[name])


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("end", [REFUSED, THROTTLED, answer(429), answer(425)])
def test_what_may_not_is_only_where_surely_nothing_was_done(name: str, end: End) -> None:
    assert again(end, OTHERS[name])


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    "end",
    [
        SILENT,
        CUT,
        answer(503, b"", ("retry-after", "1")),
        *map(answer, (408, 500, 502, 503, 504)),
    ],
)
def test_a_write_that_may_have_arrived_is_not_sent_again_without_a_key(name: str, end: End) -> None:
    assert not again(end, OTHERS[name])


@pytest.mark.parametrize("end", [SILENT, CUT, *map(answer, (408, 502, 503, 504))])
def test_with_a_key_it_is_while_the_api_remembers_it(end: End) -> None:
    assert again(end, POST, key="k", seconds=59)
    assert not again(end, POST, key="k", seconds=60)
    assert not again(end, POST, Rules(), key="k")


def test_a_key_is_of_no_use_after_a_500_which_it_would_give_again() -> None:
    assert not again(answer(500), POST, key="k")


@pytest.mark.parametrize(
    "end",
    [
        *map(answer, (200, 204, 301, 304, 400, 401, 403, 404, 409, 422, 501, 505)),
        CertificateError("shop showed a certificate that is not accepted."),
        AddressRefusedError("refused"),
        ResponseError("shop sent more than 16 MiB."),
        CredentialError("SHOP_TOKEN is not set."),
    ],
)
def test_what_will_not_pass_is_not_tried_again(end: End) -> None:
    assert not again(end, GET)


@pytest.mark.parametrize(
    ("end", "may"),
    [
        (SILENT, True),
        (CUT, True),
        (answer(500), True),
        (answer(302), True),
        (REFUSED, False),
        (FailingError("shop is failing.", retry_after=1), False),
        (answer(429), False),
        (THROTTLED, False),
        (answer(404), False),
    ],
)
def test_which_ends_leave_open_that_it_happened(end: End, may: bool) -> None:
    assert may_have_happened(end) is may


def test_the_pause_is_drawn_from_all_of_zero_to_a_bound_that_doubles() -> None:
    drawn: list[tuple[float, float]] = []

    def highest(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    assert [pause_before(n, highest) for n in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]
    assert {low for low, _ in drawn} == {0.0}


def test_a_tenth_of_the_calls_is_sent_again_and_one_a_second() -> None:
    clock = SleptClock()
    budgets = Budgets(clock)
    assert [budgets.take("shop") for _ in range(11)] == [True] * 10 + [False]
    assert budgets.take("other")
    for _ in range(20):
        budgets.called("shop")
    assert [budgets.take("shop") for _ in range(3)] == [True, True, False]
    clock.move(1)
    assert [budgets.take("shop") for _ in range(2)] == [True, False]
    clock.move(3600)
    assert sum(budgets.take("shop") for _ in range(100)) == 10
