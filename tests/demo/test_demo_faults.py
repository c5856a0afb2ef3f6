"""The switches: faults that come when they are told to, and a count of what really happened."""

from __future__ import annotations

import time

import aiohttp
import pytest
from demo_client import Client

REFUND = {"part": "shipping", "reason": "late"}


async def test_a_fault_comes_as_often_as_it_is_told(shop: Client) -> None:
    await shop.fault("500", times=2)
    statuses = [(await shop.get("/orders/1042")).status for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_too_many_requests_say_when_to_come_back(shop: Client) -> None:
    await shop.fault("429", seconds=7)
    reply = await shop.get("/orders/1042")
    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")
    assert reply.body["title"] == "Too many requests"


async def test_a_delayed_answer_comes_late_and_whole(shop: Client) -> None:
    await shop.fault("delay", seconds=0.2)
    begun = time.monotonic()
    assert (await shop.get("/orders/1042")).status == 200
    assert time.monotonic() - begun >= 0.2


async def test_a_large_answer_has_five_megabytes(shop: Client) -> None:
    await shop.fault("large")
    reply = await shop.get("/orders/1042")
    assert len(reply.body["items"][0]) == 5 * 1024 * 1024


async def test_an_answer_that_is_no_json_says_that_it_is(shop: Client) -> None:
    await shop.fault("not_json")
    async with shop.session.get(f"{shop.url}/orders/1042", headers=shop.headers) as got:
        assert got.content_type == "application/json"
        assert (await got.text()).startswith("<html>")


async def test_a_cut_answer_lies_about_its_length_and_its_work_is_done(shop: Client) -> None:
    await shop.fault("cut")
    with pytest.raises(aiohttp.ClientPayloadError):
        await shop.post("/orders/1042/refunds", REFUND)
    assert await shop.effects() == {"refunds": 1}
    assert (await shop.get("/orders/1042")).body["refunded"] == 4.90


@pytest.mark.parametrize("fault", ["500", "429"])
async def test_these_faults_come_before_anything_is_done(shop: Client, fault) -> None:
    await shop.fault(fault)
    assert (await shop.post("/orders/1042/refunds", REFUND)).status == int(fault)
    assert await shop.effects() == {}


async def test_a_fault_may_be_for_one_path_only(shop: Client) -> None:
    await shop.fault("500", path="/products")
    assert (await shop.get("/orders/1042")).status == 200
    assert (await shop.get("/products")).status == 500


async def test_descriptions_and_tokens_are_spared_unless_they_are_named(
    helpdesk: Client,
) -> None:
    await helpdesk.fault("500", times=5)
    assert (await helpdesk.get("/openapi.yaml")).status == 200
    assert (await helpdesk.get("/tickets")).status == 500
    await helpdesk.delete("/_demo/faults")
    await helpdesk.fault("500", path="/oauth")
    assert (await helpdesk.post("/oauth/token")).status == 500


async def test_faults_are_dropped_together(shop: Client) -> None:
    await shop.fault("500", times=100)
    assert len((await shop.get("/_demo/faults")).body["faults"]) == 1
    assert (await shop.delete("/_demo/faults")).body == {"faults": []}
    assert (await shop.get("/orders/1042")).status == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "explode"},
        {},
        [],
        {"fault": "500", "times": 0},
        {"fault": "500", "times": True},
        {"fault": "delay", "seconds": 1e9},
        {"fault": "500", "path": "orders"},
        {"fault": "500", "when": "now"},
        {"fault": ["500"]},
    ],
)
async def test_a_fault_that_is_none_is_refused(shop: Client, fault) -> None:
    assert (await shop.post("/_demo/faults", fault)).status == 400


async def test_the_switches_answer_no_page_of_a_browser(shop: Client) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert (await shop.post("/_demo/reset", headers=headers)).status == 403


async def test_a_reset_begins_anew(shop: Client) -> None:
    await shop.post("/orders/1042/refunds", REFUND)
    await shop.fault("500", times=5)
    await shop.post("/_demo/reset")
    assert await shop.effects() == {}
    assert (await shop.get("/orders/1042")).body["refunded"] == 0
    assert (await shop.post("/orders/1042/refunds", REFUND)).body["refund_id"] == "rf-3"


async def test_every_effect_is_counted_from_nought(
    shop: Client, helpdesk: Client, carrier: Client
) -> None:
    for api in (shop, helpdesk, carrier):
        counted = (await api.get("/_demo/effects", headers={})).body
        assert counted
        assert set(counted.values()) == {0}
