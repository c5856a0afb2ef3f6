"""Calls are counted by caller, API and operation; a run of failures is found by its beginning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from test_approvals import question
from test_claims import claim

from dragoman.audit.approvals import Approvals
from dragoman.audit.claims import Claims, ClaimState
from dragoman.audit.patterns import Pattern, find_patterns
from dragoman.audit.records import AuditLog, TurnRecord
from dragoman.audit.stats import Stats, Times, read_stats
from dragoman.operation import Attempt
from dragoman.store.columns import moment_text
from dragoman.store.store import Store
from made_records import answered, called
from moved_clock import NOON, MovedClock

HOUR = timedelta(hours=1)
BROKEN = {"code": "api", "fault": "api", "detail": "It is down."}


def attempts(count: int) -> tuple[Attempt, ...]:
    return tuple(Attempt(NOON, "503", 0.1, 0.0, 0.01, 0.09) for _ in range(count))


class Filled:
    """A store in which calls are made, each with an id of its own."""

    def __init__(self, store: Store, clock: MovedClock) -> None:
        self.store = store
        self.log = AuditLog(store, clock, lambda value: value)
        self.made = 0

    async def calls(self, count: int, at: datetime, **changes: Any) -> None:
        """Add calls, a second apart."""
        for i in range(count):
            self.made += 1
            made = {"answer_id": None, **changes, "at": at + timedelta(seconds=i)}
            await self.log.call(called(f"C{self.made:05}", **made))

    async def failures(self, count: int, at: datetime, **changes: Any) -> None:
        """Add calls that the API has refused."""
        broken = {"status": "failed", "http_status": 503, "problem": BROKEN} | changes
        await self.calls(count, at, **broken)

    async def change(self, at: datetime, kind: str, subject: str, note: str) -> None:
        row = {"at": moment_text(at), "kind": kind, "subject": subject, "note": note}
        sql = (
            "INSERT INTO change_log (id, at, kind, subject, digest, note) "
            "VALUES (:at, :at, :kind, :subject, 'd', :note)"
        )
        await self.store.write(lambda statements: statements.run(sql, row))

    async def stats(self, by: Any = "operation", hours: float = 24) -> Stats:
        await self.log.flush()
        return await read_stats(self.store, NOON - hours * HOUR, NOON + HOUR, by)

    async def patterns(self, hours: float = 24) -> tuple[Pattern, ...]:
        return await find_patterns(self.store, await self.stats(hours=hours))


@pytest.fixture
def filled(store: Store, clock: MovedClock) -> Filled:
    return Filled(store, clock)


# Counting


async def test_an_empty_store_has_nothing_to_tell(filled: Filled) -> None:
    found = await filled.stats()
    assert (found.total.calls, found.groups, found.failures, found.models) == (0, (), (), ())
    assert await filled.patterns() == ()


async def test_percentiles_are_exact_and_of_what_an_api_took(filled: Filled) -> None:
    for i in range(1, 201):
        await filled.calls(1, NOON, api_seconds=i / 100)
    await filled.calls(5, NOON, api_seconds=90.0, cached="fresh")
    await filled.calls(5, NOON, api_seconds=None)
    found = await filled.stats()
    assert found.total.api == found.groups[0].api == Times(1.0, 1.9, 1.98)
    assert Times.of([3.0]) == Times(3.0, 3.0, 3.0)
    assert Times.of([i / 100 for i in range(1, 201)]) == found.total.api


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("operation", {"shop.getOrder": 3, "shop.listOrders": 2, "carrier.track": 1}),
        ("api", {"shop": 5, "carrier": 1}),
        ("caller", {"owner": 4, "bot": 2}),
    ],
)
async def test_calls_are_counted_by_what_is_wanted(
    filled: Filled, by: str, names: dict[str, int]
) -> None:
    await filled.calls(3, NOON, attempts=attempts(3), queue_seconds=0.5)
    await filled.calls(2, NOON, operation="shop.listOrders", caller="bot", cached="fresh")
    await filled.failures(1, NOON, operation="carrier.track", api="carrier")
    await filled.calls(9, NOON, dry_run=True)
    await filled.calls(9, NOON - 48 * HOUR)
    found = await filled.stats(by)
    assert {group.name: group.calls for group in found.groups} == names
    total = found.total
    assert (total.calls, total.failed, total.retries, total.cached) == (6, 1, 6, 2)
    assert (total.queued, total.queued_most) == (1.5, 0.5)
    assert sum(calls for one in found.periods.values() for calls, _ in one.values()) == 6


async def test_what_an_answer_took_is_shared_among_its_calls(filled: Filled) -> None:
    await filled.log.answer(answered("A1", dollars=0.03))
    await filled.calls(2, NOON, answer_id="A1")
    await filled.calls(1, NOON, answer_id="A1", operation="shop.listOrders")
    await filled.log.answer(answered("A2", dollars=None, caller="bot"))
    by_operation = {group.name: group for group in (await filled.stats()).groups}
    assert by_operation["shop.getOrder"].tokens == pytest.approx(640)
    assert by_operation["shop.getOrder"].dollars == pytest.approx(0.02)
    assert by_operation["shop.listOrders"].dollars == pytest.approx(0.01)
    found = await filled.stats("caller")
    assert {group.name: group.tokens for group in found.groups} == {"owner": 960.0}
    assert found.total.tokens == 1920


async def test_the_model_is_timed_apart_from_the_apis(filled: Filled) -> None:
    for i in range(1, 5):
        usage = {"input_tokens": 100, "cached_tokens": 40, "output_tokens": 10}
        limits = {"requests": {"limit": 10, "remaining": 10 - i}}
        await filled.log.turn(
            TurnRecord("A1", i, NOON + i * timedelta(seconds=1), "gpt", i, usage, 0, "stop")
            if i % 2
            else TurnRecord(
                "A1",
                i,
                NOON + i * timedelta(seconds=1),
                "gpt",
                i,
                usage,
                0,
                "stop",
                0.5,
                0.01,
                limits,
            )
        )
    (model,) = (await filled.stats()).models
    assert (model.turns, model.seconds) == (4, Times(2.0, 4.0, 4.0))
    assert model.first_chunk == Times(0.5, 0.5, 0.5)
    assert (model.input_tokens, model.cached_tokens, model.output_tokens) == (400, 160, 40)
    assert (model.dollars, model.limits) == (
        pytest.approx(0.02),
        {"requests": {"limit": 10, "remaining": 6}},
    )


async def test_people_and_writes_without_an_end_are_counted(
    filled: Filled, clock: MovedClock
) -> None:
    approvals = Approvals(filled.store, clock)
    for name in ("ap_1", "ap_2"):
        await approvals.ask(question(name))
    await approvals.answer("ap_2", approved=False, by="ana")
    claims = Claims(filled.store, clock)
    await claims.start(claim("lost", "C1"))
    await claims.finish("lost", "C1", ClaimState.UNKNOWN, None)
    found = await filled.stats()
    assert (found.approvals, found.unknown_writes) == ({"waiting": 1, "denied": 1}, 1)


async def test_of_too_many_calls_the_newest_are_counted_and_it_is_said(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.audit.stats.MOST", 4)
    await filled.calls(6, NOON - HOUR, operation="shop.old")
    await filled.calls(3, NOON)
    found = await filled.stats()
    assert (found.truncated, found.total.calls) == (True, 4)
    assert {group.name: group.calls for group in found.groups} == {
        "shop.getOrder": 3,
        "shop.old": 1,
    }


# Patterns


async def well_for(filled: Filled, hours: int, **changes: Any) -> None:
    """Let calls go well in every hour before noon, with one failure now and then."""
    for hour in range(1, hours + 1):
        await filled.calls(20, NOON - hour * HOUR, **changes)
        await filled.failures(1, NOON - hour * HOUR + timedelta(minutes=20), **changes)


async def test_a_run_of_failures_is_found_with_its_beginning(filled: Filled) -> None:
    await well_for(filled, 20)
    await filled.calls(3, NOON - timedelta(minutes=3))
    await filled.failures(12, NOON)
    (found,) = await filled.patterns()
    assert (found.operation, found.kind, found.fault) == ("shop.getOrder", "503", "api")
    assert (found.since, found.last) == (NOON, NOON + timedelta(seconds=11))
    assert (found.failures, found.calls, found.is_over, found.is_older) == (12, 12, False, False)
    assert (await filled.log.get_call(found.example)).at == found.last


async def test_failures_that_are_spread_evenly_are_no_pattern(filled: Filled) -> None:
    await well_for(filled, 23)
    assert await filled.patterns() == ()


async def test_a_few_failures_are_no_pattern(filled: Filled) -> None:
    await filled.calls(50, NOON - HOUR)
    await filled.failures(4, NOON)
    assert await filled.patterns() == ()


async def test_what_has_ended_says_so(filled: Filled) -> None:
    await well_for(filled, 8)
    await filled.failures(15, NOON - 9 * HOUR)
    await filled.calls(100, NOON - 15 * HOUR)
    (found,) = await filled.patterns()
    assert (found.since, found.is_over) == (NOON - 9 * HOUR, True)


async def test_what_never_went_well_is_older_than_the_window(filled: Filled) -> None:
    for hour in range(5):
        await filled.failures(3, NOON - hour * HOUR)
        await filled.calls(1, NOON - hour * HOUR)
    (found,) = await filled.patterns()
    assert (found.failures, found.calls, found.is_older) == (15, 20, True)


async def test_operations_of_an_api_that_fail_together_are_one_pattern(filled: Filled) -> None:
    for operation in ("shop.getOrder", "shop.listOrders"):
        await filled.calls(50, NOON - 5 * HOUR, operation=operation)
        await filled.failures(8, NOON, operation=operation)
    (found,) = await filled.patterns()
    assert ({found.operation, *found.also}, found.failures) == (
        {"shop.getOrder", "shop.listOrders"},
        16,
    )


async def test_each_kind_of_failure_is_a_pattern_of_its_own(filled: Filled) -> None:
    wrong = {"code": "arguments", "fault": "arguments"}
    await filled.calls(100, NOON - 5 * HOUR)
    await filled.failures(8, NOON)
    await filled.failures(9, NOON - HOUR, http_status=None, problem=wrong)
    found = {one.kind: (one.failures, one.fault) for one in await filled.patterns()}
    assert found == {"503": (8, "api"), "arguments": (9, "arguments")}


async def test_what_changed_just_before_stands_beside_it(filled: Filled) -> None:
    await filled.calls(50, NOON - 5 * HOUR, description_digest="old")
    new = {"description_digest": "new", "credential": "bearer ${NEW_TOKEN}"}
    await filled.failures(8, NOON, **new)
    minute = timedelta(minutes=1)
    await filled.change(NOON - 90 * minute, "lock", "shop", "9 operations accepted")
    # It is noted with the first record that was made under it, which is a moment later.
    await filled.change(NOON + minute / 60, "description", "shop", "41 operations, before: 38")
    for at, kind, subject, note in (
        (NOON - minute, "description", "carrier", "of another API"),
        (NOON - 2 * minute, "configuration", "dragoman.yaml: apis.carrier", "of another API"),
        (NOON - 3 * minute, "lock", "shop", "first seen: 8 operations accepted"),
        (NOON - 30 * HOUR, "version", "dragoman", "long before"),
        (NOON + 10 * minute, "version", "dragoman", "long after"),
    ):
        await filled.change(at, kind, subject, note)
    (found,) = await filled.patterns()
    assert found.changed == (
        "it is shown bearer ${NEW_TOKEN}, before: bearer ${SHOP_TOKEN}",
        "its description is another than at the last good call",
        "2026-11-24 12:00 description shop: 41 operations, before: 38",
        "2026-11-24 10:30 lock shop: 9 operations accepted",
    )
