"""An answer is used again as long as its API allows it, and asked about after (RFC 9111)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman
from moved_clock import NOON, MovedClock
from small_shop import TOKEN, Shop

ORDER = {"order_id": "1042"}


def date(seconds: float = 0) -> str:
    """Return noon, and so many seconds later, as HTTP writes a date."""
    return format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)


class Origin:
    """The shop as an API that speaks of caching; every answer tells how many requests there were.

    `says` are the headers of its answers, with the time of the moved clock as `Date`; `renews`
    those of a 304, where they are others.
    """

    def __init__(self, shop: Shop, clock: MovedClock) -> None:
        self.says: dict[str, str] = {}
        self.asked: list[web.Request] = []
        self.clock = clock
        self.renews: dict[str, str] | None = None
        shop.answer = self.answer

    def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        etag, modified = self.says.get("ETag"), self.says.get("Last-Modified")
        known = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
        holds = known[0] == etag if known[0] else bool(known[1]) and known[1] == modified
        said = {"Date": format_datetime(self.clock.now(), usegmt=True), **self.says}
        if not holds:
            return web.json_response({"n": len(self.asked)}, headers=said)
        return web.Response(status=304, headers=said if self.renews is None else self.renews)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def origin(shop: Shop, clock: MovedClock) -> Origin:
    return Origin(shop, clock)


async def read(d: Dragoman, **who: Any) -> tuple[int, str]:
    """Return what an order was answered with, and how that was kept."""
    outcome = await d.call("shop.getOrder", ORDER, **who)
    assert outcome.ok, outcome.problem
    return outcome.data["n"], outcome.record["cached"] or ""  # type: ignore[index, call-overload, return-value]


FRESH, ASKED, ANEW = (1, "fresh"), (1, "revalidated"), (2, "")
TAG = {"ETag": '"v1"'}
STALE = {"Cache-Control": "max-age=60", "Expires": date(-5)}

Case = tuple[dict[str, str], int, tuple[int, str]]

RULES: list[tuple[str, dict[str, str], int, tuple[int, str]]] = [
    # What it says, how many seconds later it is read again, and what comes of it.
    ("nothing", {}, 0, ANEW),
    ("max-age (5.2.2.1)", {"Cache-Control": "max-age=60"}, 59, FRESH),
    ("max-age is over (4.2)", {"Cache-Control": "max-age=60"}, 60, ANEW),
    ("a quoted max-age", {"Cache-Control": 'max-age="60"'}, 59, FRESH),
    ("of two the first (4.2.1)", {"Cache-Control": "max-age=60, max-age=600"}, 61, ANEW),
    ("no number is stale (4.2.1)", {"Cache-Control": "max-age=soon"}, 0, ANEW),
    ("nor is one below zero", {"Cache-Control": "max-age=-1"}, 0, ANEW),
    ("names in any case", {"cache-control": "MAX-AGE=60"}, 59, FRESH),
    ("Age of a cache before us (4.2.3)", {"Cache-Control": "max-age=60", "Age": "30"}, 29, FRESH),
    ("Age counts", {"Cache-Control": "max-age=60", "Age": "30"}, 30, ANEW),
    ("Age that is no number", {"Cache-Control": "max-age=60", "Age": "x"}, 59, FRESH),
    ("Date a while ago counts too", {"Cache-Control": "max-age=60", "Date": date(-30)}, 30, ANEW),
    ("Date of the future", {"Cache-Control": "max-age=60", "Date": date(3_600)}, 59, FRESH),
    ("Expires (5.3)", {"Expires": date(60)}, 59, FRESH),
    ("Expires is reached", {"Expires": date(60)}, 60, ANEW),
    ("Expires is relative to Date", {"Expires": date(90), "Date": date(30)}, 59, FRESH),
    ("Expires: 0 is the past", {"Expires": "0"}, 0, ANEW),
    ("max-age before Expires", STALE, 59, FRESH),
    ("no-store (5.2.2.5)", {"Cache-Control": "max-age=60, no-store", **TAG}, 0, ANEW),
    ("no-store beside a list", {"Cache-Control": "private=x,no-store,max-age=60"}, 0, ANEW),
    (
        "a word in quotes is no directive",
        {"Cache-Control": 'max-age=60, x="no-store, y"'},
        9,
        FRESH,
    ),
    (
        "no-cache asks each time (5.2.2.4)",
        {"Cache-Control": "no-cache, max-age=9", **TAG},
        0,
        ASKED,
    ),
    ("no-cache that cannot be asked", {"Cache-Control": "no-cache, max-age=60"}, 0, ANEW),
    ("private is for us (5.2.2.7)", {"Cache-Control": "private, max-age=60"}, 59, FRESH),
    ("s-maxage is not (5.2.2.10)", {"Cache-Control": "s-maxage=60"}, 0, ANEW),
    ("must-revalidate", {"Cache-Control": "max-age=60, must-revalidate", **TAG}, 59, FRESH),
    ("and then", {"Cache-Control": "max-age=60, must-revalidate", **TAG}, 60, ASKED),
    ("immutable does not outlive max-age", {"Cache-Control": "max-age=9, immutable"}, 9, ANEW),
    (
        "a stale one is not served",
        {"Cache-Control": "max-age=9, stale-while-revalidate=99"},
        9,
        ANEW,
    ),
    ("ETag alone asks each time", TAG, 0, ASKED),
    ("a weak ETag (RFC 9110, 8.8.1)", {"ETag": 'W/"v1"'}, 0, ASKED),
    ("Last-Modified alone: no guess (4.2.2)", {"Last-Modified": date(-9_999_999)}, 0, ASKED),
    ("Vary: * (4.1)", {"Cache-Control": "max-age=60", "Vary": "*", **TAG}, 0, ANEW),
    ("Vary: * among others", {"Cache-Control": "max-age=60", "Vary": "Accept, *"}, 0, ANEW),
    ("Vary on what we show", {"Cache-Control": "max-age=60", "Vary": "Authorization"}, 59, FRESH),
]


@pytest.mark.parametrize("case", [case[1:] for case in RULES], ids=[case[0] for case in RULES])
async def test_what_the_api_says_counts(
    dragoman: Any,
    origin: Origin,
    clock: MovedClock,
    case: Case,
) -> None:
    origin.says, later, expected = case
    d = await dragoman(clock=clock)
    assert await read(d) == (1, "")
    clock.later = timedelta(seconds=later)
    assert await read(d) == expected


async def test_the_exact_bytes_of_the_question_whether_it_still_holds(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    origin.says = {"ETag": 'W/"a,b"', "Last-Modified": date(-60)}
    d = await dragoman(clock=clock)
    assert [await read(d), await read(d)] == [(1, ""), (1, "revalidated")]
    first, second = (
        b"\r\n".join(b"%s: %s" % pair for pair in request.raw_headers) for request in origin.asked
    )
    added = f'If-None-Match: W/"a,b"\r\nIf-Modified-Since: {date(-60)}\r\n'.encode()
    shown = f"Authorization: Bearer {TOKEN}".encode()
    assert added not in first
    assert second == first.replace(shown, added + shown)
    assert origin.asked[1].method == "GET"
    assert origin.asked[1].raw_path == "/orders/1042"


async def test_a_304_renews_the_headers_and_with_them_the_freshness(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    d = await dragoman(clock=clock)
    origin.says = {"Cache-Control": "max-age=10", "Age": "5", "X-Of": "the first", **TAG}
    assert await read(d) == (1, "")
    clock.later = timedelta(seconds=5)
    origin.says = {"Cache-Control": "max-age=100", "X-Of": "the second", **TAG}
    assert await read(d) == (1, "revalidated")
    clock.later = timedelta(seconds=104)
    assert await read(d) == (1, "fresh")
    (entry,) = d.parts.path.reuse.fresh._entries.values()
    headers = dict(entry.received.headers)
    assert (headers["x-of"], headers["cache-control"]) == ("the second", "max-age=100")
    assert headers["content-type"].startswith("application/json")
    assert "age" not in headers
    clock.later = timedelta(seconds=105)
    assert await read(d) == (1, "revalidated")


async def test_what_was_revalidated_is_the_answer_of_now_and_is_recorded_so(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    origin.says = {"Cache-Control": "max-age=60", **TAG}
    d = await dragoman(clock=clock)
    first = await d.call("shop.getOrder", ORDER)
    clock.later = timedelta(seconds=60)
    asked = await d.call("shop.getOrder", ORDER)
    clock.later = timedelta(seconds=70)
    kept = await d.call("shop.getOrder", ORDER)
    assert (asked.repeated_from, asked.note) == (None, "")
    assert kept.repeated_from == NOON + timedelta(seconds=60)
    assert [one.record["http_status"] for one in (first, asked, kept)] == [200, 200, 200]
    assert [one.record["credential"] for one in (asked, kept)] == ["bearer ${SHOP_TOKEN}", ""]


async def test_a_changed_answer_takes_the_place_of_the_old_one(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    d = await dragoman(clock=clock)
    origin.says = TAG
    assert await read(d) == (1, "")
    origin.says = {"ETag": '"v2"'}
    assert [await read(d), await read(d)] == [(2, ""), (2, "revalidated")]


async def test_a_304_of_another_answer_is_asked_again_without_a_condition(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    d = await dragoman(clock=clock)
    origin.says, origin.renews = TAG, {"ETag": '"v9"'}
    assert await read(d) == (1, "")
    assert await read(d) == (3, "")
    assert ["If-None-Match" in one.headers for one in origin.asked] == [False, True, False]


async def test_a_304_that_nobody_asked_for_is_a_fault_of_the_api(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    shop.answer = lambda request: web.Response(status=304, headers=TAG)
    d = await dragoman(clock=clock)
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "response"
    assert "304" in outcome.problem.detail


async def test_a_304_may_say_that_it_is_compressed_and_have_nothing(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    origin.says = TAG
    origin.renews = {"Content-Encoding": "gzip"}
    d = await dragoman(clock=clock)
    assert [await read(d), await read(d)] == [(1, ""), (1, "revalidated")]


async def test_an_error_to_the_question_is_an_error_and_the_old_answer_stays(
    dragoman: Any, shop: Shop, origin: Origin, clock: MovedClock
) -> None:
    origin.says = TAG
    d = await dragoman(clock=clock, limits={"retries": 0})
    assert await read(d) == (1, "")
    shop.answer = lambda request: web.json_response({}, status=404, headers=TAG)
    assert not (await d.call("shop.getOrder", ORDER)).ok
    shop.answer = origin.answer
    assert await read(d) == (1, "revalidated")


@pytest.mark.parametrize(
    "case",
    [
        ({}, 29, FRESH),
        ({}, 30, ANEW),
        (TAG, 29, FRESH),
        (TAG, 30, ASKED),
        ({"Cache-Control": "max-age=5"}, 6, ANEW),
        ({"Cache-Control": "max-age=60"}, 59, FRESH),
        ({"Cache-Control": "no-store"}, 0, ANEW),
        ({"Cache-Control": "no-cache"}, 0, ANEW),
        ({"Expires": "-1"}, 0, ANEW),
        ({"Cache-Control": "must-revalidate"}, 29, FRESH),
        ({"Age": "10"}, 20, ANEW),
        ({"Date": date(-3_600)}, 29, FRESH),  # a clock that is wrong takes nothing of the owner's
    ],
    ids=str,
)
async def test_the_owner_speaks_where_the_api_says_nothing(
    dragoman: Any,
    origin: Origin,
    clock: MovedClock,
    case: Case,
) -> None:
    origin.says, later, expected = case
    d = await dragoman(clock=clock, cache="30s")
    assert await read(d) == (1, "")
    clock.later = timedelta(seconds=later)
    assert await read(d) == expected


async def test_never_is_never(dragoman: Any, origin: Origin, clock: MovedClock) -> None:
    origin.says = {"Cache-Control": "max-age=60", **TAG}
    d = await dragoman(clock=clock, cache="never")
    assert [await read(d), await read(d)] == [(1, ""), (2, "")]
    assert "If-None-Match" not in origin.asked[1].headers


async def test_a_search_by_post_is_kept_where_the_owner_says_so_alone(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    origin.says = {"Cache-Control": "max-age=60", **TAG}
    search = {"refundOrder": {"effect": "read"}}
    arguments = {"order_id": "1042", "amount": 5}
    d = await dragoman(clock=clock, operations=search)
    for _ in range(2):
        await d.call("shop.refundOrder", arguments)
    assert len(origin.asked) == 2
    d = await dragoman(clock=clock, operations={"refundOrder": {"effect": "read", "cache": "30s"}})
    for later in (0, 59, 60):  # The API's own word is the better one.
        clock.later = timedelta(seconds=later)
        await d.call("shop.refundOrder", arguments)
    assert len(origin.asked) == 4
    assert not any("If-None-Match" in request.headers for request in origin.asked)


async def test_what_lies_behind_a_redirect_is_not_kept(
    dragoman: Any, origin: Origin, shop: Shop, clock: MovedClock
) -> None:
    origin.says = {"Cache-Control": "max-age=60"}

    def elsewhere(request: web.Request) -> web.Response:
        if request.path.startswith("/orders"):
            return web.Response(status=307, headers={"Location": "/now"})
        return origin.answer(request)

    shop.answer = elsewhere
    d = await dragoman(clock=clock)
    assert [await read(d), await read(d)] == [(1, ""), (2, "")]


@pytest.mark.parametrize("etag", ['"\xff"', '"a\tb"'])
async def test_a_mark_that_no_request_may_hold_asks_nothing(
    dragoman: Any, origin: Origin, clock: MovedClock, etag: str
) -> None:
    origin.says = {"ETag": etag}
    d = await dragoman(clock=clock)
    assert [await read(d), await read(d)] == [(1, ""), (2, "")]


@pytest.mark.parametrize("status", [203, 206, 299, 301, 404, 410, 500])
async def test_only_200_is_kept(dragoman: Any, shop: Shop, clock: MovedClock, status: int) -> None:
    headers = {"Cache-Control": "max-age=60"}
    shop.answer = lambda request: web.json_response({}, status=status, headers=headers)
    d = await dragoman(clock=clock, limits={"retries": 0})
    for _ in range(2):
        await d.call("shop.getOrder", ORDER)
    assert len(shop.requests) == 2


async def test_a_clock_that_is_put_back_makes_nothing_younger(
    dragoman: Any, origin: Origin
) -> None:
    class Stepped(MovedClock):
        passed = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.passed

    origin.says = {"Cache-Control": "max-age=60"}
    clock = origin.clock = Stepped()
    d = await dragoman(clock=clock)
    assert await read(d) == (1, "")
    clock.passed, clock.later = 61.0, timedelta(seconds=1)
    assert await read(d) == (2, "")
    clock.later = timedelta(seconds=-1)
    assert await read(d) == (3, "")


async def test_after_a_day_it_is_asked_for_whatever_the_api_says(
    dragoman: Any, origin: Origin, clock: MovedClock
) -> None:
    origin.says = {"Cache-Control": "max-age=31536000", **TAG}
    d = await dragoman(clock=clock)
    assert await read(d) == (1, "")
    clock.later = timedelta(days=1, seconds=-1)
    assert await read(d) == (1, "fresh")
    clock.later = timedelta(days=1)
    assert await read(d) == (2, "")
