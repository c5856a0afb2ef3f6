"""What a stranger tried to break one side effect, a yes and the record with."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from dragoman import Status
from moved_clock import MovedClock
from small_shop import Shop

REFUND = {"order_id": "1042", "amount": 50}


@pytest.mark.parametrize("time", range(3))
async def test_of_two_who_resume_at_once_nobody_asks_again(
    dragoman: Any, shop: Shop, time: int
) -> None:
    d, other = await dragoman(), await dragoman()
    asked = await d.call("shop.refundOrder", REFUND)
    await d.approve(asked.approval, by="ana")
    ended = await asyncio.gather(*(one.resume(asked.id) for one in (d, other, d, other)))
    assert {one.status for one in ended} <= {Status.OK, Status.RUNNING}
    assert len(await d.parts.approvals.list()) == 1, "a person was asked again"
    assert len(shop.refunds) == 1


async def test_a_call_that_was_only_shown_is_only_shown_again(dragoman: Any, shop: Shop) -> None:
    d = await dragoman(require_approval="never")
    shown = await d.call("shop.refundOrder", REFUND, dry_run=True)
    assert (await d.resume(shown.id)).status is Status.PREVIEWED
    assert shop.refunds == []


async def test_what_was_done_is_not_done_again_by_resuming_it(dragoman: Any, shop: Shop) -> None:
    clock = MovedClock()
    d = await dragoman(require_approval="never", clock=clock)
    first = await d.call("shop.refundOrder", REFUND, conversation="c")
    clock.later = timedelta(minutes=11)
    again = await d.resume(first.id)
    assert (again.repeated_from is not None, len(shop.refunds)) == (True, 1)
    await d.call("shop.refundOrder", {**REFUND, "amount": 2}, conversation="c")
    await d.resume(first.id)
    assert len(shop.refunds) == 2


async def test_the_record_of_what_was_sent_outlives_a_resume_that_sends_nothing(
    dragoman: Any, shop: Shop
) -> None:
    d = await dragoman(require_approval="never")
    first = await d.call("shop.refundOrder", REFUND)
    before = (await d.parts.audit.get_call(first.id)).as_json()
    await d.resume(first.id)
    await d.parts.pauses.begin("all", reason="audit", by="ana")
    assert (await d.resume(first.id)).status is Status.FAILED
    assert (await d.parts.audit.get_call(first.id)).as_json() == before
    assert len(shop.refunds) == 1


async def test_a_name_that_no_index_takes_loses_no_record_of_others(dragoman: Any) -> None:
    d = await dragoman()
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789é", k=20_000))
    await d.call(f"shop.{noise}", {})
    good = await d.call("shop.getOrder", {"order_id": "1"})
    await d.parts.audit.flush()
    assert (await d.parts.audit.get_call(good.id)).status == "ok"


@pytest.mark.parametrize("key", ["", "k" * 1_000_000, "\ud800", "a\0b", "\n", "ключ"])
async def test_a_key_is_a_short_text_or_is_refused(dragoman: Any, shop: Shop, key: str) -> None:
    d = await dragoman(require_approval="never")
    first = await d.call("shop.refundOrder", REFUND, idempotency_key=key)
    second = await d.call("shop.refundOrder", REFUND, idempotency_key=key)
    if key == "ключ":
        assert (second.repeated_from is not None, len(shop.refunds)) == (True, 1)
        return
    assert first.status is Status.FAILED
    assert (first.problem.code, shop.refunds) == ("arguments", [])
