"""The key by which an API knows a write again: sent by us, chosen by no model."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from moved_clock import MovedClock
from small_shop import DOCUMENT, Shop

REFUND = {"order_id": "1", "amount": 5}
RULES: dict[str, Any] = {
    "idempotency": {"header": "Idempotency-Key", "keep": "2h"},
    "require_approval": "never",
}


class Remembering:
    """An API that does a write once for each key; `lost` answers never arrive."""

    def __init__(self, shop: Shop, lost: int = 0) -> None:
        self.keys: list[str | None] = []
        self.done: dict[str | None, str] = {}
        self.lost = lost
        shop.answer = self.answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key")
        self.keys.append(key)
        refund = self.done.setdefault(key, f"r{len(self.done) + 1}")
        if len(self.keys) <= self.lost:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return web.json_response({"refund_id": refund}, status=201)


async def test_a_write_goes_out_with_a_key_and_a_read_without(shop: Shop, dragoman: Any) -> None:
    api = Remembering(shop)
    d: Dragoman = await dragoman(**RULES)
    await d.call("shop.refundOrder", REFUND)
    await d.call("shop.getOrder", {"order_id": "1"})
    key, none = api.keys
    assert key is not None
    assert UUID(key).version == 8
    assert none is None


async def test_an_answer_that_was_lost_is_fetched_with_the_same_key(
    shop: Shop, dragoman: Any
) -> None:
    api = Remembering(shop, lost=1)
    d: Dragoman = await dragoman(**RULES)
    first = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert first.status is Status.UNKNOWN
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.status, again.data) == (Status.OK, {"refund_id": "r1"})
    assert api.keys[0] == api.keys[1]
    assert len(api.done) == 1


@pytest.mark.parametrize(("later", "status"), [(1, Status.OK), (3, Status.UNKNOWN)])
async def test_it_is_sent_again_only_while_the_api_remembers_the_first_sending(
    shop: Shop, dragoman: Any, later: int, status: Status
) -> None:
    api = Remembering(shop, lost=2)
    clock = MovedClock()
    d: Dragoman = await dragoman(clock=clock, **RULES)
    for _ in range(2):
        await d.call("shop.refundOrder", REFUND, idempotency_key="k")
        clock.later += timedelta(minutes=10)
    clock.later = timedelta(hours=later)
    last = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert last.status is status
    assert len(api.keys) == (3 if status is Status.OK else 2)


async def test_without_the_rule_a_lost_answer_stays_unknown(shop: Shop, dragoman: Any) -> None:
    api = Remembering(shop, lost=1)
    d: Dragoman = await dragoman(require_approval="never")
    for _ in range(2):
        outcome = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
        assert outcome.status is Status.UNKNOWN
    assert api.keys == [None]


async def test_other_arguments_other_scopes_and_other_users_have_other_keys(
    shop: Shop, dragoman: Any
) -> None:
    api = Remembering(shop)
    d: Dragoman = await dragoman(**RULES)
    await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    await d.call("shop.refundOrder", {**REFUND, "amount": 6}, idempotency_key="k")
    await d.call("shop.refundOrder", REFUND, idempotency_key="k2")
    await d.call("shop.refundOrder", REFUND, idempotency_key="k", user="ana")
    assert len(set(api.keys)) == 4


async def test_a_described_key_is_no_argument_of_a_model(
    shop: Shop, dragoman: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Remembering(shop)
    described = {
        "name": "idempotency-key",
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
    }
    parameters = DOCUMENT["paths"]["/orders/{order_id}/refunds"]["post"]["parameters"]
    monkeypatch.setitem(
        DOCUMENT["paths"]["/orders/{order_id}/refunds"]["post"],
        "parameters",
        [*parameters, described],
    )
    d: Dragoman = await dragoman(**RULES)
    schema = d.parts.operation("shop.refundOrder").contract.input_schema
    assert "idempotency-key" not in str(schema).lower()
    assert (await d.call("shop.refundOrder", REFUND)).status is Status.OK
    refused = await d.call("shop.refundOrder", {**REFUND, "idempotency-key": "chosen"})
    assert refused.status is Status.FAILED
    assert api.keys.count("chosen") == 0
