"""A person is asked by value, and only whom the rule names may answer."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman import Dragoman, PolicyError, Status
from small_shop import Shop


def rules(**condition: Any) -> dict[str, Any]:
    return {"refundOrder": {"require_approval": condition}}


@pytest.mark.parametrize(
    ("when", "amount", "user", "status"),
    [
        ("args.amount > 50", 50, None, Status.OK),
        ("args.amount > 50", 50.01, None, Status.PENDING),
        ("args.amount > 50", 2**70, None, Status.PENDING),
        ("args.amount > 50 && args.reason != 'damaged'", 60, None, Status.PENDING),
        ("caller.user in ['ana']", 1, "ana", Status.PENDING),
        ("caller.user in ['ana']", 1, "bo", Status.OK),
        ("caller.user in ['ana']", 1, None, Status.PENDING),
        ("effect == 'write'", 1, None, Status.PENDING),
        ("args.amount", 1, None, Status.PENDING),
        ("args.reason == 'damaged'", 1, None, Status.PENDING),
        ("false", 1, None, Status.OK),
    ],
)
async def test_what_is_not_surely_false_asks(
    shop: Shop, dragoman: Any, *, when: str, amount: float, user: str | None, status: Status
) -> None:
    d: Dragoman = await dragoman(operations=rules(when=when))
    outcome = await d.call("shop.refundOrder", {"order_id": "1", "amount": amount}, user=user)
    assert outcome.status is status
    assert len(shop.refunds) == (status is Status.OK)


async def test_a_read_may_be_asked_about_too(shop: Shop, dragoman: Any) -> None:
    condition = {"when": "args.order_id == '7'"}
    d: Dragoman = await dragoman(operations={"getOrder": {"require_approval": condition}})
    assert (await d.call("shop.getOrder", {"order_id": "1"})).status is Status.OK
    assert (await d.call("shop.getOrder", {"order_id": "7"})).status is Status.PENDING


async def test_only_who_is_named_may_answer(shop: Shop, dragoman: Any) -> None:
    d: Dragoman = await dragoman(operations=rules(by=["finance", "lead"]))
    waits = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5})
    assert waits.approval is not None
    with pytest.raises(PolicyError, match="is for finance or lead to answer, not for owner"):
        await d.approve(waits.approval)
    with pytest.raises(PolicyError):
        await d.deny(waits.approval, by="ana")
    approved = await d.approve(waits.approval, by="finance")
    assert approved.answered_by == "finance"
    assert (await d.resume(waits.id)).status is Status.OK


async def test_a_preview_says_whether_this_call_would_ask(shop: Shop, dragoman: Any) -> None:
    d: Dragoman = await dragoman(operations=rules(when="args.amount > 50"))
    for amount, asks in ((50, False), (51, True)):
        arguments = {"order_id": "1", "amount": amount}
        preview = await d.call("shop.refundOrder", arguments, dry_run=True)
        assert preview.data["needs_approval"] is asks


async def test_nobody_at_the_loop_answers_for_others(shop: Shop, dragoman: Any) -> None:
    from dragoman.models.provider import ModelReply, ToolCall
    from dragoman.models.scripted import ScriptedProvider

    call = ToolCall("t1", "shop__refundOrder", '{"order_id": "1", "amount": 5}')
    model = ScriptedProvider([ModelReply(tool_calls=(call,)), ModelReply(text="Done.")])
    d: Dragoman = await dragoman(model=model, operations=rules(by=["finance"]))
    answer = await d.ask("Refund order 1", approve=lambda _: True)
    assert (answer.status, shop.refunds) == (Status.PENDING, [])
