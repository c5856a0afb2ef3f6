"""Approvals as stored facts: one answer, one use, for one request, in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dragoman.audit.approvals import Approval, Approvals, ApprovalState
from dragoman.errors import NotFoundError, PolicyError
from dragoman.store.store import Store
from moved_clock import NOON, MovedClock


def question(name: str = "ap_7QK2MNPR", **changes: object) -> Approval:
    made = Approval(
        id=name,
        call={"id": "C1", "arguments": {"amount": Decimal("25.00"), "order": 2**70}},
        call_id="C1",
        answer_id="A1",
        operation="shop.refundOrder",
        effect="write",
        prepared_hash="h",
        shown={"method": "POST", "body": '{"amount":25.00}', "origins": {"amount": "you"}},
        asked_by="owner",
        user="u_7",
        asked=NOON,
        expires=NOON + timedelta(hours=24),
    )
    return replace(made, **changes)


@pytest.fixture
def approvals(store: Store, clock: MovedClock) -> Approvals:
    return Approvals(store, clock)


async def test_what_was_asked_is_kept_exactly(approvals: Approvals) -> None:
    await approvals.ask(question())
    assert await approvals.get("ap_7QK2MNPR") == question()
    assert await approvals.waiting() == [question()]


async def test_an_answer_is_kept_with_who_gave_it_and_when(
    approvals: Approvals, clock: MovedClock
) -> None:
    await approvals.ask(question())
    clock.later = timedelta(minutes=5)
    answer = await approvals.answer("ap_7QK2MNPR", approved=False, by="ana", reason="too much")
    assert answer == await approvals.get("ap_7QK2MNPR")
    assert answer.state is ApprovalState.DENIED
    assert (answer.answered_by, answer.reason) == ("ana", "too much")
    assert answer.answered == clock.now()
    assert await approvals.waiting() == []


async def test_the_second_answer_is_refused_and_told_of_the_first(approvals: Approvals) -> None:
    await approvals.ask(question())
    await approvals.answer("ap_7QK2MNPR", approved=True, by="ana")
    with pytest.raises(PolicyError, match="ap_7QK2MNPR was approved already by ana at 2026-11-24"):
        await approvals.answer("ap_7QK2MNPR", approved=False, by="ben")
    assert (await approvals.get("ap_7QK2MNPR")).state is ApprovalState.APPROVED


async def test_of_many_answers_at_once_one_counts(approvals: Approvals) -> None:
    await approvals.ask(question())
    answers = await asyncio.gather(
        *(approvals.answer("ap_7QK2MNPR", approved=i % 2 == 0, by=f"p{i}") for i in range(10)),
        return_exceptions=True,
    )
    given = [answer for answer in answers if isinstance(answer, Approval)]
    assert given == [await approvals.get("ap_7QK2MNPR")]
    assert sum(isinstance(answer, PolicyError) for answer in answers) == 9


async def test_an_answer_that_comes_too_late_is_refused(
    approvals: Approvals, clock: MovedClock
) -> None:
    await approvals.ask(question())
    clock.later = timedelta(hours=24)
    with pytest.raises(PolicyError, match="has expired at 2026-11-25 12:00 UTC unanswered"):
        await approvals.answer("ap_7QK2MNPR", approved=True, by="ana")
    assert (await approvals.get("ap_7QK2MNPR")).state is ApprovalState.EXPIRED
    assert await approvals.waiting() == []


async def test_a_yes_is_used_once_and_only_for_its_request(approvals: Approvals) -> None:
    await approvals.ask(question())
    assert not await approvals.use("ap_7QK2MNPR", prepared_hash="h"), "nobody has said yes"
    await approvals.answer("ap_7QK2MNPR", approved=True, by="ana")
    assert not await approvals.use("ap_7QK2MNPR", prepared_hash="another")
    uses = await asyncio.gather(
        *(approvals.use("ap_7QK2MNPR", prepared_hash="h") for _ in range(8))
    )
    assert sorted(uses) == [False] * 7 + [True]
    with pytest.raises(PolicyError, match=r"approved already by ana .*, and used"):
        await approvals.answer("ap_7QK2MNPR", approved=True, by="ben")


async def test_a_no_is_no_yes(approvals: Approvals) -> None:
    await approvals.ask(question())
    await approvals.answer("ap_7QK2MNPR", approved=False, by="ana")
    assert not await approvals.use("ap_7QK2MNPR", prepared_hash="h")


async def test_a_yes_expires_too(approvals: Approvals, clock: MovedClock) -> None:
    await approvals.ask(question())
    await approvals.answer("ap_7QK2MNPR", approved=True, by="ana")
    clock.later = timedelta(hours=25)
    assert not await approvals.use("ap_7QK2MNPR", prepared_hash="h")
    assert (await approvals.get("ap_7QK2MNPR")).state is ApprovalState.EXPIRED


async def test_an_unknown_id_is_told_with_the_nearest_or_those_that_wait(
    approvals: Approvals,
) -> None:
    with pytest.raises(NotFoundError, match="Nothing waits"):
        await approvals.get("ap_x")
    await approvals.ask(question())
    with pytest.raises(NotFoundError, match=r"Did you mean ap_7QK2MNPR\?"):
        await approvals.answer("ap_7QK2MNP", approved=True, by="ana")
    with pytest.raises(NotFoundError, match=r"Waiting: ap_7QK2MNPR\."):
        await approvals.get("\0'; DROP TABLE approval_log; --" * 1000)


async def test_each_state_has_its_list_the_newest_first(
    approvals: Approvals, clock: MovedClock
) -> None:
    for i, state in enumerate(ApprovalState):
        expires = NOON + timedelta(seconds=1 if state is ApprovalState.EXPIRED else 1000)
        asked = NOON + timedelta(microseconds=i)
        await approvals.ask(question(f"ap_{state}", asked=asked, expires=expires))
    for name in ("approved", "used", "denied"):
        await approvals.answer(f"ap_{name}", approved=name != "denied", by="ana")
    await approvals.use("ap_used", prepared_hash="h")
    clock.later = timedelta(seconds=10)
    for state in ApprovalState:
        assert [a.id for a in await approvals.list(state)] == [f"ap_{state}"]
    assert [a.id for a in await approvals.list()] == [f"ap_{s}" for s in reversed(ApprovalState)]


async def test_the_newest_approval_of_a_call_is_found(approvals: Approvals) -> None:
    assert await approvals.of_call("C1") is None
    await approvals.ask(question("ap_1"))
    await approvals.ask(question("ap_2", asked=NOON + timedelta(seconds=1)))
    await approvals.ask(question("ap_3", call_id="C2"))
    found = await approvals.of_call("C1")
    assert found is not None
    assert found.id == "ap_2"


async def test_an_answer_from_another_process_counts(
    shared_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    asking, answering = Store(shared_url, tmp_path), Store(shared_url, tmp_path)
    await Approvals(asking, clock).ask(question())
    await Approvals(answering, clock).answer("ap_7QK2MNPR", approved=True, by="ana")
    assert await Approvals(asking, clock).use("ap_7QK2MNPR", prepared_hash="h")
    assert not await Approvals(answering, clock).use("ap_7QK2MNPR", prepared_hash="h")
    await asking.aclose()
    await answering.aclose()
