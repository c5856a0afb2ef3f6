"""The carrier: a key in a header of its own, no description, and slow."""

from __future__ import annotations

import time

import pytest
from demo_client import AS_PARTNER, KEYS, Client

from dragoman.demo import serve


async def test_marias_parcel_sits_in_a_depot(carrier: Client) -> None:
    parcel = (await carrier.get("/parcels/PX-100042")).body
    assert (parcel["status"], parcel["location"]) == ("held_at_depot", "Kassel depot")
    assert parcel["expected_delivery"] == "2026-11-14"
    events = (await carrier.get("/parcels/PX-100042/events")).body["events"]
    assert events[0]["at"] == parcel["since"]
    assert "damaged" in events[0]["what"]


@pytest.mark.parametrize("headers", [{}, {"X-Key": "wrong"}, {"X-Key": "é"}])
async def test_without_the_key_nothing_is_shown(carrier: Client, headers) -> None:
    reply = await carrier.get("/parcels/PX-100042", headers=headers)
    assert reply.status == 401


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", "/swagger.json", "/"])
async def test_nothing_describes_it(carrier: Client, path) -> None:
    assert (await carrier.get(path)).status == 404


async def test_a_quote_orders_nothing(carrier: Client) -> None:
    wanted = {"from_postcode": "37073", "to_postcode": "79098", "weight_kg": 3}
    reply = await carrier.post("/quotes", wanted)
    assert reply.body == {"service": "standard", "price": 5.50, "currency": "EUR", "days": 3}
    assert await carrier.effects() == {}


async def test_a_label_makes_a_parcel_that_can_be_tracked(carrier: Client) -> None:
    wanted = {
        "to_name": "Maria Keller",
        "to_city": "Freiburg",
        "to_postcode": "79098",
        "weight_kg": 1,
        "service": "express",
    }
    label = await carrier.post("/labels", wanted)
    assert (label.status, label.body["expected_delivery"]) == (201, "2026-11-24")
    parcel = await carrier.get(f"/parcels/{label.body['parcel']}")
    assert parcel.body["status"] == "announced"
    assert await carrier.effects() == {"labels": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"weight_kg": 0},
        {"weight_kg": True},
        {"weight_kg": "3"},
        {"weight_kg": None},
        {"service": ["express"]},
        {"to_postcode": "7909"},
        {"to_postcode": "٧٩٠٩٨"},
        {"from_postcode": None},
    ],
)
async def test_a_wrong_quote_is_refused(carrier: Client, changed) -> None:
    wanted = {"from_postcode": "37073", "to_postcode": "79098", "weight_kg": 3, **changed}
    assert (await carrier.post("/quotes", wanted)).status == 400


async def test_it_is_as_slow_as_it_is_told_to_be(session) -> None:
    async with serve(delay=0.2, credentials=KEYS) as addresses:
        carrier = Client(session, addresses.carrier, AS_PARTNER)
        begun = time.monotonic()
        await carrier.get("/parcels/PX-100042")
        assert time.monotonic() - begun >= 0.2
