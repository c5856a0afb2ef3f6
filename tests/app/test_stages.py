"""For each stage of the call path, a call that this stage alone refuses or changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from dragoman import Status
from small_shop import TOKEN


async def test_identify_refuses_a_caller_that_the_file_does_not_have(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", {"order_id": "1042"}, caller="stranger")
    assert outcome.problem.code == "not-found"
    assert "no caller 'stranger'" in outcome.problem.detail
    assert shop.requests == []


async def test_identify_refuses_an_end_user_that_the_caller_may_not_act_for(dragoman, shop) -> None:
    callers = {"bot": {"scopes": ["shop"], "acts_for": ["u_7"]}}
    d = await dragoman(top={"callers": callers})
    assert (await d.call("shop.listOrders", caller="bot", user="u_7")).ok
    outcome = await d.call("shop.listOrders", caller="bot", user="u_8")
    assert outcome.problem.code == "refused"
    assert len(shop.requests) == 1


async def test_authorize_refuses_what_no_scope_holds_and_names_one_that_would(
    dragoman, shop
) -> None:
    d = await dragoman(top={"callers": {"bot": {"scopes": ["shop:read"]}}})
    assert (await d.call("shop.getOrder", {"order_id": "1"}, caller="bot")).ok
    outcome = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, caller="bot")
    assert outcome.problem.code == "refused"
    assert "shop.refundOrder" in outcome.problem.hint
    assert shop.refunds == []


async def test_authorize_refuses_a_write_when_everything_is_read_only(dragoman, shop) -> None:
    d = await dragoman(read_only=True, require_approval="never")
    outcome = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5})
    assert outcome.problem.code == "refused"
    assert "read-only" in outcome.problem.detail
    assert shop.refunds == []


async def test_authorize_counts_the_callers_own_rate(dragoman, shop) -> None:
    callers = {"bot": {"scopes": ["shop"], "rate": "2/minute"}}
    d = await dragoman(top={"callers": callers})
    outcomes = [await d.call("shop.getOrder", {"order_id": "1"}, caller="bot") for _ in range(3)]
    assert [o.ok for o in outcomes] == [True, True, False]
    assert outcomes[2].problem.code == "limit"
    assert 0 < outcomes[2].problem.retry_after <= 60


async def test_fill_replaces_what_the_caller_may_not_choose(dragoman, shop) -> None:
    d = await dragoman(fill={"customer_id": "caller.user"})
    await d.call("shop.listOrders", {"customer_id": "someone_else"}, user="u_7")
    assert shop.requests[0]["target"] == "/orders?customer_id=u_7"


async def test_validate_refuses_before_anything_is_sent(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", {"order_id": "#1042"})
    assert outcome.problem.code == "arguments"
    assert outcome.problem.hint == "Try: order_id=1042"
    assert shop.requests == []


async def test_prepare_is_where_a_dry_run_ends(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.refundOrder", {"order_id": "1042", "amount": 25}, dry_run=True)
    assert outcome.status is Status.PREVIEWED
    assert outcome.data["method"] == "POST"
    assert outcome.data["target"] == f"{shop.url}/orders/1042/refunds"
    assert outcome.data["body"] == '{"amount":25}'
    assert outcome.data["needs_approval"] is True
    assert shop.requests == []


async def test_reuse_returns_the_first_answer_of_the_same_write(dragoman, shop) -> None:
    d = await dragoman(require_approval="never")
    arguments = {"order_id": "1042", "amount": 25}
    first = await d.call("shop.refundOrder", arguments, idempotency_key="k1")
    again = await d.call("shop.refundOrder", arguments, idempotency_key="k1")
    other = await d.call("shop.refundOrder", arguments, idempotency_key="k2")
    assert first.data == again.data == {"refund_id": "r1"}
    assert again.repeated_from is not None
    assert "was not done again" in again.note
    assert other.data == {"refund_id": "r2"}
    assert len(shop.refunds) == 2


async def test_approve_lets_a_write_wait_and_nothing_is_sent(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.refundOrder", {"order_id": "1042", "amount": 25})
    assert outcome.status is Status.PENDING
    assert shop.requests == []
    await d.approve(outcome.approval, by="ana")
    done = await d.resume(outcome.id)
    assert done.data == {"refund_id": "r1"}
    assert shop.refunds == [{"order_id": "1042", "amount": 25}]


async def test_limit_counts_the_rate_of_the_api(dragoman, shop) -> None:
    d = await dragoman(limits={"rate": "2/minute"})
    outcomes = [await d.call("shop.getOrder", {"order_id": "1"}) for _ in range(3)]
    assert [o.ok for o in outcomes] == [True, True, False]
    assert len(shop.requests) == 2


async def test_claim_lets_one_of_two_equal_writes_through(dragoman, shop) -> None:
    d = await dragoman(require_approval="never")

    async def slowly(request: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        shop.refunds.append({})
        return web.json_response({"refund_id": "r1"})

    shop.answer = slowly
    arguments = {"order_id": "1042", "amount": 25}
    outcomes = await asyncio.gather(
        *(d.call("shop.refundOrder", arguments, idempotency_key="k") for _ in range(5))
    )
    assert len(shop.refunds) == 1
    assert sorted(o.status.value for o in outcomes) == ["ok", *["running"] * 4]


async def test_send_attaches_the_credential_and_no_earlier_stage_has_it(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", {"order_id": "1042"})
    assert shop.requests[0]["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(outcome)


async def test_shape_selects_and_redacts(dragoman, shop) -> None:
    d = await dragoman(operations={"getOrder": {"select": "{id: order_id, tracking: tracking}"}})
    outcome = await d.call("shop.getOrder", {"order_id": "1042"})
    assert outcome.data == {"id": "1042", "tracking": "PX-100042"}

    shop.answer = lambda request: web.json_response({"order_id": TOKEN, "tracking": None})
    echoed = await d.call("shop.getOrder", {"order_id": "1042"})
    assert echoed.data == {"id": "[SHOP_TOKEN]", "tracking": None}


async def test_shape_fits_an_answer_to_its_budget_and_says_what_is_missing(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.listOrders", budget=1_000)
    shown = len(outcome.data["orders"])
    assert 0 < shown < 400
    assert f"orders: {shown} of 400 items" in outcome.note
    assert "customer_id, status" in outcome.note


async def test_record_writes_down_what_was_refused_too(dragoman, shop, tmp_path: Path) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", {"order_id": "#1042"}, user="u_7")
    await d.parts.audit.flush()
    record = await d.parts.audit.get_call(outcome.id)
    assert (record.status, record.user, record.operation) == ("failed", "u_7", "shop.getOrder")
    assert record.arguments == {"order_id": "#1042"}
    assert record.problem["code"] == "arguments"
