"""Arguments that the owner fills or takes away: the model neither sees nor chooses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dragoman import ConfigurationError, Dragoman
from small_shop import DOCUMENT, Shop

REFUND = {"order_id": "1042"}


def properties(d: Dragoman, tool: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {one["name"]: one["parameters"] for one in d.tools()}
    return parameters[tool]


@pytest.fixture
def at_line(shop: Shop, tmp_path: Path) -> Callable[[str, str], Dragoman]:
    """Write the settings of the shop and of its operations into a file."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))

    def write(settings: str = "", carrier: str = "") -> Dragoman:
        (tmp_path / "dragoman.yaml").write_text(
            "apis:\n  shop:\n    openapi: ./shop.json\n"
            f"    base_url: {shop.url}\n"
            '    auth: {bearer: "${SHOP_TOKEN}"}\n'
            f"{settings}{carrier}"
        )
        return Dragoman(tmp_path / "dragoman.yaml", environ={"SHOP_TOKEN": "tok_1234567890"})

    return write


async def told(d: Dragoman) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        async with d:
            pass
    return tuple(one.rpartition("/")[2] for one in caught.value.messages)


@pytest.mark.parametrize("level", ["api", "operation"])
async def test_a_pinned_argument_is_sent_and_neither_seen_nor_chosen(
    dragoman, shop, level: str
) -> None:
    pinned = {"fill": {"amount": 5}}
    settings = pinned if level == "api" else {"operations": {"refundOrder": pinned}}
    d = await dragoman(require_approval="never", **settings)
    tool = properties(d, "shop__refundOrder")
    assert list(tool["properties"]) == ["order_id", "reason"]
    assert "amount" not in json.dumps(tool)
    for chosen in ({}, {"amount": 900}, {"amount": "all of it"}, {"amount": None}):
        outcome = await d.call("shop.refundOrder", {**REFUND, **chosen})
        assert outcome.ok, outcome.problem
        assert outcome.prepared.origins["amount"] == "the owner"
    assert [one["amount"] for one in shop.refunds] == [5, 5, 5, 5]


async def test_the_word_on_one_operation_counts_more_than_that_on_the_api(dragoman, shop) -> None:
    own = {"refundOrder": {"fill": {"amount": 2}}}
    d = await dragoman(require_approval="never", fill={"amount": 1}, operations=own)
    await d.call("shop.refundOrder", REFUND)
    assert shop.refunds[0]["amount"] == 2


async def test_a_pinned_argument_is_not_told_by_what_depends_on_it(
    dragoman, shop, tmp_path: Path
) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    body = document["paths"]["/orders/{order_id}/refunds"]["post"]["requestBody"]
    body["required"] = False
    (tmp_path / "loose.json").write_text(json.dumps(document))
    d = await dragoman(openapi=str(tmp_path / "loose.json"), fill={"amount": 5})
    assert "amount" not in json.dumps(properties(d, "shop__refundOrder"))
    outcome = await d.call("shop.refundOrder", {**REFUND, "reason": "late"}, dry_run=True)
    assert json.loads(outcome.data["body"]) == {"amount": 5, "reason": "late"}


async def test_an_object_is_pinned_whole(dragoman, shop, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {
            "to": {"type": "object", "properties": {"city": {"type": "string"}}},
            "note": {"type": "string"},
        },
    }
    content = {"application/json": {"schema": schema}}
    whole = {"application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}}}
    paths = {
        "/a": {"post": {"operationId": "send", "requestBody": {"content": content}}},
        "/b": {"post": {"operationId": "whole", "requestBody": {"content": whole}}},
    }
    (tmp_path / "a.json").write_text(json.dumps({"openapi": "3.1.0", "paths": paths}))
    settings = {"openapi": str(tmp_path / "a.json"), "auth": {}}
    pinned = {"send": {"fill": {"to": {"city": "Bern"}}}, "whole": {"fill": {"body": [1]}}}
    d = await dragoman(operations=pinned, **settings)
    outcome = await d.call("shop.send", {"note": "x", "to": {"city": "Rome"}}, dry_run=True)
    assert json.loads(outcome.data["body"]) == {"note": "x", "to": {"city": "Bern"}}
    assert properties(d, "shop__whole")["properties"] == {}
    assert (await d.call("shop.whole", {}, dry_run=True)).data["body"] == "[1]"
    with pytest.raises(ConfigurationError, match=r"'to\.city' is a part of an argument"):
        await dragoman(operations={"send": {"fill": {"to.city": "Bern"}}}, **settings)


async def test_arguments_of_a_call_by_hand_are_pinned_alike(dragoman, shop) -> None:
    track = {
        "get": "/orders/{id}",
        "path": {"id": "string"},
        "query": {"lang": "string"},
        "fill": {"lang": "de"},
    }
    carrier = {"http": shop.url, "operations": {"track": track}, "fill": {"id": "1042"}}
    d = await dragoman(top={"apis": {"carrier": carrier}})
    assert properties(d, "carrier__track")["properties"] == {}
    assert (await d.call("carrier.track", {"lang": "en", "id": "7"})).ok
    assert shop.requests[0]["target"] == "/orders/1042?lang=de"


async def test_what_names_no_argument_is_told_with_its_line(at_line) -> None:
    operations = (
        "    operations:\n"
        "      getOrder:\n"
        "        fill: {orderid: '1042'}\n"
        "      deleteOrder: {rename: erase, omit: [reason]}\n"
        "      listOrders:\n"
        "        fill:\n"
        "          status: open\n"
        "        omit: [state, status, customer]\n"
    )
    carrier = (
        "  carrier:\n    http: http://localhost:1\n    operations:\n"
        '      track: {get: "/p/{id}", path: {id: string}, fill: {lng: de}}\n'
    )
    assert await told(at_line(operations, carrier)) == (
        "dragoman.yaml:8: getOrder has no argument 'orderid'. Did you mean order_id?",
        "dragoman.yaml:9: deleteOrder has no argument 'reason'.",
        "dragoman.yaml:12: listOrders has 'status' taken away by omit, so nothing fills it.",
        "dragoman.yaml:13: listOrders has no argument 'state'.",
        "dragoman.yaml:13: listOrders has no argument 'customer'. Did you mean customer_id?",
        "dragoman.yaml:17: track has no argument 'lng'.",
    )


async def test_a_constant_that_the_argument_does_not_take_is_told(at_line) -> None:
    operations = (
        "    fill: {status: lost}\n"
        "    operations:\n"
        "      refundOrder: {fill: {amount: -5, reason: late}}\n"
        "      listOrders: {fill: {status: gone, customer_id: caller.user}}\n"
    )
    refund, listed = sorted(await told(at_line(operations)))
    assert refund.startswith("dragoman.yaml:8: refundOrder does not take what fills 'amount': -5")
    assert listed.startswith("dragoman.yaml:9: listOrders does not take what fills 'status': ")


async def test_an_operation_that_is_not_served_is_not_read(at_line) -> None:
    async with at_line(
        "    exclude: [getOrder]\n    operations: {getOrder: {fill: {x: 1}}}\n"
    ) as d:
        assert "shop.getOrder" not in d.parts.catalog.operations


async def test_what_a_whole_api_fills_may_be_absent_from_some_operations(dragoman) -> None:
    d = await dragoman(fill={"customer_id": "caller.user"}, omit=["status"])
    assert "status" not in properties(d, "shop__listOrders")["properties"]
