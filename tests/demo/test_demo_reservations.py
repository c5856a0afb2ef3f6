"""Stock that is reserved is not for others, until its time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from demo_client import AS_JONAS, AS_MARIA, AS_SHOP, KEYS, Client

from dragoman.demo.serving import served
from dragoman.demo.shop.application import shop as shop_application

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class MovedTime:
    """A time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def time() -> MovedTime:
    return MovedTime()


@pytest.fixture
async def shop(time, session):
    async with served(shop_application(time, KEYS)) as url:
        yield Client(session, url, AS_SHOP)


async def available(shop: Client) -> int:
    return (await shop.get("/products/DESK-01/stock")).body["available"]


async def test_a_reservation_holds_until_it_expires(shop: Client, time) -> None:
    wanted = {"sku": "DESK-01", "quantity": 6, "minutes": 10}
    made = await shop.post("/reservations", wanted)
    assert (made.status, made.body["expires_at"]) == (201, "2026-11-23T12:10:00Z")
    assert await available(shop) == 3
    refused = await shop.post("/reservations", wanted)
    assert refused.status == 409
    assert refused.body["detail"] == "3 of DESK-01 are available, not 6."

    time.time += timedelta(minutes=10)
    assert await available(shop) == 9
    path = f"/reservations/{made.body['reservation_id']}"
    assert (await shop.get(path)).body["status"] == "expired"
    assert (await shop.delete(path)).status == 409


async def test_a_released_reservation_is_free_at_once(shop: Client) -> None:
    made = await shop.post("/reservations", {"sku": "DESK-01", "quantity": 6})
    path = f"/reservations/{made.body['reservation_id']}"
    assert (await shop.delete(path)).body["status"] == "released"
    assert (await shop.delete(path)).status == 409
    assert await available(shop) == 9
    assert await shop.effects() == {"reservations": 1, "reservations_released": 1}


async def test_a_reservation_is_used_up_by_the_order_of_its_pieces(shop: Client) -> None:
    body = {"sku": "DESK-01", "quantity": 9}
    mine = (await shop.post("/reservations", body, headers=AS_MARIA)).body["reservation_id"]
    cart = (await shop.post("/carts", {}, headers=AS_MARIA)).body["cart_id"]
    await shop.post(f"/carts/{cart}/lines", body, headers=AS_MARIA)
    checkout = f"/carts/{cart}/checkout"
    assert (await shop.post(checkout, {}, headers=AS_MARIA)).status == 409
    ordered = await shop.post(checkout, {"reservation_id": mine}, headers=AS_MARIA)
    assert ordered.status == 201
    stock = (await shop.get("/products/DESK-01/stock")).body
    assert (stock["on_hand"], stock["reserved"]) == (0, 0)


async def test_a_reservation_is_seen_by_its_customer_only(shop: Client) -> None:
    body = {"sku": "DESK-01", "quantity": 1}
    mine = (await shop.post("/reservations", body, headers=AS_MARIA)).body["reservation_id"]
    assert (await shop.get(f"/reservations/{mine}", headers=AS_JONAS)).status == 404
    assert (await shop.delete(f"/reservations/{mine}", headers=AS_JONAS)).status == 404
    assert (await shop.get(f"/reservations/{mine}")).status == 200
