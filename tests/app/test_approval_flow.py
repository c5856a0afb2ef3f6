"""Approvals: bound to one exact request, used once, answered anywhere, also after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dragoman import ArgumentError, PolicyError, Status
from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.clock import SystemClock
from dragoman.models.provider import ModelReply, ModelRequest, ToolCall, ToolResult
from dragoman.models.scripted import ScriptedProvider
from small_shop import TOKEN

REFUND = {"order_id": "1042", "amount": 25}


class MovedClock(SystemClock):
    """The system's clock, so many hours later."""

    def __init__(self) -> None:
        self.later = timedelta()

    def now(self) -> datetime:
        return super().now() + self.later


async def test_a_repeat_of_a_waiting_call_gets_the_same_approval(dragoman, shop) -> None:
    d = await dragoman()
    first = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert first.approval == again.approval
    assert len(await d.parts.approvals.waiting()) == 1


async def test_a_no_is_told_with_its_reason_and_nothing_is_sent(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND)
    await d.deny(waiting.approval, by="ana", reason="too much")
    outcome = await d.resume(waiting.id)
    assert outcome.status is Status.FAILED
    assert 'ana said no to shop.refundOrder, and wrote: "too much".' in outcome.problem.detail
    assert shop.refunds == []


async def test_after_a_no_the_same_call_is_asked_anew(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    await d.deny(waiting.approval)
    await d.resume(waiting.id)
    anew = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert anew.status is Status.PENDING
    assert anew.approval != waiting.approval


async def test_an_approval_is_used_once(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND)
    await d.approve(waiting.approval)
    first = await d.resume(waiting.id)
    second = await d.resume(waiting.id)
    assert first.ok
    assert second.repeated_from is not None
    assert len(shop.refunds) == 1
    with pytest.raises(PolicyError):
        await d.approve(waiting.approval)


async def test_who_comes_late_leaves_the_claim_of_who_is_sending(
    dragoman, shop, monkeypatch
) -> None:
    """Two resume at once: the other one takes the yes and claims just before we give up on it."""
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND)
    await d.approve(waiting.approval)
    start = Claims.start

    async def start_second(self, claim: Claim, *how: Any) -> Claim | None:
        assert await start(self, replace(claim, call_id="other"), *how) is None
        return await start(self, claim, *how)

    monkeypatch.setattr(Claims, "start", start_second)
    late = await d.resume(waiting.id)
    (held,) = await d.parts.store.read("SELECT state, call_id FROM claims", {})
    assert (late.status, *held.values()) == (Status.RUNNING, ClaimState.RUNNING, "other")
    assert await d.parts.approvals.waiting() == []
    assert shop.refunds == []


async def test_a_yes_from_another_process_counts(dragoman, shop) -> None:
    asking = await dragoman()
    waiting = await asking.call("shop.refundOrder", REFUND)
    await asking.aclose()
    answering = await dragoman()
    await answering.approve(waiting.approval, by="ana")
    outcome = await answering.resume(waiting.id)
    assert outcome.ok
    assert shop.refunds == [{"order_id": "1042", "amount": 25}]


async def test_a_yes_for_a_request_that_has_changed_since_is_asked_anew(dragoman, shop) -> None:
    asking = await dragoman()
    waiting = await asking.call("shop.refundOrder", REFUND)
    await asking.approve(waiting.approval)
    await asking.aclose()
    changed = await dragoman(fill={"reason": "late"})
    outcome = await changed.resume(waiting.id)
    assert outcome.status is Status.PENDING
    assert outcome.approval != waiting.approval
    assert shop.refunds == []


async def test_a_rule_that_came_after_the_yes_still_refuses(dragoman, shop) -> None:
    asking = await dragoman()
    waiting = await asking.call("shop.refundOrder", REFUND)
    await asking.approve(waiting.approval)
    await asking.aclose()
    read_only = await dragoman(read_only=True)
    outcome = await read_only.resume(waiting.id)
    assert outcome.problem.code == "refused"
    assert shop.refunds == []


async def test_an_approval_expires(dragoman, shop) -> None:
    clock = MovedClock()
    d = await dragoman(clock=clock)
    waiting = await d.call("shop.refundOrder", REFUND)
    clock.later = timedelta(hours=25)
    with pytest.raises(PolicyError, match="expired"):
        await d.approve(waiting.approval)
    anew = await d.resume(waiting.id)
    assert anew.status is Status.PENDING
    assert anew.approval != waiting.approval


async def test_a_read_can_need_a_yes_too(dragoman, shop) -> None:
    d = await dragoman(require_approval="always")
    waiting = await d.call("shop.getOrder", {"order_id": "1042"})
    assert waiting.status is Status.PENDING
    await d.approve(waiting.approval)
    assert (await d.resume(waiting.id)).data["status"] == "shipped"
    assert (await d.call("shop.getOrder", {"order_id": "1042"})).status is Status.PENDING


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        ("never", {"ok"}),
        ("writes", {"pending"}),
        ("always", {"pending"}),
    ],
)
async def test_the_owner_says_what_needs_a_yes(
    dragoman: Any, shop: Any, rule: str, statuses: set[str]
) -> None:
    d = await dragoman(require_approval=rule)
    outcomes = [
        await d.call("shop.refundOrder", REFUND),
        await d.call("shop.deleteOrder", {"order_id": "1042"}),
    ]
    assert {o.status.value for o in outcomes} == statuses


async def test_a_call_with_our_own_secret_in_it_is_not_stored_to_wait(dragoman, shop) -> None:
    d = await dragoman(require_approval="always")
    d.parts.live.add(TOKEN, "SHOP_TOKEN")
    outcome = await d.call("shop.listOrders", {"customer_id": TOKEN})
    assert outcome.problem.code == "arguments"
    assert "one of our secrets" in outcome.problem.detail
    assert await d.parts.approvals.waiting() == []


async def test_the_person_sees_the_exact_request(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND)
    approval = await d.parts.approvals.get(waiting.approval)
    assert approval.shown["method"] == "POST"
    assert approval.shown["target"] == f"{shop.url}/orders/1042/refunds"
    assert approval.shown["body"] == '{"amount":25}'
    assert approval.prepared_hash == waiting.prepared.hash


def refunding() -> ScriptedProvider:
    """A model that wants to refund 50 and says what it was told of it."""
    call = ToolCall("t1", "shop__refundOrder", '{"order_id": "1042", "amount": 50}')

    def reply(request: ModelRequest) -> ModelReply:
        last = request.transcript[-1]
        if isinstance(last, ToolResult):
            return ModelReply(text=last.content)
        return ModelReply(tool_calls=(call,))

    return ScriptedProvider(reply)


async def test_the_model_is_told_what_the_person_at_the_prompt_has_changed(dragoman, shop) -> None:
    d = await dragoman(model=refunding())
    answer = await d.ask("Refund order 1042", approve=lambda _: {"amount": 20})
    assert answer.ok
    assert "note: approved with changes: amount 20 instead of 50." in answer.text
    assert [refund["amount"] for refund in shop.refunds] == [20]


async def test_the_model_is_told_what_was_changed_while_its_answer_waited(dragoman, shop) -> None:
    d = await dragoman(model=refunding())
    waiting = await d.ask("Refund order 1042")
    assert waiting.status is Status.PENDING
    approval = waiting.approvals[0]
    await d.approve(approval.id, by="ana", arguments={"amount": 20, "reason": "late"})
    answer = await d.resume(waiting.id)
    told = 'approved with changes: amount 20 instead of 50; reason "late".'
    assert told in answer.text
    assert shop.refunds == [{"order_id": "1042", "amount": 20, "reason": "late"}]
    record = await d.parts.audit.get_call(approval.call_id)
    assert record.origins["amount"] == "edited by ana"
    assert record.approval_id == approval.id


async def test_an_argument_can_be_taken_away(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", {**REFUND, "reason": "late"})
    await d.approve(waiting.approval, arguments={"reason": None})
    outcome = await d.resume(waiting.id)
    assert "approved with changes: without reason." in outcome.note
    assert shop.refunds == [{"order_id": "1042", "amount": 25}]


async def test_a_change_that_changes_nothing_is_a_plain_yes(dragoman, shop) -> None:
    d = await dragoman()
    waiting = await d.call("shop.refundOrder", REFUND)
    approved = await d.approve(waiting.approval, arguments={"amount": 25})
    assert approved.edits is None
    assert (await d.resume(waiting.id)).note == ""


async def test_a_read_can_be_edited_too_and_its_yes_is_used_once(dragoman, shop) -> None:
    d = await dragoman(require_approval="always")
    waiting = await d.call("shop.getOrder", {"order_id": "1"}, idempotency_key="k")
    await d.approve(waiting.approval, arguments={"order_id": "2"})
    repeated = await d.call("shop.getOrder", {"order_id": "1"}, idempotency_key="k")
    assert repeated.data["order_id"] == "2"
    anew = await d.call("shop.getOrder", {"order_id": "1"}, idempotency_key="k")
    assert anew.status is Status.PENDING
    assert [request["target"] for request in shop.requests] == ["/orders/2"]


async def test_a_secret_cannot_be_edited_into_a_call(dragoman, shop) -> None:
    d = await dragoman(require_approval="always")
    d.parts.live.add(TOKEN, "SHOP_TOKEN")
    waiting = await d.call("shop.listOrders", {"customer_id": "u_7"})
    with pytest.raises(ArgumentError, match="one of our secrets"):
        await d.approve(waiting.approval, arguments={"customer_id": TOKEN})
    assert (await d.parts.approvals.get(waiting.approval)).state == "waiting"
