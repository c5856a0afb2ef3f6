"""Within a conversation an equal write is the same one for ten minutes (promise 4)."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from dragoman import Status
from moved_clock import MovedClock

REFUND = {"order_id": "1042", "amount": 25}


async def test_it_is_done_once_in_ten_minutes_and_anew_after_them(dragoman, shop) -> None:
    clock = MovedClock()
    d = await dragoman(clock=clock, require_approval="never")
    first = await d.call("shop.refundOrder", REFUND, conversation="c")
    clock.later = timedelta(minutes=9, seconds=59)
    again = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert (again.data, again.repeated_from) == (first.data, clock.now() - clock.later)
    assert len(shop.refunds) == 1
    clock.later = timedelta(minutes=10)
    anew = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert (anew.ok, anew.repeated_from, len(shop.refunds)) == (True, None, 2)


async def test_another_conversation_another_user_and_other_arguments_are_another_write(
    dragoman, shop
) -> None:
    d = await dragoman(require_approval="never")
    await d.call("shop.refundOrder", REFUND, conversation="c", user="u_1")
    await d.call("shop.refundOrder", REFUND, conversation="c", user="u_2")
    await d.call("shop.refundOrder", REFUND, conversation="e", user="u_1")
    await d.call("shop.refundOrder", {**REFUND, "amount": 26}, conversation="c", user="u_1")
    assert len(shop.refunds) == 4


async def test_a_yes_that_comes_late_is_found_by_the_repeated_call(dragoman, shop) -> None:
    clock = MovedClock()
    d = await dragoman(clock=clock)
    waiting = await d.call("shop.refundOrder", REFUND, conversation="c")
    clock.later = timedelta(hours=5)
    assert (await d.call("shop.refundOrder", REFUND, conversation="c")).approval == waiting.approval
    await d.approve(waiting.approval)
    await d.resume(waiting.id)
    done = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert (done.ok, bool(done.repeated_from), len(shop.refunds)) == (True, True, 1)


async def test_what_may_have_happened_is_not_sent_again_by_waiting_ten_minutes(
    dragoman, shop
) -> None:
    clock = MovedClock()
    d = await dragoman(clock=clock, require_approval="never")
    shop.answer = lambda _: web.Response(status=500)
    first = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert first.status is Status.UNKNOWN
    clock.later = timedelta(minutes=30)
    again = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert again.status is Status.UNKNOWN
    assert len(shop.requests) == 1


async def test_the_number_of_items_is_told_where_not_all_are_shown(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.listOrders", {"customer_id": "u_7"}, budget=1_000)
    assert outcome.total == 400
    assert 0 < len(outcome.data["orders"]) < 400
