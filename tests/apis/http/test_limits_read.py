"""What an answer says of its API's limits, by the standards and in the words of vendors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dragoman.apis.http.rate_headers import CONVENTIONS
from dragoman.apis.http.waiting import asked
from dragoman.operation import Received

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())


def answer(headers: dict[str, str], status: int = 200, body: bytes = b"{}") -> Received:
    given = (*headers.items(), ("Date", DATE))
    return Received(status, "application/json", given, body, 0.1)


VENDORS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    (
        "GitHub, since 1970, of a resource",
        {
            "X-RateLimit-Limit": "30",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{NOON + 42}",
            "X-RateLimit-Resource": "search",
        },
        {"limit": 30, "remaining": 0, "reset": 42, "bucket": "search"},
    ),
    (
        "Atlassian, by ISO 8601",
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-24T12:01Z"},
        {"remaining": 0, "reset": 60},
    ),
    (
        "milliseconds since 1970",
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{(NOON + 5) * 1000}"},
        {"remaining": 0, "reset": 5},
    ),
    (
        "Discord, from now, of a bucket, though it says it since 1970 too",
        {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1470173023.123",
            "X-RateLimit-Reset-After": "1.25",
            "X-RateLimit-Bucket": "abcd1234",
        },
        {"limit": 5, "remaining": 0, "reset": 1.25, "bucket": "abcd1234"},
    ),
    (
        "HubSpot, in milliseconds",
        {
            "X-HubSpot-RateLimit-Max": "100",
            "X-HubSpot-RateLimit-Remaining": "0",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        },
        {"limit": 100, "remaining": 0, "reset": 10},
    ),
    (
        "OpenAI, as a duration; of requests and tokens the scarcer",
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        {"limit": 150_000, "remaining": 0, "reset": 360},
    ),
    (
        "OpenAI, below a second",
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12ms"},
        {"remaining": 0, "reset": 0.012},
    ),
    (
        "X, since 1970",
        {
            "x-rate-limit-limit": "900",
            "x-rate-limit-remaining": "847",
            "x-rate-limit-reset": f"{NOON + 900}",
        },
        {"limit": 900, "remaining": 847, "reset": 900},
    ),
    (
        "Zendesk, from now",
        {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0", "RateLimit-Reset": "41"},
        {"limit": 700, "remaining": 0, "reset": 41},
    ),
    (
        "Brevo",
        {
            "x-sib-ratelimit-limit": "400",
            "x-sib-ratelimit-remaining": "1",
            "x-sib-ratelimit-reset": "3",
        },
        {"limit": 400, "remaining": 1, "reset": 3},
    ),
    (
        "Shopify, used of all",
        {"X-Shopify-Shop-Api-Call-Limit": "32/40"},
        {"limit": 40, "remaining": 8, "reset": None},
    ),
    (
        "Salesforce, used of all, among others",
        {"Sforce-Limit-Info": "api-usage=5001/5000; per-app-api-usage=17/250(appName=x)"},
        {"limit": 5000, "remaining": 0, "reset": None},
    ),
    (
        "GitLab, since 1970 by the names of the draft",
        {
            "RateLimit-Limit": "60",
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": f"{NOON + 20}",
        },
        {"limit": 60, "remaining": 0, "reset": 20},
    ),
    (
        "draft 06",
        {"RateLimit-Limit": "100", "RateLimit-Remaining": "50", "RateLimit-Reset": "30"},
        {"limit": 100, "remaining": 50, "reset": 30},
    ),
    (
        "draft 07",
        {"RateLimit": "limit=100, remaining=0, reset=5"},
        {"limit": 100, "remaining": 0, "reset": 5},
    ),
    (
        "draft 11",
        {"RateLimit": '"default";r=50;t=30', "RateLimit-Policy": '"default";q=100;w=60'},
        {"limit": 100, "remaining": 50, "reset": 30},
    ),
    (
        "draft 11, several policies, the window for want of a time",
        {
            "RateLimit": '"hour;r=9";r=700;t=60, burst;r=0',
            "RateLimit-Policy": '"hour;r=9";q=1000;w=3600, burst;q=10;w=2;qu="requests"',
        },
        {"limit": 10, "remaining": 0, "reset": 2},
    ),
]


@pytest.mark.parametrize(
    ("headers", "said"), [case[1:] for case in VENDORS], ids=[case[0] for case in VENDORS]
)
def test_how_much_is_left_until_when(headers: dict[str, str], said: dict[str, Any]) -> None:
    found = asked(answer(headers))
    assert {name: getattr(found, name) for name in said} == said
    assert not found.refused


def test_every_row_of_the_table_has_its_source_and_a_case() -> None:
    cases = [{name.lower() for name in headers} for _, headers, _ in VENDORS]
    for row in CONVENTIONS:
        assert row.source.startswith("https://")
        if row.vendors != "HubSpot, of a day":
            assert any((row.used or row.remaining) in case for case in cases), row.vendors


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "0"},
        {"X-RateLimit-Remaining": "many"},
        {"X-RateLimit-Remaining": "9" * 400},
        {"X-RateLimit-Remaining": "٣"},
        {"RateLimit": '"default;r=0;t=3'},
        {"RateLimit": '"default";r=-1;t=3'},
        {"RateLimit": ";;;,,,=r=0"},
        {"X-Shopify-Shop-Api-Call-Limit": "32 of 40"},
        {"Sforce-Limit-Info": "none"},
    ],
)
def test_nonsense_is_not_there(headers: dict[str, str]) -> None:
    assert asked(answer(headers)).remaining is None


@pytest.mark.parametrize(
    "reset", ["", "never", "-5", "9" * 400, "999999999999999", "2026-99-99T00:00Z", "1h1h"]
)
def test_a_time_that_is_none_is_not_there(reset: str) -> None:
    found = asked(answer({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, 429))
    assert (found.remaining, found.reset, found.pause) == (0, None, None)


def test_nothing_lasts_longer_than_a_day() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOON + 30 * 86_400}"}
    assert asked(answer(headers)).reset == 86_400


@pytest.mark.parametrize(
    ("status", "headers", "refused", "pause"),
    [
        (429, {"Retry-After": "7"}, True, 7),
        (429, {"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT"}, True, 30),
        (429, {"Retry-After": "3", "retry-after-ms": "2500"}, True, 2.5),
        (429, {"X-RateLimit-Remaining": "14", "X-RateLimit-Reset": f"{NOON + 9}"}, True, 9),
        (429, {}, True, None),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOON + 9}"}, True, 9),
        (403, {"Retry-After": "60"}, True, 60),
        (403, {"X-RateLimit-Remaining": "14", "X-RateLimit-Reset": f"{NOON + 9}"}, False, None),
        (503, {"Retry-After": "3600"}, False, 3600),
        (202, {"Retry-After": "5"}, False, None),
        (404, {"Retry-After": "5"}, False, None),
    ],
)
def test_which_answer_is_a_refusal_and_which_asks_to_wait(
    status: int, headers: dict[str, str], refused: bool, pause: float | None
) -> None:
    found = asked(answer(headers, status))
    assert (found.refused, found.pause) == (refused, pause)


SHOPIFY = b"""{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
  "extensions": {"cost": {"requestedQueryCost": 752, "actualQueryCost": null,
  "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 652,
  "restoreRate": 50.0}}}}"""


@pytest.mark.parametrize(
    ("body", "pause"),
    [
        (b'{"ok":false,"error":"ratelimited"}', 4),
        (SHOPIFY, 2),
        (b'{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit"}]}', 4),
    ],
)
def test_429_inside_a_200(body: bytes, pause: float) -> None:
    headers = {} if body is SHOPIFY else {"Retry-After": "4"}
    found = asked(answer(headers, 200, body))
    assert (found.refused, found.pause) == (True, pause)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true,"note":"ratelimited"}',
        b'{"ok":false,"error":"channel_not_found","more":"ratelimited"}',
        b'{"data":{"a":1},"errors":[{"extensions":{"code":"THROTTLED"}}]}',
        b'{"errors":"THROTTLED"}',
        b'["ratelimited"]',
        b"THROTTLED",
        b'{"ok":false,"error":"ratelimited","x":"' + b"x" * 70_000 + b'"}',
        b'{"ratelimited":' + b"[" * 5_000,
    ],
)
def test_an_answer_that_only_speaks_of_it_is_none(body: bytes) -> None:
    found = asked(answer({"Retry-After": "4"}, 200, body))
    assert (found.refused, found.pause) == (False, None)
