"""The outbox: with what it tells of or not at all, in order, by one process at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from dragoman.audit.outbox import Outbox
from dragoman.audit.privacy import Privacy, forget_user, sweep
from dragoman.errors import NotFoundError
from dragoman.store.statements import Statements
from dragoman.store.store import Store
from moved_clock import MovedClock

ASKED, ANSWERED = "approval.asked", "approval.answered"


@pytest.fixture
def outbox(store: Store, clock: MovedClock) -> Outbox:
    return Outbox(store, clock, {"ops": frozenset({ASKED, ANSWERED}), "pager": frozenset({ASKED})})


async def test_each_destination_gets_what_it_wants(outbox: Outbox) -> None:
    for event in (ASKED, ANSWERED, "call.unknown"):
        await outbox.emit(event, "ap_1", {"of": event})
    told = [(notice.destination, notice.event) for notice in await outbox.undelivered()]
    assert sorted(told) == [("ops", ANSWERED), ("ops", ASKED), ("pager", ASKED)]


async def test_what_is_rolled_back_is_not_told(outbox: Outbox, store: Store) -> None:
    def fail(statements: Statements) -> None:
        outbox.put(statements, ASKED, "ap_1", {})
        raise KeyError

    with pytest.raises(KeyError):
        await store.write(fail)
    assert await outbox.undelivered() == []


async def test_a_later_event_of_a_subject_waits_for_the_earlier(
    outbox: Outbox, clock: MovedClock
) -> None:
    """The clock stands still meanwhile: the order is not left to it."""
    for event, subject in ((ASKED, "ap_1"), (ANSWERED, "ap_1"), (ASKED, "ap_2")):
        await outbox.emit(event, subject, {})
    first = await outbox.lease("ops", 10, 60)
    assert sorted((n.event, n.subject) for n in first) == [(ASKED, "ap_1"), (ASKED, "ap_2")]
    (of_1,) = [notice for notice in first if notice.subject == "ap_1"]
    await outbox.failed(of_1, "down", 30)
    assert await outbox.lease("ops", 10, 60) == [], "the earlier is not due, the later waits"
    clock.later = timedelta(seconds=30)
    (again,) = await outbox.lease("ops", 10, 60)
    assert (again.id, again.tries) == (of_1.id, 2)
    await outbox.failed(again, "gone", None)
    (later,) = await outbox.lease("ops", 10, 60)
    assert later.event == ANSWERED


async def test_what_waits_already_is_not_told_twice(outbox: Outbox) -> None:
    """A destination that is dead, and an API that fails and fails: what waits is bounded."""
    for _ in range(50):
        for origin in ("a", "b"):
            await outbox.emit(ASKED, "shop", {"origin": origin})
    first = await outbox.lease("ops", 10, 60)
    await outbox.emit(ASKED, "shop", {"origin": "a"})
    waiting = [n for n in await outbox.undelivered() if n.destination == "ops"]
    assert [n.payload["origin"] for n in waiting] == ["a", "b", "a"], "the first is on its way"
    assert [n.payload["origin"] for n in first] == ["a"]


async def test_what_nobody_is_told_of_keeps_its_words_for_a_day_where_less_than_all_is_kept(
    outbox: Outbox, store: Store, clock: MovedClock
) -> None:
    """The destination is not in the file any more."""
    await outbox.emit(ANSWERED, "ap_1", {"reason": "private"})
    clock.later = timedelta(days=2)
    await store.write(lambda s: sweep(s, Privacy("redacted"), clock))
    (left,) = await outbox.undelivered()
    assert (left.state, left.payload, left.error) == ("given_up", {}, "nobody was told in time")


async def test_what_was_taken_and_not_settled_is_taken_by_another(
    outbox: Outbox, clock: MovedClock
) -> None:
    await outbox.emit(ASKED, "ap_1", {"of": "ap_1"})
    (taken,) = await outbox.lease("ops", 10, 60)
    assert await outbox.lease("ops", 10, 60) == []
    clock.later = timedelta(seconds=60)
    (over,) = await outbox.lease("ops", 10, 60)
    await outbox.failed(taken, "late news of the first", None)
    assert [n.state for n in await outbox.undelivered() if n.destination == "ops"] == ["waiting"]
    await outbox.delivered(over)
    assert [n.destination for n in await outbox.undelivered()] == ["pager"]


async def test_what_was_delivered_says_nothing_any_more(outbox: Outbox, store: Store) -> None:
    await outbox.emit(ANSWERED, "ap_1", {"reason": "private"})
    (taken,) = await outbox.lease("ops", 10, 60)
    assert taken.payload == {"reason": "private"}
    await outbox.delivered(taken)
    (row,) = await store.read("SELECT state, payload FROM event_outbox", {})
    assert dict(row) == {"state": "delivered", "payload": "{}"}
    assert await outbox.next_due("ops") is None


async def test_what_was_given_up_can_be_tried_again(outbox: Outbox) -> None:
    await outbox.emit(ANSWERED, "ap_1", {})
    (taken,) = await outbox.lease("ops", 10, 60)
    await outbox.failed(taken, "x" * 10_000, None)
    (given_up,) = await outbox.undelivered()
    assert (given_up.state, len(given_up.error)) == ("given_up", 500)
    assert await outbox.lease("ops", 10, 60) == []
    await outbox.retry(given_up.id)
    assert [notice.tries for notice in await outbox.lease("ops", 10, 60)] == [1]
    with pytest.raises(NotFoundError):
        await outbox.retry("ev_none")


async def test_many_processes_share_what_there_is(
    shared_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    stores = [Store(shared_url, tmp_path) for _ in range(4)]
    outboxes = [Outbox(store, clock, {"ops": frozenset({ASKED})}) for store in stores]
    await asyncio.gather(*(outboxes[i % 4].emit(ASKED, f"ap_{i}", {}) for i in range(60)))
    taken = await asyncio.gather(*(one.lease("ops", 10, 60) for one in outboxes * 2))
    ids = [notice.id for notices in taken for notice in notices]
    assert len(ids) == len(set(ids))
    rest = [n.id for _ in range(8) for n in await outboxes[0].lease("ops", 10, 60)]
    assert len({*ids, *rest}) == 60
    for store in stores:
        await store.aclose()


async def test_it_is_swept_and_forgotten_with_what_it_tells_of(
    outbox: Outbox, store: Store, clock: MovedClock
) -> None:
    insert = (
        "INSERT INTO approval_log (id, call, call_id, operation, effect, prepared_hash, shown,"
        " asked_by, user_id, asked, expires, state, reason) VALUES (:id, '{}', 'C', 'o', 'write',"
        " 'h', '{}', 'owner', :user, '2026', '2027', 'waiting', '')"
    )
    for subject, user in (("ap_1", "u_7"), ("ap_2", "u_8")):
        row = {"id": subject, "user": user}
        await store.write(lambda s, row=row: s.run(insert, row))  # type: ignore[misc]
        await outbox.emit(ANSWERED, subject, {"user": user})
    await store.write(lambda s: forget_user(s, "u_7"))
    assert [notice.subject for notice in await outbox.undelivered()] == ["ap_2"]
    (left,) = await outbox.lease("ops", 10, 60)
    await outbox.failed(left, "down", None)
    clock.later = timedelta(days=2)
    await store.write(lambda s: sweep(s, Privacy("redacted"), clock))
    assert [notice.payload for notice in await outbox.undelivered()] == [{}]
    clock.later = timedelta(days=91)
    await store.write(lambda s: sweep(s, Privacy(), clock))
    assert await outbox.undelivered() == []
