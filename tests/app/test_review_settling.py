"""What a stranger tried to break a reconciliation with: races with a resume, and odd names."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, PolicyError, Status
from dragoman.audit.privacy import Privacy, sweep
from moved_clock import MovedClock
from small_shop import TOKEN, Shop

REFUND = {"order_id": "1042", "amount": 50}
RULE = {"read": "getOrder", "with": {"order_id": "args.order_id"}, "where": "result.refunded"}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


class Losing:
    """Answers to refunds are lost; what is read of them waits until a test lets it go."""

    def __init__(self, shop: Shop) -> None:
        self.sent: list[str | None] = []
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        shop.answer = self.answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            self.asked.set()
            await self.go.wait()
            return web.json_response({"refunded": False})
        self.sent.append(request.headers.get("Idempotency-Key"))
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


async def opened(dragoman: Any, clock: MovedClock) -> Dragoman:
    d: Dragoman = await dragoman(
        clock=clock,
        require_approval="never",
        limits={"retries": 0},
        idempotency={"header": "Idempotency-Key"},
        operations={"refundOrder": {"reconcile": RULE}},
    )
    return d


async def test_a_no_that_was_read_before_it_was_sent_again_frees_nothing(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    api, d = Losing(shop), await opened(dragoman, clock)
    lost = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert lost.status is Status.UNKNOWN
    clock.later = timedelta(minutes=5)
    asking = asyncio.create_task(d.reconcile(lost.id))
    await api.asked.wait()
    assert (await d.resume(lost.id)).status is Status.UNKNOWN
    api.go.set()
    found = await asking
    assert (found.happened, "by somebody else meanwhile" in found.note) == (None, True)
    assert [one.call_id for one in await d.unknown()] == [lost.id]


async def test_a_no_counts_only_where_it_was_read_after_the_sender_has_given_up(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    api, d = Losing(shop), await opened(dragoman, clock)
    lost = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    asking = asyncio.create_task(d.reconcile(lost.id))
    await api.asked.wait()
    clock.later = timedelta(minutes=5)
    api.go.set()
    assert (await asking).happened is None
    assert (await d.reconcile(lost.id)).happened is False


async def test_who_says_so_is_a_short_name_without_our_secrets(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    api, d = Losing(shop), await opened(dragoman, clock)
    api.go.set()
    lost = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    await d.reconcile(lost.id, happened=True, by=f"ana\n{TOKEN} {'x' * 5_000}")
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    decision = (await d.parts.audit.get_call(lost.id)).decision
    assert decision.startswith("reconciled by ana [SHOP_TOKEN] x")
    assert (len(decision) < 200, TOKEN in again.note, len(again.note) < 400) == (True, False, True)


async def test_what_was_settled_as_done_ends_the_sameness_like_any_other(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    d = await opened(dragoman, clock)
    await d.call("shop.refundOrder", REFUND, conversation="c")
    Losing(shop)
    lost = await d.call("shop.refundOrder", {**REFUND, "amount": 2}, conversation="c")
    await d.reconcile(lost.id, happened=True)
    shop.answer = None
    anew = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert (anew.ok, anew.repeated_from, len(shop.refunds)) == (True, None, 2)


async def test_a_question_about_what_was_sent_without_it_is_answered_no_more(
    dragoman: Any, shop: Shop
) -> None:
    """The owner asks for no yes any more: nobody is told that their change was what was sent."""
    d = await dragoman()
    asked = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    await d.aclose()
    free = await dragoman(require_approval="never")
    assert (await free.call("shop.refundOrder", REFUND, idempotency_key="k")).ok
    with pytest.raises(PolicyError):
        await free.approve(asked.approval, arguments={"amount": 5})
    with pytest.raises(PolicyError):
        await free.deny(asked.approval)
    assert (await free.resume(asked.id)).repeated_from is not None
    assert [one["amount"] for one in shop.refunds] == [50]


async def test_what_a_dead_process_did_ends_what_was_kept_once_it_is_known(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    d = await dragoman(clock=clock, require_approval="never", cache="1h")
    first = await d.call("shop.refundOrder", REFUND)
    await d.call("shop.getOrder", {"order_id": "1"})
    died = "UPDATE claims SET state = 'running', lease_until = '2026-11-24T11:59:00.000000+00:00'"
    await d.parts.store.write(lambda s: s.run(died, {}))
    assert (await d.reconcile(first.id, happened=True)).happened
    await d.call("shop.getOrder", {"order_id": "1"})
    assert [one["method"] for one in shop.requests] == ["POST", "GET", "GET"]


async def test_an_approved_write_can_be_sent_again_by_its_key_where_little_is_kept(
    dragoman: Any, shop: Shop, clock: MovedClock
) -> None:
    d = await dragoman(
        clock=clock,
        limits={"retries": 0},
        idempotency={"header": "Idempotency-Key"},
        top={"privacy": {"bodies": "redacted"}},
    )
    asked = await d.call("shop.refundOrder", REFUND)
    await d.approve(asked.approval)
    api = Losing(shop)
    assert (await d.resume(asked.id)).status is Status.UNKNOWN
    await d.parts.store.write(lambda s: sweep(s, Privacy("redacted"), clock))
    assert (await d.parts.approvals.get(asked.approval)).call == {}
    shop.answer = None
    assert (await d.resume(asked.id)).ok
    assert (len(api.sent), len(shop.refunds)) == (1, 1)
