"""Ways around an owner rule, a hidden field or a named approver, each of them closed."""

from __future__ import annotations

import asyncio
import json
import threading
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from test_owners import MINE, READ_FIRST, RULES, orders_of, problem

from dragoman import ConfigurationError, Dragoman, PolicyError, Status
from dragoman.call import owner, path
from small_shop import Shop

BAD_JSON = '{"card_number": "4111-1111", "customer_id": "bo", "x": NaN}'


def answers(shop: Shop, text: str, media_type: str = "application/json", status: int = 200) -> None:
    shop.answer = lambda _: web.Response(text=text, content_type=media_type, status=status)


async def test_a_write_about_what_is_anothers_or_not_there_is_told_in_the_same_words(
    shop: Shop, dragoman: Any
) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    told = [
        problem(await d.call("shop.refundOrder", {"order_id": number, "amount": 5}, user="ana"))
        for number in ("2", "99")
    ]
    assert told[0] == told[1]
    assert told[0]["detail"] == "shop.refundOrder found nothing for these arguments."


async def test_a_rule_that_reads_its_own_operation_ends(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations={"getOrder": {"owner": READ_FIRST}})
    assert (await d.call("shop.getOrder", {"order_id": "1"}, user="ana")).status is Status.OK
    assert (await d.call("shop.getOrder", {"order_id": "2"}, user="ana")).status is Status.FAILED


async def test_what_is_read_first_is_read_in_the_account_that_the_write_goes_to(
    shop: Shop, dragoman: Any
) -> None:
    def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            shop.refunds.append({})
            return web.json_response({}, status=201)
        home = "tok-of-home" in request.headers["Authorization"]
        return web.json_response({"order_id": "1", "customer_id": "bo" if home else "ana"})

    shop.answer = answer
    d: Dragoman = await dragoman(
        auth={},
        accounts={"work": {"bearer": "${WORK}"}, "home": {"bearer": "${HOME_KEY}"}},
        environ={"WORK": "tok-of-work", "HOME_KEY": "tok-of-home"},
        operations={"refundOrder": {"owner": READ_FIRST, "require_approval": "never"}},
        top={
            "callers": {
                "bot": {"scopes": ["shop"], "acts_for": "any", "accounts": {"shop": "home"}}
            }
        },
    )
    arguments = {"order_id": "1", "amount": 5}
    refused = await d.call("shop.refundOrder", arguments, user="ana", caller="bot")
    assert (refused.status, shop.refunds) == (Status.FAILED, [])
    theirs = await d.call("shop.refundOrder", arguments, user="bo", caller="bot")
    assert theirs.status is Status.OK


async def test_whose_a_thing_is_is_never_judged_by_an_old_answer(shop: Shop, dragoman: Any) -> None:
    owners = ["ana", "bo"]

    def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            shop.refunds.append({})
            return web.json_response({}, status=201)
        return web.json_response({"customer_id": owners.pop(0)})

    shop.answer = answer
    rules = {
        "getOrder": {"cache": "60s"},
        "refundOrder": {"owner": READ_FIRST, "require_approval": "never"},
        "deleteOrder": {"owner": READ_FIRST, "require_approval": "always"},
    }
    d: Dragoman = await dragoman(operations=rules)
    asks = await d.call("shop.deleteOrder", {"order_id": "1"}, user="ana")
    assert asks.status is Status.PENDING
    changed = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, user="ana")
    assert (changed.status, shop.refunds) == (Status.FAILED, [])


@pytest.mark.parametrize(
    "rules",
    [
        {"getOrder": {"owner": MINE}},
        {"getOrder": {"hide": ["**.card_number"]}},
        {"getOrder": {}, "refundOrder": {"owner": READ_FIRST, "require_approval": "never"}},
    ],
)
async def test_an_answer_that_cannot_be_read_is_not_quoted_to_whom_it_may_not_be_shown(
    shop: Shop, dragoman: Any, rules: Any
) -> None:
    answers(shop, BAD_JSON)
    d: Dragoman = await dragoman(operations=rules)
    operation, more = ("refundOrder", {"amount": 5}) if "refundOrder" in rules else ("getOrder", {})
    outcome = await d.call(f"shop.{operation}", {"order_id": "1", **more}, user="ana")
    assert outcome.status is Status.FAILED
    assert "4111" not in str(problem(outcome))
    assert "bo" not in str(problem(outcome)["detail"]).split()


async def test_a_field_is_hidden_in_json_that_calls_itself_text(shop: Shop, dragoman: Any) -> None:
    answers(shop, '{"order_id": "1", "card_number": "4111-1111"}', "text/plain")
    d: Dragoman = await dragoman(hide=["**.card_number"])
    outcome = await d.call("shop.getOrder", {"order_id": "1"})
    assert "4111" not in json.dumps(outcome.data)
    assert "order_id" in json.dumps(outcome.data)


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("<order><Card_Number>4111-1111</Card_Number></order>", "application/xml"),
        ("order_id,card_number\n1,4111-1111\n", "text/csv"),
        ('{"a": 1}\n{"card_number": "4111-1111"}\n', "application/x-ndjson"),
    ],
)
async def test_text_in_which_a_hidden_name_stands_is_not_shown(
    shop: Shop, dragoman: Any, text: str, media_type: str
) -> None:
    answers(shop, text, media_type)
    d: Dragoman = await dragoman(hide=["**.card_number"])
    outcome = await d.call("shop.getOrder", {"order_id": "1"})
    assert "4111" not in json.dumps(outcome.data)
    assert "'card_number' stands in it" in outcome.data["note"]
    answers(shop, "all is well", "text/plain")
    assert (await d.call("shop.getOrder", {"order_id": "1"})).data == "all is well"


async def test_a_hidden_field_is_hidden_in_errors_too(shop: Shop, dragoman: Any) -> None:
    body = {"detail": "Refused.", "errors": {"card_number": ["4111-1111 has expired"], "pin": "x"}}
    answers(shop, json.dumps(body), status=422)
    d: Dragoman = await dragoman(hide=["**.card_number"])
    told = problem(await d.call("shop.getOrder", {"order_id": "1"}))["detail"]
    assert "4111" not in told
    assert "Refused." in told
    assert "pin: x" in told


async def test_a_rule_that_names_other_people_later_counts_for_what_waits_already(
    shop: Shop, dragoman: Any
) -> None:
    d: Dragoman = await dragoman(operations={"refundOrder": {"require_approval": "always"}})
    waits = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, idempotency_key="k")
    await d.approve(waits.approval or "")
    rule = {"refundOrder": {"require_approval": {"by": ["finance"]}}}
    stricter: Dragoman = await dragoman(operations=rule)
    resumed = await stricter.resume(waits.id)
    assert (resumed.status, shop.refunds) == (Status.PENDING, [])
    anew = resumed.approval
    assert anew != waits.approval
    with pytest.raises(PolicyError, match="finance"):
        await stricter.approve(anew)
    await stricter.approve(anew, by="finance")
    assert (await stricter.resume(waits.id)).status is Status.OK


async def test_the_hint_names_one_who_may_answer(shop: Shop, dragoman: Any) -> None:
    rule = {"refundOrder": {"require_approval": {"by": ["finance", "lead"]}}}
    d: Dragoman = await dragoman(operations=rule)
    waits = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5})
    with pytest.raises(PolicyError) as refused:
        await d.approve(waits.approval or "")
    assert refused.value.hint.endswith(f"approve {waits.approval} --by finance")


async def test_large_ids_that_floats_cannot_tell_apart_are_different_owners(
    shop: Shop, dragoman: Any
) -> None:
    answers(shop, '{"customer_id": 36893488147419103233}')
    rule = "string(result.customer_id) == caller.user"
    d: Dragoman = await dragoman(operations={"getOrder": {"owner": rule}})
    theirs = await d.call("shop.getOrder", {"order_id": "1"}, user="36893488147419103233")
    assert theirs.status is Status.OK
    other = await d.call("shop.getOrder", {"order_id": "1"}, user="36893488147419103232")
    assert other.status is Status.FAILED


async def test_a_large_thing_is_judged_without_holding_the_event_loop(
    shop: Shop, dragoman: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"sku": f"s{n}", "count": n, "price": 1.5} for n in range(90_000)]
    body = json.dumps({"customer_id": "ana", "lines": lines})
    shop.answer = lambda request: (
        web.Response(text=body, content_type="application/json")
        if request.method == "GET"
        else web.json_response({}, status=201)
    )
    threads: dict[str, int] = {}
    for module, name in ((owner, "_is_theirs"), (path, "readable")):
        _note_thread(monkeypatch, module, name, threads)
    rule = {"refundOrder": {"owner": READ_FIRST, "require_approval": "never"}}
    d: Dragoman = await dragoman(operations=rule)
    outcome = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, user="ana")
    assert outcome.status is Status.OK
    assert threads.keys() == {"_is_theirs", "readable"}
    assert threading.get_ident() not in threads.values()


def _note_thread(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, threads: dict[str, int]
) -> None:
    work = getattr(module, name)

    def noted(*args: Any, **named: Any) -> Any:
        threads[name] = threading.get_ident()
        return work(*args, **named)

    monkeypatch.setattr(module, name, noted)


@pytest.mark.parametrize("pattern", ["lines[*].card", "lines[].card", "$.card"])
async def test_a_pattern_in_another_language_is_refused_and_not_taken_in_vain(
    dragoman: Any, pattern: str
) -> None:
    with pytest.raises(ConfigurationError, match="passed through"):
        await dragoman(hide=[pattern])


async def test_what_an_api_says_of_ones_own_thing_is_told(shop: Shop, dragoman: Any) -> None:
    def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"detail": "The time for refunds is over."}, status=403)
        return web.json_response({"customer_id": "ana"})

    shop.answer = answer
    d: Dragoman = await dragoman(operations=RULES)
    refused = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, user="ana")
    assert "The time for refunds is over." in problem(refused)["detail"]


async def test_what_is_paused_or_too_frequent_is_not_read_for_a_rule_either(
    shop: Shop, dragoman: Any
) -> None:
    orders_of(shop)
    rules = {**RULES, "getOrder": {"limits": {"rate": "1/day"}}}
    d: Dragoman = await dragoman(operations=rules)
    arguments = {"order_id": "1", "amount": 5}
    assert (await d.call("shop.refundOrder", arguments, user="ana")).status is Status.OK
    limited = await d.call("shop.refundOrder", {**arguments, "amount": 6}, user="ana")
    assert problem(limited)["code"] == "limit"
    await d.parts.pauses.begin("operation:shop.getOrder", reason="", by="ana")
    paused = await d.call("shop.refundOrder", {**arguments, "amount": 7}, user="ana")
    assert "shop.getOrder is paused" in problem(paused)["detail"]
    assert len(shop.refunds) == 1


async def test_a_read_for_a_rule_ends_with_the_time_of_the_call(shop: Shop, dragoman: Any) -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response({"customer_id": "ana"})

    shop.answer = never
    d: Dragoman = await dragoman(operations=RULES)
    arguments = {"order_id": "1", "amount": 5}
    outcome = await d.call("shop.refundOrder", arguments, user="ana", timeout=0.3)
    assert (outcome.status, shop.refunds) == (Status.FAILED, [])
    assert await d.parts.store.read("SELECT * FROM claims", {}) == []
