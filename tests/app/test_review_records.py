"""What a stranger tried to lose a record with: cancellation, closing, and large arguments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from dragoman import Status
from small_shop import Shop

REFUND = {"order_id": "1042", "amount": 50}


async def test_a_call_that_is_cancelled_while_it_is_out_is_on_the_record(
    dragoman: Any, shop: Shop
) -> None:
    out, go = asyncio.Event(), asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        out.set()
        await go.wait()
        return web.json_response({"refund_id": "r1"})

    shop.answer = answer
    d = await dragoman(require_approval="never")
    calling = asyncio.create_task(d.call("shop.refundOrder", REFUND, idempotency_key="k"))
    await out.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    go.set()
    (claim,) = await d.unknown()
    record = await d.parts.audit.get_call(claim.call_id)
    assert (record.status, record.operation) == ("cancelled", "shop.refundOrder")
    assert (await d.call("shop.refundOrder", REFUND, idempotency_key="k")).status is Status.UNKNOWN


async def test_a_record_can_be_read_after_all_is_closed(dragoman: Any) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", {"order_id": "1042"})
    await d.aclose()
    assert outcome.record["arguments"] == {"order_id": "1042"}
    assert outcome.record["prepared"]["target"].endswith("/orders/1042")


@pytest.mark.parametrize("size", [10_000, 2_000_000])
async def test_a_call_with_a_large_argument_is_recorded_and_so_are_the_others(
    dragoman: Any, size: int
) -> None:
    d = await dragoman()
    large = await d.call("shop.listOrders", {"customer_id": "x" * size}, user="u" * 10_000)
    small = await d.call("shop.getOrder", {"order_id": "1"})
    for one in (large, small):
        assert (await d.parts.audit.get_call(one.id)).status == one.status
