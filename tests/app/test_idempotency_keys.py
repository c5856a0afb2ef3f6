"""The key by which an API knows a write again: sent by us, chosen by no model."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from dragoman import ConfigurationError, Dragoman, Status
from dragoman.access.policy import Rules
from dragoman.call.keys import keyed
from dragoman.cli.draft import draft
from dragoman.errors import UnsupportedError
from dragoman.operation import Effect, Prepared
from moved_clock import MovedClock
from small_shop import DOCUMENT, Shop

REFUND = {"order_id": "1", "amount": 5}
RULES: dict[str, Any] = {
    "idempotency": {"header": "Idempotency-Key", "keep": "2h"},
    "require_approval": "never",
    "limits": {"retries": 0},
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


async def test_row_21_an_answer_that_was_lost_is_fetched_with_the_same_key(
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


async def test_row_21_without_the_rule_a_lost_answer_stays_unknown(
    shop: Shop, dragoman: Any
) -> None:
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
    await d.call("shop.refundOrder", REFUND, conversation="c")
    await d.call("shop.refundOrder", {**REFUND, "amount": 6}, conversation="c")
    await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    await d.call("shop.refundOrder", REFUND, idempotency_key="k2")
    await d.call("shop.refundOrder", REFUND, idempotency_key="k", user="ana")
    assert len(set(api.keys)) == 5


OTHERS = {
    "other arguments": ("shop.refundOrder", {**REFUND, "amount": 6}),
    "another operation": ("shop.deleteOrder", {"order_id": "1"}),
}


@pytest.mark.parametrize("other", OTHERS)
async def test_a_key_of_the_callers_own_stands_for_one_call_alone(
    shop: Shop, dragoman: Any, other: str
) -> None:
    api = Remembering(shop)
    clock = MovedClock()
    d: Dragoman = await dragoman(clock=clock, **RULES)
    first = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    clock.later = timedelta(days=3)
    refused = await d.call(*OTHERS[other], idempotency_key="k")
    assert refused.problem is not None
    assert (refused.problem.code, refused.problem.status) == ("arguments", 422)
    assert f"called at 2026-11-24 12:00:00 UTC as {first.id}" in refused.problem.detail
    assert "Nothing was sent" in refused.problem.hint
    again = await d.call("shop.refundOrder", {"amount": 5.0, "order_id": "1"}, idempotency_key="k")
    assert (again.data, bool(again.repeated_from), len(api.keys)) == (first.data, True, 1)


async def test_a_key_whose_write_surely_failed_is_free_for_another_call(
    shop: Shop, dragoman: Any
) -> None:
    d: Dragoman = await dragoman(**RULES)
    shop.answer = lambda _: web.json_response({"detail": "too much"}, status=422)
    assert (await d.call("shop.refundOrder", REFUND, idempotency_key="k")).status is Status.FAILED
    shop.answer = None
    assert (await d.call(*OTHERS["other arguments"], idempotency_key="k")).ok


@pytest.mark.parametrize("asked", ["never", "writes"])
async def test_of_two_at_once_with_one_key_and_other_arguments_one_is_sent(
    shop: Shop, dragoman: Any, asked: str
) -> None:
    d: Dragoman = await dragoman(**{**RULES, "require_approval": asked})
    calls = [{**REFUND, "amount": amount} for amount in range(1, 9)]
    outcomes = await asyncio.gather(
        *(d.call("shop.refundOrder", one, idempotency_key="k") for one in calls)
    )
    refused = [one for one in outcomes if one.problem and one.problem.code == "arguments"]
    assert len(refused) == 7
    (other,) = [one for one in outcomes if one not in refused]
    assert other.status is (Status.OK if asked == "never" else Status.PENDING)
    assert len(shop.refunds) == (1 if asked == "never" else 0)


async def test_it_is_not_sent_again_as_another_request(
    shop: Shop, dragoman: Any, tmp_path: Path
) -> None:
    api = Remembering(shop, lost=1)
    d: Dragoman = await dragoman(**RULES)
    await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    now: Dragoman = await dragoman(**{**RULES, "base_url": f"{shop.url}/v2"})
    again = await now.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.status, len(api.keys)) == (Status.UNKNOWN, 1)


HEADER = {"name": "idempotency-key", "in": "header", "required": True, "schema": {"type": "string"}}
POST = DOCUMENT["paths"]["/orders/{order_id}/refunds"]["post"]


@pytest.mark.parametrize("is_described", [True, False])
async def test_a_draft_offers_the_key_where_a_write_takes_one(
    dragoman: Any, tmp_path: Path, *, is_described: bool
) -> None:
    described(tmp_path, parameters=[*POST["parameters"], *([HEADER] if is_described else [])])
    d: Dragoman = await dragoman()
    lines = draft("shop", "shop.json", d.parts.descriptions["shop"]).lines
    assert any("# idempotency: {header: Idempotency-Key}" in one for one in lines) is is_described


def described(folder: Path, **changes: Any) -> None:
    """Describe the refund otherwise."""
    document = deepcopy(DOCUMENT)
    document["paths"]["/orders/{order_id}/refunds"]["post"] |= changes
    (folder / "shop.json").write_text(json.dumps(document))


@pytest.mark.parametrize("of", ["the API", "the operation"])
async def test_a_described_key_is_no_argument_of_a_model(
    shop: Shop, dragoman: Any, tmp_path: Path, of: str
) -> None:
    api = Remembering(shop)
    described(tmp_path, parameters=[*POST["parameters"], HEADER])
    key = {"idempotency": RULES["idempotency"]}
    rules = key if of == "the API" else {"operations": {"refundOrder": key}}
    d: Dragoman = await dragoman(require_approval="never", **rules)
    contract = d.parts.operation("shop.refundOrder").contract
    assert "idempotency-key" not in str(contract.input_schema).lower()
    assert any("idempotency-key" in change for change in contract.changes), "it was described"
    assert (await d.call("shop.refundOrder", REFUND)).status is Status.OK
    refused = await d.call("shop.refundOrder", {**REFUND, "idempotency-key": "chosen"})
    assert refused.status is Status.FAILED
    (sent,) = api.keys
    assert UUID(sent).version == 8


async def test_a_key_that_the_api_takes_in_the_body_goes_there_and_is_no_argument(
    shop: Shop, dragoman: Any, tmp_path: Path
) -> None:
    schema = deepcopy(POST["requestBody"]["content"]["application/json"]["schema"])
    schema["properties"]["idempotency_key"] = {"type": "string", "maxLength": 45}
    schema["required"].append("idempotency_key")
    content = {"application/json": {"schema": schema}}
    described(tmp_path, requestBody={"required": True, "content": content})
    d: Dragoman = await dragoman(
        require_approval="never",
        limits={"retries": 0},
        idempotency={"body": "idempotency_key"},
    )
    contract = d.parts.operation("shop.refundOrder").contract
    assert "idempotency_key" not in str(contract.input_schema)
    assert contract.omitted == {"idempotency_key"}
    shop.answer = lambda _: web.Response(status=500)
    lost = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    shop.answer = None
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (lost.status, again.status) == (Status.UNKNOWN, Status.OK)
    first, second = (one["body"] for one in shop.requests)
    assert first == second == {"idempotency_key": first["idempotency_key"], "amount": 5}
    assert UUID(first["idempotency_key"]).version == 8
    chosen = await d.call("shop.refundOrder", {**REFUND, "idempotency_key": "chosen"})
    assert (chosen.status, len(shop.requests)) == (Status.FAILED, 2)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("kind", "body", "sent"),
    [
        ("application/json", b'{"a":1.10}', b'{"i d":"K","a":1.10}'),
        ("application/vnd.api+json", b"{ }", b'{"i d":"K"}'),
        (FORM, b"a=1%2B1", b"a=1%2B1&i+d=K"),
        (FORM, b"", b"i+d=K"),
        ("", None, b'{"i d":"K"}'),
    ],
)
def test_a_body_with_a_key_is_the_body_and_the_key(
    kind: str, body: bytes | None, sent: bytes
) -> None:
    headers = (("Content-Type", kind),) if kind else ()
    prepared = Prepared(
        "shop.pay", "shop", "http", Effect.WRITE, "POST", "http://x/", headers, body
    )
    made = keyed(prepared, Rules(idempotency_member="i d"), "K")
    assert made.body == sent
    assert dict(made.headers) == {"Content-Type": kind or "application/json"}


@pytest.mark.parametrize("body", [b"[1]", b"text", b"--parts"])
def test_a_body_without_members_is_not_sent_without_its_key(body: bytes) -> None:
    headers = (("Content-Type", "multipart/form-data; boundary=parts"),)
    prepared = Prepared(
        "shop.pay", "shop", "http", Effect.WRITE, "POST", "http://x/", headers, body
    )
    with pytest.raises(UnsupportedError, match=r"shop\.pay takes no member i d"):
        keyed(prepared, Rules(idempotency_member="i d"), "K")


async def test_a_call_by_hand_takes_its_key_in_the_body_too(shop: Shop, dragoman: Any) -> None:
    pay = {"post": "/orders/1/refunds", "body": {"amount": "integer", "reference": "string"}}
    bank = {
        "http": shop.url,
        "require_approval": "never",
        "idempotency": {"body": "reference"},
        "operations": {"pay": pay},
    }
    d: Dragoman = await dragoman(top={"apis": {"bank": bank}})
    assert (await d.call("bank.pay", {"amount": 5})).ok
    assert UUID(shop.refunds[0]["reference"]).version == 8


@pytest.mark.parametrize("key", [{}, {"header": "Idempotency-Key", "body": "key"}])
async def test_a_key_goes_to_one_place(dragoman: Any, key: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await dragoman(idempotency=key)
    assert "apis.shop.idempotency needs one of: header: Idempotency-Key, body: " in str(
        refused.value
    )
