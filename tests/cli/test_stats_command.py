"""`dragoman stats`: what a person sees in ten seconds, and the same as one object."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Run, fault

from dragoman.audit.records import AuditLog, TurnRecord
from dragoman.cli.charts import bar, over_time, sparkline
from dragoman.clock import SystemClock
from dragoman.operation import Attempt
from dragoman.store.store import Store
from made_records import called

ORDER = ("call", "shop.getOrder", "order_id=1042")


async def fill(place: Path) -> None:
    """Put calls of the last day into the store, of which those of the last hour fail."""
    store = Store("sqlite:///dragoman.db", place)
    log = AuditLog(store, SystemClock(), lambda value: value)
    now = datetime.now(UTC)
    for i in range(200):
        await log.call(called(f"OK{i:05}", at=now - timedelta(minutes=60 + 6 * i)))
    limits = {"requests": {"limit": 5_000, "remaining": 4_900, "reset": 0.01}, "tokens": {}}
    usage = {"input_tokens": 900, "cached_tokens": 300, "output_tokens": 60}
    turn = TurnRecord("A1", 1, now, "gpt\n!", 1.25, usage, 0, "stop", 0.4, 0.0011, limits)
    await log.turn(replace(turn, at=now - timedelta(minutes=9)))
    hostile = {"code": "api", "fault": "\x1b[2J", "detail": "x"}
    for i in range(30):
        at = now - timedelta(minutes=1 + i)
        bad = {"status": "failed", "http_status": 503, "problem": hostile}
        await log.call(called(f"BAD{i:05}", at=at, **bad))
    await log.aclose()
    await store.aclose()


@pytest.fixture
def filled(place: Path) -> None:
    asyncio.run(fill(place))


def test_what_went_well_says_that_nothing_stands_out(run: Run) -> None:
    for _ in range(3):
        run(*ORDER)
    run("ask", "Where is order 1042?")
    told = run("stats").out
    lines = told.splitlines()
    assert lines[0].endswith(" UTC")
    words = {line.split()[0]: line for line in lines if line}
    assert {"calls", "failed", "API", "model"} <= set(words)
    assert "█" in words["calls"]
    assert "p50" in words["API"]
    assert "offline · " in words["model"]
    assert "✓ no failure stands out" in lines
    assert int(words["shop.getOrder"].split()[1]) >= 4


def test_pages_are_not_what_was_sent_again(run: Run, place: Path) -> None:
    sent = {"PAGES": ("200", "200", "200"), "AGAIN": ("503", "200"), "NEVER": ("503", "503", "500")}

    async def fill() -> None:
        store = Store("sqlite:///dragoman.db", place)
        log = AuditLog(store, SystemClock(), lambda value: value)
        now = datetime.now(UTC)
        for name, ends in sent.items():
            attempts = tuple(Attempt(now, ended, 0.1, 0.0, None, None) for ended in ends)
            await log.call(called(name, at=now, attempts=attempts))
        await log.aclose()
        await store.aclose()

    asyncio.run(fill())
    assert run("stats", "--json").json["total"]["retries"] == 0 + 1 + 2


@pytest.mark.usefixtures("filled")
def test_a_run_of_failures_is_pointed_at(run: Run) -> None:
    ended = run("stats", "--since", "23h")
    lines = ended.out.splitlines()
    (found,) = (line for line in lines if line.startswith("! "))
    assert found.startswith("! shop.getOrder: 503, 30 of 30 calls since ")
    assert found.endswith(" and still")
    assert "  at fault: \ufffd[2J · for example: dragoman log BAD00000" in lines
    assert "\x1b" not in ended.out
    assert next(line for line in lines if line.startswith("model")) == (
        "model   gpt ! · 1 reply · p50 1.2 s · p95 1.2 s · p99 1.2 s · began after 400 ms · "
        "900 tokens (300 cached) + 60 · $0.0011 · 4,900 of 5,000 requests left"
    )


@pytest.mark.usefixtures("filled")
def test_the_same_as_one_object(run: Run) -> None:
    found = run("stats", "--since", "23h", "--by", "api", "--json").json
    assert set(found) == {
        *("since", "until", "by", "truncated", "total", "groups", "models", "failures"),
        *("patterns", "approvals", "quotas", "unknown_writes"),
    }
    assert (found["by"], found["groups"][0]["name"]) == ("api", "shop")
    assert found["total"]["failed"] == 30
    assert set(found["total"]["api"]) == {"p50", "p95", "p99"}
    (pattern,) = found["patterns"]
    assert (pattern["operation"], pattern["kind"], pattern["is_over"]) == (
        "shop.getOrder",
        "503",
        False,
    )
    assert found["failures"][0]["calls"] == 30


def test_the_quota_of_callers_is_shown_as_it_is_used(run: Run, place: Path) -> None:
    files = ("-f", "dragoman.yaml", "-f", "bot.yaml")
    (place / "bot.yaml").write_text("callers: {bot: {scopes: [shop:read], quota: 9}}\n")
    run(*ORDER, "--caller", "bot", *files)
    assert "today bot 1 of 9" in run("stats", *files).out


def test_what_an_api_refuses_is_counted_by_its_kind(run: Run, addresses: dict[str, str]) -> None:
    fault(addresses["DEMO_SHOP_URL"], "not_json", "/orders/1042")
    run(*ORDER)
    run("call", "shop.getOrder", "order_id=9999")
    run("call", "shop.getOrder", "order_id=x")
    found = {(one["kind"], one["fault"]) for one in run("stats", "--json").json["failures"]}
    assert found == {("response", "api"), ("404", "arguments"), ("arguments", "arguments")}


def test_where_nothing_was_called_there_is_nothing(run: Run) -> None:
    assert run("stats").out.splitlines()[1:] == ["no calls"]


@pytest.mark.parametrize("words", [("--since", "2h", "--until", "3h"), ("--by", "colour")])
def test_what_cannot_be_counted_is_a_mistake(run: Run, words: tuple[str, ...]) -> None:
    ended = run("stats", *words)
    assert (ended.code in {1, 2}, ended.out) == (True, "")


def test_charts_show_the_largest_whole_and_the_smallest_at_all() -> None:
    assert sparkline([0, 1, 50, 100]) == "·▁▅█"
    assert sparkline([]) == ""
    assert [bar(value, 16, 2) for value in (16, 8, 1, 0.001, 0)] == ["██", "█", "▏", "▏", ""]
    assert bar(5, 0, 2) == ""
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    periods = {"2026-11-24T12:0": 3.0, "2026-11-24T12:5": 1.0, "2026-11-24T11:5": 1.0}
    assert over_time(periods, noon, noon + timedelta(hours=1), 3) == [4.0, 0.0, 1.0]
