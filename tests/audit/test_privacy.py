"""What is kept of what people and APIs said, for how long, and how it is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from test_approvals import question
from test_claims import claim

from dragoman.audit.approvals import Approvals
from dragoman.audit.claims import Claims, ClaimState
from dragoman.audit.privacy import Bodies, Privacy, sweep
from dragoman.audit.records import AuditLog, CallFilter, TurnRecord
from dragoman.errors import NotFoundError
from dragoman.store.store import Store
from made_records import answered, called
from moved_clock import NOON, MovedClock

WORDS = ("1042", "Where is", "It was shipped", "broken by Ana")


def log_of(store: Store, clock: MovedClock, bodies: Bodies = "full", days: int = 90) -> AuditLog:
    return AuditLog(store, clock, lambda value: value, Privacy(bodies, timedelta(days=days)))


async def everything_in(store: Store) -> str:
    tables = ("call_log", "answer_log", "turn_log", "approval_log", "claims", "user_tokens")
    queries = (f"SELECT * FROM {table}" for table in tables)  # noqa: S608 - our own names
    return "".join([str(await store.read(query, {})) for query in queries])


def refused(**changes: Any) -> Any:
    problem = {"code": "api", "status": 502, "detail": "broken by Ana", "title": "An error"}
    return called(status="failed", problem=problem, **changes)


async def test_full_keeps_what_was_said(store: Store, clock: MovedClock) -> None:
    log = log_of(store, clock)
    await log.call(refused())
    await log.answer(answered())
    assert await log.get_call("7Q2ABCDEFG") == refused()
    kept = await everything_in(store)
    assert all(word in kept for word in WORDS)


async def test_redacted_keeps_names_numbers_and_shape_and_no_words(
    store: Store, clock: MovedClock
) -> None:
    log = log_of(store, clock, "redacted")
    await log.call(refused(arguments={"order_id": "1042", "lines": [{"count": 2, "of": "a cup"}]}))
    await log.answer(answered())
    kept = await log.get_call("7Q2ABCDEFG")
    assert kept.arguments == {
        "order_id": "[4 characters]",
        "lines": [{"count": 2, "of": "[5 characters]"}],
    }
    assert kept.prepared == {"method": "GET", "target": "http://localhost/…"}
    assert kept.problem == {"code": "api", "status": 502, "title": "An error"}
    assert (kept.operation, kept.http_status, kept.user) == ("shop.getOrder", 200, "u_7")
    assert (await log.get_answer("A1")).state is None
    everything = await everything_in(store)
    assert not [word for word in (*WORDS, "a cup") if word in everything]


async def test_nothing_keeps_what_happened_and_not_what_was_said(
    store: Store, clock: MovedClock
) -> None:
    log = log_of(store, clock, "nothing")
    await log.call(refused())
    await log.answer(answered())
    kept = await log.get_call("7Q2ABCDEFG")
    assert (kept.arguments, kept.question) == ({}, "")
    assert (kept.operation, kept.status, kept.seconds) == ("shop.getOrder", "failed", 0.25)
    everything = await everything_in(store)
    assert not [word for word in WORDS if word in everything]


@pytest.mark.parametrize("bodies", ["redacted", "nothing"])
async def test_what_waits_for_a_person_can_still_go_on(
    store: Store, clock: MovedClock, bodies: Bodies
) -> None:
    log = log_of(store, clock, bodies)
    await log.answer(answered(status="pending"))
    assert (await log.get_answer("A1")).state == answered().state
    await log.answer(answered())
    assert (await log.get_answer("A1")).state is None


async def test_what_is_too_old_goes_with_all_that_belongs_to_it(
    store: Store, clock: MovedClock
) -> None:
    log = log_of(store, clock, days=30)
    await log.call(called("OLD2345678"))
    await log.answer(answered("OLD"))
    turn = TurnRecord("OLD", 1, NOON, "m", 0.1, {"input_tokens": 1}, 0, "stop")
    await log.turn(turn)
    await Approvals(store, clock).ask(question())
    claims = Claims(store, clock)
    for name in ("ok", "unknown", "running"):
        await claims.start(claim(name, name))
    await claims.finish("ok", "ok", ClaimState.OK, {"status": 200})
    await claims.finish("unknown", "unknown", ClaimState.UNKNOWN, None)
    await log.flush()
    clock.later = timedelta(days=31)
    later = log_of(store, clock, days=30)
    await later.call(called("NEW2345678", at=clock.now()))
    assert [one.id for one in await later.calls(CallFilter(), 10)] == ["NEW2345678"]
    with pytest.raises(NotFoundError):
        await later.get_answer("OLD")
    assert await store.read("SELECT * FROM turn_log", {}) == []
    assert await store.read("SELECT * FROM approval_log", {}) == []
    left = await store.read("SELECT key FROM claims ORDER BY key", {})
    assert [row["key"] for row in left] == ["running", "unknown"], "never sent again blindly"


async def test_an_answered_approval_loses_its_words_where_less_than_all_is_kept(
    store: Store, clock: MovedClock
) -> None:
    approvals = Approvals(store, clock)
    await approvals.ask(question())
    await approvals.ask(question("ap_2"))
    await approvals.answer("ap_2", approved=False, by="ana")
    for bodies, left in (("full", 2), ("nothing", 1)):
        privacy = Privacy(bodies)
        await store.write(lambda s, p=privacy: sweep(s, p, clock))
        rows = await store.read("SELECT id FROM approval_log WHERE shown <> '{}'", {})
        assert len(rows) == left


async def test_a_user_is_forgotten_and_nobody_else(store: Store, clock: MovedClock) -> None:
    log = log_of(store, clock)
    for user in ("ana", "bo"):
        await log.call(called(f"C{user}2345", user=user))
        await log.answer(answered(f"A{user}", user=user))
        await Approvals(store, clock).ask(question(f"ap_{user}", user=user))
    claims = Claims(store, clock)
    await claims.start(claim("ok", "Cana2345"))
    await claims.finish("ok", "Cana2345", ClaimState.OK, {"status": 200, "body": "ana"})
    await claims.start(claim("out", "Cana2345"))
    assert await log.forget_user("ana") == 2
    assert [one.user for one in await log.calls(CallFilter(), 10)] == ["bo"]
    assert [one.user for one in await Approvals(store, clock).list()] == ["bo"]
    assert [row["key"] for row in await store.read("SELECT key FROM claims", {})] == ["out"]
    assert await log.forget_user("ana") == 0
