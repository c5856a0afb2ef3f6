"""The shop: who may see what, and money, stock and orders that add up."""

from __future__ import annotations

import asyncio

import pytest
from demo_client import AS_JONAS, AS_MARIA, AS_SHOP, Client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Shop-Key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic eDp5"},
        {**AS_SHOP, "Authorization": "Bearer wrong"},
        {**AS_MARIA, "X-Shop-Key": "wrong"},
    ],
)
async def test_without_a_right_credential_nothing_is_shown(shop: Client, headers) -> None:
    reply = await shop.get("/orders/1042", headers=headers)
    assert reply.status == 401
    assert reply.body["title"] == "Not authenticated"


async def test_the_store_is_open_to_everybody(shop: Client) -> None:
    reply = await shop.get("/store", headers={})
    assert reply.status == 200
    assert reply.body["opening_hours"][0]["opens"] == "09:00"


@pytest.mark.parametrize("headers", [AS_MARIA, {**AS_SHOP, **AS_MARIA}])
async def test_a_customer_sees_her_own_orders_only_also_beside_the_key(
    shop: Client, headers
) -> None:
    own = await shop.get("/orders", headers=headers)
    assert [one["order_id"] for one in own.body["orders"]] == ["1042", "1030", "1018"]
    assert (await shop.get("/orders/1042", headers=headers)).status == 200
    # Another's order is not told apart from one that there is not.
    assert (await shop.get("/orders/1047", headers=headers)).status == 404
    assert (await shop.get("/customers/cu-102", headers=headers)).status == 404
    assert (await shop.get("/payments/pay-1047", headers=headers)).status == 404
    assert (await shop.get("/orders", headers=headers, customer_id="cu-102")).status == 403


async def test_what_only_the_shop_may_do_is_refused_to_a_customer(shop: Client) -> None:
    refund = {"part": "shipping", "reason": "late"}
    reply = await shop.post("/orders/1042/refunds", refund, headers=AS_MARIA)
    assert reply.status == 403
    assert "X-Shop-Key" in reply.body["detail"]
    assert (await shop.effects()) == {}


async def test_marias_order_is_shipped_and_nine_days_late(shop: Client) -> None:
    found = await shop.get("/customers", email="Maria.Keller@example.com")
    assert found.body["customers"][0]["customer_id"] == "cu-101"
    order = (await shop.get("/orders/1042")).body
    assert order["status"] == "shipped"
    assert order["tracking_number"] == "PX-100042"
    assert order["estimated_delivery_date"] == "2026-11-14"
    assert order["shipping_cost"] == 4.90
    assert "delivered_date" not in order


async def test_money_is_written_with_both_of_its_digits(shop: Client) -> None:
    async with shop.session.get(f"{shop.url}/orders/1042", headers=AS_SHOP) as got:
        text = await got.text()
    assert '"shipping_cost":4.90,' in text
    assert '"refunded":0.00,' in text
    assert ", " not in text.replace("Linden", "")


async def test_lists_are_pages_with_a_total(shop: Client) -> None:
    first = (await shop.get("/orders", limit=15)).body
    rest = (await shop.get("/orders", limit=100, offset=15)).body
    assert (len(first["orders"]), first["total"]) == (15, 40)
    assert (len(rest["orders"]), rest["total"]) == (25, 40)
    numbers = [one["order_id"] for one in first["orders"] + rest["orders"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 40


async def test_products_are_found_by_words_category_and_price(shop: Client) -> None:
    assert (await shop.get("/products")).body["total"] == 25
    lamps = (await shop.get("/products", query="LAMP desk")).body["products"]
    assert [one["sku"] for one in lamps] == ["LAMP-01"]
    cheap = (await shop.get("/products", category="garden", max_price=27.90)).body
    assert {one["sku"] for one in cheap["products"]} == {"POT-01", "CAN-01"}
    assert (await shop.get("/products", query="100%")).body == {"products": [], "total": 0}


async def test_many_cost_less_each(shop: Client) -> None:
    one = (await shop.get("/products/MUG-01/price")).body
    twelve = (await shop.get("/products/MUG-01/price", quantity=12)).body
    assert (one["total"], twelve["total"], twelve["discount_percent"]) == (12.90, 147.06, 5)


async def test_a_refund_of_the_shipping_happens_once(shop: Client) -> None:
    refund = {"part": "shipping", "reason": "late"}
    done = await shop.post("/orders/1042/refunds", refund)
    assert (done.status, done.body["amount"]) == (201, 4.90)
    again = await shop.post("/orders/1042/refunds", refund)
    assert again.status == 409
    assert "refunded already" in again.body["detail"]
    assert (await shop.effects()) == {"refunds": 1}
    assert (await shop.get("/orders/1042")).body["refunded"] == 4.90


async def test_never_is_more_refunded_than_was_paid(shop: Client) -> None:
    order = (await shop.get("/orders/1042")).body
    path = "/orders/1042/refunds"
    assert (await shop.post(path, {"part": "shipping", "reason": "late"})).status == 201
    part = {"part": "amount", "amount": order["items_total"] - 1, "reason": "damaged"}
    assert (await shop.post(path, part)).status == 201
    # Not by its items, not by an amount, and not by way of the payment.
    whole = await shop.post(path, {"part": "items", "reason": "other"})
    assert whole.status == 409
    assert "At most 1.00" in whole.body["detail"]
    more = {"amount": 1.01, "reason": "other"}
    assert (await shop.post("/payments/pay-1042/refunds", more)).status == 409
    last = await shop.post("/payments/pay-1042/refunds", {**more, "amount": 1})
    assert (last.status, last.body["status"]) == (201, "refunded")
    assert (await shop.get("/orders/1042")).body["refunded"] == order["paid"]
    assert (await shop.get(path)).body["total"] == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"part": "amount", "reason": "late"}, "amount"),
        ({"part": "shipping", "amount": 3, "reason": "late"}, "amount"),
        ({"part": "amount", "amount": 1.005, "reason": "late"}, "two decimals"),
        ({"part": "amount", "amount": -1, "reason": "late"}, "amount"),
        ({"part": "amount", "amount": 1e400, "reason": "late"}, "JSON"),
        ({"part": "amount", "amount": "5", "reason": "late"}, "amount"),
        ({"part": "everything", "reason": "late"}, "shipping"),
        ({"part": "shipping", "reason": "late", "hurry": True}, "hurry"),
        ([], "body"),
        (None, "body"),
    ],
)
async def test_a_refund_that_makes_no_sense_is_refused_and_told_why(
    shop: Client, body, told
) -> None:
    reply = await shop.post("/orders/1042/refunds", body)
    assert reply.status in {400, 415}
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert told in reply.body["detail"] or told in str(reply.body)
    assert (await shop.effects()) == {}


async def test_an_unpaid_order_has_nothing_to_refund(shop: Client) -> None:
    reply = await shop.post("/orders/1049/refunds", {"part": "items", "reason": "other"})
    assert reply.status == 409


async def test_the_same_key_gives_the_first_answer_and_does_nothing_twice(shop: Client) -> None:
    refund = {"part": "amount", "amount": 2.5, "reason": "late"}
    keyed = {**AS_SHOP, "Idempotency-Key": "k-1"}
    first = await shop.post("/orders/1042/refunds", refund, headers=keyed)
    again = await shop.post("/orders/1042/refunds", refund, headers=keyed)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await shop.effects()) == {"refunds": 1}

    other = await shop.post("/orders/1042/refunds", {**refund, "amount": 3}, headers=keyed)
    elsewhere = await shop.post("/orders/1030/refunds", refund, headers=keyed)
    assert (other.status, elsewhere.status) == (422, 422)
    assert (await shop.effects()) == {"refunds": 1}


async def test_a_refusal_uses_no_key_up(shop: Client) -> None:
    keyed = {**AS_SHOP, "Idempotency-Key": "k-2"}
    refund = {"part": "amount", "amount": 99999, "reason": "late"}
    assert (await shop.post("/orders/1042/refunds", refund, headers=keyed)).status == 409
    smaller = {**refund, "amount": 1}
    assert (await shop.post("/orders/1042/refunds", smaller, headers=keyed)).status == 201


async def test_keys_of_two_callers_are_not_one_key(shop: Client) -> None:
    body = {"sku": "MUG-01", "quantity": 1}
    replies = [
        await shop.post("/reservations", body, headers={**who, "Idempotency-Key": "same"})
        for who in (AS_SHOP, AS_MARIA, AS_JONAS)
    ]
    assert len({reply.body["reservation_id"] for reply in replies}) == 3


async def test_an_order_from_the_cart_to_the_captured_payment(shop: Client) -> None:
    before = (await shop.get("/products/LAMP-01/stock")).body["available"]
    cart = (await shop.post("/carts", {}, headers=AS_MARIA)).body["cart_id"]
    await shop.post(f"/carts/{cart}/lines", {"sku": "LAMP-01", "quantity": 2}, headers=AS_MARIA)
    await shop.post(f"/carts/{cart}/lines", {"sku": "MUG-01"}, headers=AS_MARIA)
    await shop.delete(f"/carts/{cart}/lines/MUG-01", headers=AS_MARIA)
    order = await shop.post(f"/carts/{cart}/checkout", {"shipping": "express"}, headers=AS_MARIA)
    assert (order.status, order.body["total"]) == (201, 2 * 49.90 + 9.90)
    assert (await shop.get("/products/LAMP-01/stock")).body["available"] == before - 2
    assert (await shop.post(f"/carts/{cart}/checkout", {}, headers=AS_MARIA)).status == 409

    number = order.body["order_id"]
    wanted = {"order_id": number, "method": "card"}
    first = await shop.post("/payments", wanted, headers=AS_MARIA)
    assert (await shop.post("/payments", wanted, headers=AS_MARIA)).status == 409
    assert (await shop.post(f"/payments/{first.body['payment_id']}/void")).body[
        "status"
    ] == "voided"
    held = (await shop.post("/payments", wanted, headers=AS_MARIA)).body["payment_id"]
    captured = await shop.post(f"/payments/{held}/capture")
    assert captured.body["captured"] == order.body["total"]
    assert (await shop.post(f"/payments/{held}/void")).status == 409
    assert (await shop.get(f"/orders/{number}")).body["status"] == "paid"


async def test_a_cart_is_seen_by_its_customer_only(shop: Client) -> None:
    cart = (await shop.post("/carts", {"customer_id": "cu-101"})).body["cart_id"]
    assert (await shop.get(f"/carts/{cart}", headers=AS_MARIA)).status == 200
    assert (await shop.get(f"/carts/{cart}", headers=AS_JONAS)).status == 404
    assert (await shop.post("/carts", {})).status == 400


async def test_a_checkout_beyond_the_stock_changes_nothing(shop: Client) -> None:
    cart = (await shop.post("/carts", {"customer_id": "cu-101"})).body["cart_id"]
    await shop.post(f"/carts/{cart}/lines", {"sku": "CHAIR-01", "quantity": 1})
    await shop.post(f"/carts/{cart}/lines", {"sku": "DESK-01", "quantity": 10})
    reply = await shop.post(f"/carts/{cart}/checkout", {})
    assert reply.status == 409
    assert "9 of DESK-01" in reply.body["detail"]
    assert (await shop.get("/products/CHAIR-01/stock")).body["on_hand"] == 12
    assert (await shop.get("/orders")).body["total"] == 40


async def test_an_order_is_cancelled_until_it_is_shipped(shop: Client) -> None:
    stock = (await shop.get("/products/QUILT-01/stock")).body["on_hand"]
    order = (await shop.get("/orders/1048")).body
    pieces = next(one["quantity"] for one in order["lines"] if one["sku"] == "QUILT-01")
    cancelled = await shop.post("/orders/1048/cancellation")
    assert (cancelled.body["status"], cancelled.body["refunded"]) == ("cancelled", order["paid"])
    assert (await shop.get("/products/QUILT-01/stock")).body["on_hand"] == stock + pieces
    assert (await shop.get("/payments/pay-1048")).body["status"] == "refunded"
    assert (await shop.post("/orders/1048/cancellation")).status == 409
    late = await shop.post("/orders/1042/cancellation")
    assert late.status == 409
    assert "refundOrder" in late.body["detail"]
    assert (await shop.effects()) == {"cancellations": 1}


async def test_a_customer_with_open_orders_is_not_deleted(shop: Client) -> None:
    refused = await shop.delete("/customers/cu-101")
    assert refused.status == 409
    assert "1042" in refused.body["detail"]
    assert (await shop.delete("/customers/cu-110")).status == 204
    assert (await shop.get("/customers/cu-110")).status == 404
    assert (await shop.effects()) == {"customers_deleted": 1}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/orders/9999", 404),
        ("GET", "/orders/%231042", 400),
        ("GET", "/orders?status=lost", 400),
        ("GET", "/orders?limit=1_0", 400),
        ("GET", "/orders?limit=101", 400),
        ("GET", "/orders?colour=red", 400),
        ("GET", "/customers", 400),
        ("GET", "/customers?email=%ff", 400),
        ("GET", "/nothing/here", 404),
        ("DELETE", "/orders/1042", 405),
    ],
)
async def test_every_refusal_is_a_problem_that_says_what_would_work(
    shop: Client, method, path, status
) -> None:
    reply = await shop.send(method, path)
    assert reply.status == reply.body["status"] == status
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert len(reply.body["detail"]) > 10


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"sku": "MUG-01", "quantity": NaN}',
        b'{"sku": "\\ud800", "quantity": 1}',
        b"[" * 50_000,
        b'{"sku": "MUG-01", "quantity": 1' + b"0" * 5_000 + b"}",
        b"\xff\xfe",
    ],
)
async def test_a_hostile_body_is_refused(shop: Client, body) -> None:
    headers = {**AS_SHOP, "Content-Type": "application/json"}
    reply = await shop.send("POST", "/reservations", headers=headers, data=body)
    assert reply.status == 400
    assert (await shop.effects()) == {}


async def test_a_body_that_is_too_large_is_refused(shop: Client) -> None:
    reply = await shop.post("/reservations", {"sku": "x" * 70_000})
    assert reply.status == 413


async def test_a_header_that_is_no_text_is_refused(shop: Client) -> None:
    body = b'{"sku": "MUG-01", "quantity": 1}'
    lines = [
        b"POST /reservations HTTP/1.1",
        b"Host: shop",
        b"X-Shop-Key: " + AS_SHOP["X-Shop-Key"].encode(),
        b"Idempotency-Key: \xff\xfe",
        b"Content-Type: application/json",
        b"Connection: close",
        b"Content-Length: %d" % len(body),
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
    writer.write(b"\r\n".join([*lines, b"", body]))
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"is not text in UTF-8" in answer
