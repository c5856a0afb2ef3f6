"""Kept results in each kind of database: found by their caller, bounded, and gone in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dragoman.audit import results as kept_results
from dragoman.audit.results import Kept, Results
from dragoman.clock import Deadline
from dragoman.errors import CredentialError, NotFoundError
from dragoman.operation import Call
from dragoman.store.store import Store
from moved_clock import MovedClock

KEPT = Kept("shop.list", b'[1, 2, "\xe6\x9d\xb1"]', items=3)


async def key() -> bytes:
    return b"k" * 32


async def another_key() -> bytes:
    return b"a" * 32


@pytest.fixture
def results(store: Store, clock: MovedClock) -> Results:
    return Results(store, clock, key)


def a_call(clock: MovedClock, caller: str = "bot", user: str | None = "u_7") -> Call:
    deadline = Deadline.after(60, clock)
    return Call("c1", "shop.list", {}, deadline, "call:c1", caller=caller, user=user)


async def test_what_was_kept_is_found_as_it_was(results: Results, clock: MovedClock) -> None:
    file = Kept("shop.pdf", bytes(range(256)) * 9, "application/pdf", "réchnung.pdf")
    for kept in (KEPT, file):
        assert await results.find(await results.keep(a_call(clock), kept), a_call(clock)) == kept


@pytest.mark.parametrize(("caller", "user"), [("bot", "u_8"), ("bot", None), ("ana", "u_7")])
async def test_it_is_found_by_nobody_else(
    results: Results, clock: MovedClock, caller: str, user: str | None
) -> None:
    handle = await results.keep(a_call(clock), KEPT)
    with pytest.raises(NotFoundError):
        await results.find(handle, a_call(clock, caller, user))
    with pytest.raises(NotFoundError):
        await results.find(handle[:-1], a_call(clock))


async def test_without_an_end_user_it_is_of_the_caller_alone(
    results: Results, clock: MovedClock
) -> None:
    handle = await results.keep(a_call(clock, user=None), KEPT)
    assert await results.find(handle, a_call(clock, user=None)) == KEPT
    with pytest.raises(NotFoundError):
        await results.find(handle, a_call(clock))


async def test_the_newest_of_each_user_stay(
    results: Results, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_results, "MOST", 2)
    others = await results.keep(a_call(clock, user="u_8"), KEPT)
    handles = []
    for second in range(4):
        clock.later = timedelta(seconds=second)
        handles.append(await results.keep(a_call(clock), KEPT))
    for handle in handles[2:]:
        assert await results.find(handle, a_call(clock)) == KEPT
    assert await results.find(others, a_call(clock, user="u_8")) == KEPT
    for handle in handles[:2]:
        with pytest.raises(NotFoundError):
            await results.find(handle, a_call(clock))


async def test_all_together_take_no_more_than_is_allowed(
    store: Store, results: Results, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_results, "MOST_BYTES", 1_000)
    for n in range(20):
        clock.later = timedelta(seconds=n)
        last = await results.keep(a_call(clock, user=f"u_{n}"), KEPT)
    (row,) = await store.read("SELECT count(*) AS n, sum(bytes) AS size FROM result_log", {})
    assert 1 < row["n"] < 20
    assert row["size"] <= 1_000
    assert await results.find(last, a_call(clock, user="u_19")) == KEPT


async def test_what_is_over_is_deleted_with_the_next(
    store: Store, results: Results, clock: MovedClock
) -> None:
    await results.keep(a_call(clock), KEPT)
    clock.later = timedelta(hours=1, seconds=1)
    await results.keep(a_call(clock), KEPT)
    (row,) = await store.read("SELECT count(*) AS n FROM result_log", {})
    assert row["n"] == 1


async def test_another_key_opens_nothing(store: Store, results: Results, clock: MovedClock) -> None:
    handle = await results.keep(a_call(clock), KEPT)
    with pytest.raises(CredentialError):
        await Results(store, clock, another_key).find(handle, a_call(clock))
