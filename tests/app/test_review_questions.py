"""What a stranger tried to break a question and its answer with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dragoman import DragomanError, Status
from moved_clock import MovedClock
from small_shop import Shop

REFUND = {"order_id": "1042", "amount": 50}


async def test_what_was_done_within_an_answer_is_not_asked_again_though_another_write_followed(
    dragoman: Any, shop: Shop
) -> None:
    """Two questions of one answer, two yes; then somebody resumes a call once more."""
    d = await dragoman()
    first = await d.call("shop.refundOrder", REFUND, conversation="c")
    second = await d.call("shop.refundOrder", {**REFUND, "amount": 2}, conversation="c")
    for one in (first, second):
        await d.approve(one.approval)
        assert (await d.resume(one.id)).ok
    again = await d.resume(first.id)
    assert (again.status, again.repeated_from is not None) == (Status.OK, True)
    assert "was not done again" in again.note
    assert (await d.parts.approvals.waiting(), len(shop.refunds)) == ([], 2)


async def test_a_yes_is_not_used_up_by_a_call_that_is_held_back(dragoman: Any, shop: Shop) -> None:
    d = await dragoman(limits={"rate": "1/hour"})
    asked = await d.call("shop.refundOrder", REFUND)
    await d.approve(asked.approval, by="ana")
    await d.call("shop.getOrder", {"order_id": "1"})
    held = await d.resume(asked.id)
    assert (held.status, held.problem.code) == (Status.FAILED, "limit")
    assert (await d.parts.approvals.get(asked.approval)).state == "approved"
    assert shop.refunds == []


@pytest.mark.parametrize("name", ["support-bot ", " support-bot", "😀" * 100])
async def test_a_link_is_made_for_a_name_as_it_is_compared(dragoman: Any, name: str) -> None:
    bot = {"support-bot": {"scopes": ["shop:read"]}}
    d = await dragoman(top={"callers": bot})
    asked = await d.call("shop.refundOrder", REFUND)
    question = await d.parts.approvals.get(asked.approval)
    if "bot" in name:
        with pytest.raises(DragomanError):
            await d.parts.links.make(question, name)
        return
    link = await d.parts.links.make(question, name)
    assert (await d.answer_link(link, approved=True)).answered_by == " ".join(name.split())


@pytest.mark.parametrize("changed", ["pause", "scope", "account", "by"])
async def test_an_edited_yes_sends_nothing_once_the_owner_has_changed_the_rules(
    dragoman: Any, shop: Shop, changed: str
) -> None:
    bot = {"bot": {"scopes": ["shop:read", "shop:write"]}}
    d = await dragoman(top={"callers": bot})
    asked = await d.call("shop.refundOrder", REFUND, caller="bot")
    await d.approve(asked.approval, by="ana", arguments={"amount": 20})
    await d.aclose()
    top: dict[str, Any] = {"callers": bot}
    more: dict[str, Any] = {}
    if changed == "scope":
        top = {"callers": {"bot": {"scopes": ["shop:read"]}}}
    if changed == "by":
        more = {"require_approval": {"when": "true", "by": ["finance"]}}
    if changed == "account":
        more = {"fill": {"reason": "late"}}
    d = await dragoman(top=top, **more)
    if changed == "pause":
        await d.parts.pauses.begin("all", reason="audit", by="ana")
    ended = await d.resume(asked.id)
    assert ended.status in {Status.PENDING, Status.FAILED}
    assert ended.approval != asked.approval
    assert shop.refunds == []


async def test_an_edited_yes_that_has_expired_is_asked_anew_as_it_was_edited(
    dragoman: Any, shop: Shop
) -> None:
    clock = MovedClock()
    d = await dragoman(clock=clock)
    asked = await d.call("shop.refundOrder", REFUND, conversation="c")
    await d.approve(asked.approval, by="ana", arguments={"amount": 20})
    clock.later = timedelta(days=3)
    anew = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert (anew.status, anew.approval != asked.approval) == (Status.PENDING, True)
    question = await d.parts.approvals.get(anew.approval)
    assert question.shown["arguments"]["amount"] == 20
    await d.deny(anew.approval, by="ana", reason="no")
    assert (await d.resume(anew.id)).status is Status.FAILED
    plain = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert plain.status is Status.PENDING
    shown = (await d.parts.approvals.get(plain.approval)).shown
    assert (shown["arguments"]["amount"], shop.refunds) == (50, [])


async def test_an_edit_to_what_was_done_already_says_what_was_sent(
    dragoman: Any, shop: Shop
) -> None:
    d = await dragoman()
    for amount in (20, 50):
        asked = await d.call("shop.refundOrder", {**REFUND, "amount": amount}, conversation="c")
        await d.approve(asked.approval, arguments={"amount": 20})
        done = await d.resume(asked.id)
    assert "approved with changes: amount 20 instead of 50" in done.note
    assert [one["amount"] for one in shop.refunds] == [20, 20]
    assert (await d.call("shop.refundOrder", REFUND, conversation="c")).repeated_from is not None
    assert len(shop.refunds) == 2
