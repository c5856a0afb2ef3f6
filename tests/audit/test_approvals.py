"""Approvals as stored facts: one answer, one use, for one request, in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dragoman.audit.approval import Approval, ApprovalState
from dragoman.audit.approvals import Approvals, Edit
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


async def test_an_answer_counts_for_the_request_that_was_seen(approvals: Approvals) -> None:
    await approvals.ask(question())
    with pytest.raises(PolicyError, match="asks for another request by now"):
        await approvals.answer("ap_7QK2MNPR", approved=True, by="ana", seen="of yesterday")
    edit = Edit({"arguments": {"amount": 20}}, "h2", {"body": '{"amount":20}'})
    edited = await approvals.answer("ap_7QK2MNPR", approved=True, by="ana", edit=edit, seen="h")
    assert edited == await approvals.get("ap_7QK2MNPR")
    assert (edited.call, edited.shown) == (edit.call, edit.shown)
    assert edited.edits == {"arguments": question().call["arguments"], "prepared_hash": "h"}
    assert not await approvals.use("ap_7QK2MNPR", prepared_hash="h")
    assert await approvals.use("ap_7QK2MNPR", prepared_hash="h2")


async def test_a_question_is_put_with_its_claim_or_not_at_all(approvals: Approvals) -> None:
    assert await approvals.ask(question(), unless=lambda _: "in the way") == "in the way"
    assert await approvals.list() == []
    await approvals.ask(question("ap_1"))
    await approvals.ask(question("ap_2"), instead_of="ap_1")
    assert [approval.id for approval in await approvals.waiting()] == ["ap_2"]
    with pytest.raises(PolicyError, match="ap_1 has expired at 2026-11-24 12:00 UTC unanswered"):
        await approvals.answer("ap_1", approved=True, by="ana")


async def test_who_asked_does_not_answer_unless_it_is_the_owner(approvals: Approvals) -> None:
    await approvals.ask(question(asked_by="bot"))
    with pytest.raises(PolicyError, match="bot asked ap_7QK2MNPR itself"):
        await approvals.answer("ap_7QK2MNPR", approved=True, by="bot")
    await approvals.ask(question("ap_2"))
    assert (await approvals.answer("ap_2", approved=True, by="owner")).answered_by == "owner"


async def test_what_nobody_answers_in_time_expires_once(
    approvals: Approvals, clock: MovedClock
) -> None:
    await approvals.ask(question())
    assert await approvals.expire() == 0
    assert await approvals.next_expiry() == question().expires
    clock.later = timedelta(hours=24)
    assert [await approvals.expire() for _ in range(2)] == [1, 0]
    assert await approvals.next_expiry() is None
    assert [a.id for a in await approvals.list(ApprovalState.EXPIRED)] == ["ap_7QK2MNPR"]


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
