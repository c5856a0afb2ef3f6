"""An API that is down, slow, endless, not JSON or lying: a clear typed error within its bound."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from small_shop import TOKEN

ORDER = {"order_id": "1042"}


async def test_an_api_that_is_down_is_named(dragoman, shop) -> None:
    d = await dragoman(base_url="http://127.0.0.1:9")
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "network"
    assert outcome.problem.retryable
    assert "127.0.0.1:9" in outcome.problem.detail


async def test_a_slow_api_ends_at_its_timeout(dragoman, shop) -> None:
    async def for_ever(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    shop.answer = for_ever
    d = await dragoman(limits={"timeout": "200ms"})
    started = time.monotonic()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "network"
    assert time.monotonic() - started < 5


async def test_an_answer_over_the_bound_is_refused_by_name(dragoman, shop) -> None:
    shop.answer = lambda request: web.json_response({"x": "y" * 100_000})
    d = await dragoman(limits={"max_bytes": 10_000})
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "response"


async def test_html_that_claims_to_be_json_is_told(dragoman, shop) -> None:
    shop.answer = lambda request: web.Response(
        text="<html>Service unavailable</html>", content_type="application/json"
    )
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "response"
    assert "JSON" in outcome.problem.detail


async def test_an_error_of_the_api_keeps_its_words_and_loses_our_secret(dragoman, shop) -> None:
    shop.answer = lambda request: web.json_response(
        {"detail": f"bad token {TOKEN}", "internal": "stack trace"}, status=400
    )
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "api"
    assert "bad token [SHOP_TOKEN]" in outcome.problem.detail
    assert "stack trace" not in outcome.problem.detail


async def test_a_refused_credential_says_what_to_rotate(dragoman, shop) -> None:
    shop.answer = lambda request: web.json_response({}, status=401)
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "credential"
    assert "401 from shop with bearer ${SHOP_TOKEN}" in outcome.problem.detail
    assert "dragoman check shop" in outcome.problem.hint


async def test_a_missing_secret_is_named_at_the_first_call_and_not_before(dragoman, shop) -> None:
    d = await dragoman(environ={})
    assert d.search("refund")
    assert d.tools()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.code == "credential"
    assert "SHOP_TOKEN is not set" in outcome.problem.detail
    assert shop.requests == []


@pytest.mark.parametrize("status", [500, 503])
async def test_a_write_that_the_api_failed_at_may_have_happened(
    dragoman, shop, status: int
) -> None:
    d = await dragoman(require_approval="never")
    shop.answer = lambda request: web.json_response({}, status=status)
    arguments = {**ORDER, "amount": 5}
    first = await d.call("shop.refundOrder", arguments, idempotency_key="k")
    shop.answer = None
    again = await d.call("shop.refundOrder", arguments, idempotency_key="k")
    assert (first.status, again.status) == (Status.UNKNOWN, Status.UNKNOWN)
    assert shop.refunds == []


async def test_a_write_that_the_api_refused_may_be_tried_again(dragoman, shop) -> None:
    d = await dragoman(require_approval="never")
    shop.answer = lambda request: web.json_response({}, status=409)
    arguments = {**ORDER, "amount": 5}
    assert not (await d.call("shop.refundOrder", arguments, idempotency_key="k")).ok
    shop.answer = None
    assert (await d.call("shop.refundOrder", arguments, idempotency_key="k")).ok


async def test_a_429_says_when_to_try_again(dragoman, shop) -> None:
    shop.answer = lambda request: web.json_response({}, status=429, headers={"Retry-After": "7"})
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem.retryable
    assert outcome.problem.retry_after == 7


async def test_an_unknown_operation_names_the_nearest(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrdr", {})
    assert outcome.problem.code == "not-found"
    assert "shop.getOrder" in outcome.problem.hint


async def test_an_api_that_cannot_be_described_leaves_the_others_working(dragoman, shop) -> None:
    config = {
        "store": "sqlite:///:memory:",
        "apis": {
            "gone": {"openapi": "http://127.0.0.1:9/openapi.json"},
            "here": {"http": shop.url, "operations": {"list": {"get": "/orders"}}},
        },
    }
    async with Dragoman(config, environ={}) as d:
        assert "gone" in d.parts.unavailable
        assert (await d.call("here.list")).ok
        assert (await d.call("gone.anything")).problem.code in {"network", "description"}
