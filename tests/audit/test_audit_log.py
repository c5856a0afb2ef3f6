"""The audit log: everything is in it, no secret is, and it is never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dragoman.audit.facts import Later
from dragoman.audit.records import AuditLog, CallFilter, TurnRecord
from dragoman.errors import NotFoundError, StoreError
from dragoman.operation import Attempt
from dragoman.secrets.live import LiveValues
from dragoman.store.store import Store
from made_records import answered, called
from moved_clock import NOON, MovedClock

SECRET = 'sk_live_"42\\é'


@pytest.fixture
def live() -> LiveValues:
    live = LiveValues()
    live.add(SECRET, "SHOP_TOKEN")
    return live


@pytest.fixture
async def log(store: Store, clock: MovedClock, live: LiveValues) -> AsyncIterator[AuditLog]:
    log = AuditLog(store, clock, live.redact_json)
    yield log
    await log.aclose()


async def test_a_call_comes_back_as_it_was_handed_in(log: AuditLog) -> None:
    await log.call(called())
    assert await log.get_call("7Q2ABCDEFG") == called()


async def test_an_answer_comes_back_as_it_was_handed_in(log: AuditLog) -> None:
    bare = answered("A2", state=None, dollars=None)
    await log.answer(answered())
    await log.answer(bare)
    assert await log.get_answer("A1") == answered()
    assert await log.get_answer("A2") == bare


async def test_turns_are_kept_one_row_a_step(log: AuditLog, store: Store) -> None:
    for step in (1, 2):
        await log.turn(TurnRecord("A1", step, NOON, "gpt", 0.5, {"input_tokens": 7}, 2, "stop"))
    await log.flush()
    rows = await store.read("SELECT step, usage, tool_calls FROM turn_log ORDER BY step", {})
    assert [dict(row) for row in rows] == [
        {"step": step, "usage": '{"input_tokens":7}', "tool_calls": 2} for step in (1, 2)
    ]


async def test_all_of_a_turn_comes_back(log: AuditLog) -> None:
    bare = TurnRecord("A1", 1, NOON, "gpt", 0.5, {"input_tokens": 7}, 2, "stop")
    full = TurnRecord("A1", 2, NOON, "gpt", 0.5, {"a": 1}, 0, "stop", 0.25, 0.01, {"left": 5})
    await log.turn(full)
    await log.turn(bare)
    assert await log.turns("A1") == [bare, full]
    assert full.as_json()["limits"] == {"left": 5}


async def test_the_parts_of_a_call_come_back(log: AuditLog) -> None:
    sent = Attempt(NOON, "503", 0.25, 1.5, 0.125, None)
    call = called(
        attempts=(sent, replace(sent, ended="200", connect=None, first_byte=1.0)),
        decision="approved by ana",
        cached="revalidated",
        bytes_sent=2**40,
        bytes_shown=7,
        queue_seconds=1.5,
        connect_seconds=0.125,
        first_byte_seconds=1.0,
        result_id="result:1",
        description_digest="ab",
        settings_digest="cd",
    )
    await log.call(call)
    assert await log.get_call(call.id) == call
    told: Any = call.as_json()["attempts"]
    assert [one["ended"] for one in told] == ["503", "200"]
    assert list(told[0]) == [member.name for member in fields(Attempt)]


async def test_a_row_of_before_there_were_these_columns_can_be_read(
    log: AuditLog, store: Store
) -> None:
    await log.call(called(decision="allowed", attempts=(Attempt(NOON, "200", 0.1),)))
    await log.flush()
    older = "UPDATE call_log SET decision = NULL, attempts = NULL, cached = NULL, result_id = NULL"
    more = ", description_digest = NULL, settings_digest = NULL, queue_seconds = NULL"
    await store.write(lambda statements: statements.run(older + more, {}))
    assert await log.get_call("7Q2ABCDEFG") == called()


async def test_what_is_made_later_is_written_in_full(log: AuditLog) -> None:
    await log.call(called(prepared=Later(lambda: {"method": "GET"})))
    assert (await log.get_call("7Q2ABCDEFG")).prepared == {"method": "GET"}


def test_as_json_has_stable_names_and_nothing_to_resume_from() -> None:
    call, answer = called().as_json(), answered().as_json()
    assert call["at"] == "2026-11-24T12:00:00+00:00"
    assert call["credential"] == "bearer ${SHOP_TOKEN}"
    assert "resumable" not in call
    assert " ".join(answer) == (
        "id at caller user question model status text usage dollars calls seconds"
    )


async def test_a_later_record_of_the_same_call_takes_the_place_of_the_earlier(
    log: AuditLog,
) -> None:
    await log.call(called(status="pending"))
    await log.flush()
    await log.call(called(status="running"))
    await log.call(called(status="ok"))
    assert [c.status for c in await log.calls(CallFilter(), 10)] == ["ok"]


# Finding


async def test_the_beginning_of_an_id_is_enough_in_any_case(log: AuditLog) -> None:
    await log.call(called("7Q2ABCDEFG"))
    await log.call(called("7Q3ABCDEFG"))
    assert (await log.get_call("7q2")).id == "7Q2ABCDEFG"
    with pytest.raises(NotFoundError, match="More than one call begins with '7q'"):
        await log.get_call("7q")


async def test_a_whole_id_is_found_though_another_begins_with_it(log: AuditLog) -> None:
    await log.answer(answered("A1"))
    await log.answer(answered("A11"))
    assert (await log.get_answer("a1")).id == "A1"


@pytest.mark.parametrize("name", ["", "  ", "%", "_", "\0", "\ud800", "'; --", "Z" * 100_000])
async def test_what_is_not_there_is_not_found(log: AuditLog, name: str) -> None:
    await log.call(called())
    with pytest.raises(NotFoundError):
        await log.get_call(name)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CallFilter(), "dcba"),
        (CallFilter(since=NOON + timedelta(hours=1)), "dcb"),
        (CallFilter(until=NOON + timedelta(hours=1)), "a"),
        (CallFilter(caller="bot"), "b"),
        (CallFilter(operation="SHOP.*"), "cba"),
        (CallFilter(operation="shop.get?rder"), "ba"),
        (CallFilter(operation="shop.get_rder"), ""),
        (CallFilter(operation="%"), ""),
        (CallFilter(status="failed", operation="*"), "c"),
        (CallFilter(answer_id="A2"), "d"),
        (CallFilter(user="ana"), "b"),
    ],
)
async def test_calls_are_filtered_and_the_newest_come_first(
    log: AuditLog, wanted: CallFilter, found: str
) -> None:
    await log.call(called("a"))
    await log.call(called("b", at=NOON + timedelta(hours=1), caller="bot", user="ana"))
    await log.call(
        called("c", at=NOON + timedelta(hours=2), operation="shop.listOrders", status="failed")
    )
    await log.call(
        called("d", at=NOON + timedelta(hours=3), operation="carrier.track", answer_id="A2")
    )
    assert "".join(c.id for c in await log.calls(wanted, 10)) == found


async def test_a_list_is_bounded(log: AuditLog) -> None:
    for i in range(5):
        await log.call(called(f"c{i}"))
    assert len(await log.calls(CallFilter(), 2)) == 2
    assert await log.calls(CallFilter(), -1) == []
    assert len(await log.calls(CallFilter(), 10**30)) == 5


async def test_what_is_recorded_from_now_on_can_be_followed(
    store: Store, clock: MovedClock, log: AuditLog
) -> None:
    """A call may end long after it began, or again once it was resumed; each is seen once."""
    looked = asyncio.Queue[None]()

    class LookingClock(MovedClock):
        async def sleep(self, seconds: float) -> None:
            looked.put_nowait(None)
            await asyncio.sleep(0.01)

    other = AuditLog(store, LookingClock(), lambda value: value)
    await log.call(called("BEFORE2345"))
    await log.flush()
    following = other.follow(CallFilter(operation="shop.*"), 0.5)
    seen = asyncio.create_task(anext(following))
    await looked.get()
    await log.call(called("OTHER23456", operation="carrier.track"))
    await log.call(called("SLOW234567", at=NOON - timedelta(minutes=5), status="pending"))
    await log.flush()
    assert (await seen).id == "SLOW234567"
    await log.call(called("SLOW234567", at=NOON - timedelta(minutes=4)))
    await log.flush()
    again = await anext(following)
    assert (again.id, again.status) == ("SLOW234567", "ok")
    await following.aclose()


# Secrets


async def test_no_live_secret_is_in_any_byte_of_the_store(
    tmp_path: Path, clock: MovedClock, live: LiveValues
) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)
    log = AuditLog(store, clock, live.redact_json)
    await log.call(
        called(
            question=f"Use {SECRET}!",
            user=SECRET,
            arguments={"note": [f"x{SECRET}"], SECRET: 1},
            problem={"detail": f"bad {SECRET}"},
            resumable={"arguments": {"note": SECRET}},
        )
    )
    await log.answer(answered(text=SECRET, state={"transcript": [{"text": f"is {SECRET} it?"}]}))
    kept = await log.get_call("7Q2ABCDEFG")
    assert kept.question == "Use [SHOP_TOKEN]!"
    assert kept.arguments == {"note": ["x[SHOP_TOKEN]"], "[SHOP_TOKEN]": 1}
    assert (await log.get_answer("A1")).state == {"transcript": [{"text": "is [SHOP_TOKEN] it?"}]}
    await log.aclose()
    await store.aclose()
    written = (tmp_path / "dragoman.db").read_bytes()
    assert b"sk_live" not in written


async def test_a_call_that_holds_a_secret_is_not_kept_to_be_sent_again_without_it(
    log: AuditLog,
) -> None:
    await log.call(called(resumable={"arguments": {"note": SECRET}}))
    assert (await log.get_call("7Q2ABCDEFG")).resumable == {}


async def test_a_secret_that_is_no_text_is_kept_out_as_well(
    store: Store, clock: MovedClock
) -> None:
    live = LiveValues()
    live.add("4111111111111111", "CARD")
    log = AuditLog(store, clock, live.redact_json)
    await log.call(called(arguments={"card": 4111111111111111}))
    assert "4111" not in str(await log.get_call("7Q2ABCDEFG"))


# Hostile and broken input


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), Decimal("Infinity"), "\ud800", nested(5_000), object(), "x" * 2_000_000],
    ids=["nan", "infinity", "surrogate", "deep", "object", "large"],
)
async def test_what_cannot_be_recorded_is_named_and_the_rest_is_recorded(
    log: AuditLog, value: object
) -> None:
    await log.call(called(arguments={"a": value}, resumable={"a": value}))
    await log.call(called("OTHER"))
    kept = await log.get_call("7Q2ABCDEFG")
    assert list(kept.arguments) == ["not recorded"]
    assert kept.resumable == {}
    assert kept.operation == "shop.getOrder"
    assert await log.get_call("OTHER") == called("OTHER")


async def test_text_of_any_kind_can_be_recorded(log: AuditLog) -> None:
    await log.call(called(question="nul \0, half \ud800, \x1b[31m, ünï\n", user=7))
    kept = await log.get_call("7Q2ABCDEFG")
    assert kept.question == "nul \ufffd, half ?, \x1b[31m, ünï\n"
    assert kept.user == "7"


# Off the path


async def test_records_are_written_together_and_without_being_asked(
    tmp_path: Path, clock: MovedClock
) -> None:
    class CountingStore(Store):
        commits = 0

        async def write(self, work: Any, *, durable: bool = True) -> Any:
            self.commits += 1
            return await super().write(work, durable=durable)

    store = CountingStore("sqlite:///dragoman.db", tmp_path)
    log = AuditLog(store, clock, lambda value: value)
    for i in range(450):
        await log.call(called(f"c{i}"))
    for _ in range(200):
        rows = await store.read("SELECT count(*) AS n FROM call_log", {})
        if rows[0]["n"] == 450:
            break
        await asyncio.sleep(0.02)
    assert len(await store.read("SELECT id FROM call_log", {})) == 450
    assert store.commits <= 5
    await log.aclose()
    await store.aclose()


class BrokenStore(Store):
    """A store that fails while it is told to."""

    broken = True

    def __init__(self, url: str, base: Path) -> None:
        super().__init__(url, base)
        self.tried = asyncio.Event()

    async def write(self, work: Any, *, durable: bool = True) -> Any:
        self.tried.set()
        if self.broken:
            raise StoreError("The store could not be written: the disk is full.")
        return await super().write(work, durable=durable)


async def test_a_store_that_fails_for_a_moment_loses_nothing(
    tmp_path: Path, clock: MovedClock
) -> None:
    store = BrokenStore("sqlite:///dragoman.db", tmp_path)
    log = AuditLog(store, clock, lambda value: value)
    await log.call(called())
    await store.tried.wait()
    store.broken = False
    assert await log.get_call("7Q2ABCDEFG") == called()
    await log.aclose()
    await store.aclose()


async def test_what_is_lost_is_said_once_and_the_rest_goes_on(
    tmp_path: Path, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = BrokenStore("sqlite:///dragoman.db", tmp_path)
    log = AuditLog(store, clock, lambda value: value)
    await log.call(called("lost1"))
    await log.call(called("lost2"))
    with pytest.raises(StoreError, match=r"2 records were lost.*disk is full"):
        await log.flush()
    assert len(caplog.records) == 1
    await log.flush()
    store.broken = False
    await log.call(called("kept"))
    assert [c.id for c in await log.calls(CallFilter(), 10)] == ["kept"]
    await log.aclose()
    await store.aclose()


async def test_a_full_queue_lets_callers_wait_instead_of_growing(
    tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.audit.batches._MOST", 3)
    store = Store("sqlite:///dragoman.db", tmp_path)
    log = AuditLog(store, clock, lambda value: value)
    await asyncio.gather(*(log.call(called(f"c{i}")) for i in range(20)))
    assert len(await log.calls(CallFilter(), 100)) == 20
    await log.aclose()
    await store.aclose()


async def test_closing_an_unused_log_does_not_open_the_store(
    tmp_path: Path, clock: MovedClock
) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)
    await AuditLog(store, clock, lambda value: value).aclose()
    assert not (tmp_path / "dragoman.db").exists()
