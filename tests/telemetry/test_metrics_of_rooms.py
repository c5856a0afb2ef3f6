"""What other rooms know now: limits of APIs, breakers, approvals, records that wait."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from collector import Opener
from measured import Measured

from dragoman import Dragoman, Status, StoreError
from small_shop import Shop

REFUND = {"order_id": "1042", "amount": 5}


async def test_what_an_api_says_of_its_limit_is_measured(opened: Opener, shop: Shop) -> None:
    headers = {"RateLimit-Limit": "60", "RateLimit-Remaining": "41", "RateLimit-Reset": "30"}
    shop.answer = lambda request: web.json_response({}, headers=headers)
    d: Dragoman = await opened()
    await d.call("shop.getOrder", {"order_id": "1042"})
    told = Measured(d.metrics())
    assert told("api_limit", api="shop") == 60
    assert told("api_limit_remaining", api="shop") == 41
    assert 0 < told("api_limit_reset_seconds", api="shop") <= 30


async def test_an_open_breaker_is_seen_and_so_is_what_it_refuses(
    opened: Opener, shop: Shop
) -> None:
    d: Dragoman = await opened(require_approval="never", limits={"retries": 0})
    await d.call("shop.getOrder", {"order_id": "1042"})
    assert Measured(d.metrics())("breaker_state", api="shop") == 0
    shop.answer = lambda request: web.Response(status=500)
    for _ in range(20):
        await d.call("shop.refundOrder", REFUND)
    told = Measured(d.metrics())
    assert told("breaker_state", api="shop") == 2
    sent = told("attempts_total", api="shop", ended="500")
    assert sent == len(shop.requests) - 1 < 20
    refused = told.total("errors_total", operation="shop.refundOrder") - sent
    assert refused == 20 - sent


async def test_questions_to_people_are_counted_by_what_becomes_of_them(opened: Opener) -> None:
    d: Dragoman = await opened()
    for approve in (d.approve, d.deny):
        waiting = await d.call("shop.refundOrder", REFUND)
        assert waiting.status is Status.PENDING
        assert waiting.approval is not None
        await approve(waiting.approval)
    told = Measured(d.metrics())
    states = {state: told("approvals_total", state=state) for state in ("asked", "approved")}
    assert states == {"asked": 2, "approved": 1}
    assert told("approvals_total", state="denied") == 1
    assert told.total("errors_total") == 0


async def test_records_that_wait_and_that_are_lost_are_told(
    opened: Opener, monkeypatch: Any
) -> None:
    d: Dragoman = await opened()
    await d.call("shop.getOrder", {"order_id": "1042"})
    assert Measured(d.metrics())("records_waiting") == 1
    await d.parts.audit.flush()
    told = Measured(d.metrics())
    assert (told("records_waiting"), told("records_lost")) == (0, 0)

    async def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(d.parts.store, "write", full)
    await d.call("shop.getOrder", {"order_id": "1043"})
    with pytest.raises(StoreError, match="1 records were lost"):
        await d.parts.audit.flush()
    assert Measured(d.metrics())("records_lost") == 1
