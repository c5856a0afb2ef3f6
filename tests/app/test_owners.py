"""Two customers on one shared service key: nobody sees, or changes, what is another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import ConfigurationError, Dragoman, Outcome, Status
from dragoman.audit.records import CallFilter
from small_shop import Shop

ORDERS = {"1": "ana", "2": "bo", "3": "ana"}

MINE = "result.customer_id == caller.user"
READ_FIRST = {"read": "getOrder", "with": {"order_id": "args.order_id"}, "where": MINE}
RULES: dict[str, Any] = {
    "getOrder": {"owner": MINE, "select": "{order: order_id, status: status}"},
    "listOrders": {"owner": MINE},
    "refundOrder": {"owner": READ_FIRST, "require_approval": "never"},
    "deleteOrder": {"owner": READ_FIRST},
}


def orders_of(shop: Shop) -> None:
    """Let the shop have orders of two customers; it trusts whoever has its key."""

    def answer(request: web.Request) -> web.Response:
        match request.method, request.path.split("/")[1:]:
            case "GET", ["orders"]:
                return web.json_response([order(number) for number in ORDERS])
            case "GET", ["orders", number] if number in ORDERS:
                return web.json_response(order(number))
            case "POST", ["orders", number, "refunds"]:
                shop.refunds.append({"order": number})
                return web.json_response({"refund_id": "r1"}, status=201)
        return web.json_response({"detail": "no such order"}, status=404)

    shop.answer = answer


def order(number: str) -> dict[str, Any]:
    return {"order_id": number, "customer_id": ORDERS[number], "status": "open"}


def problem(outcome: Outcome) -> dict[str, Any]:
    assert outcome.problem is not None
    assert outcome.data is None
    return outcome.problem.as_json()


async def test_each_customer_reads_only_what_is_theirs(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    mine = await d.call("shop.getOrder", {"order_id": "1"}, user="ana")
    assert mine.data == {"order": "1", "status": "open"}
    assert (await d.call("shop.getOrder", {"order_id": "1"}, user="bo")).status is Status.FAILED


async def test_what_is_anothers_and_what_is_not_there_are_told_alike(
    shop: Shop, dragoman: Any
) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    foreign = await d.call("shop.getOrder", {"order_id": "2"}, user="ana")
    absent = await d.call("shop.getOrder", {"order_id": "99"}, user="ana")
    assert problem(foreign) == problem(absent)
    assert problem(foreign)["detail"] == "shop.getOrder found nothing for these arguments."
    for arguments in ({"order_id": "2", "amount": 5}, {"order_id": "99", "amount": 5}):
        outcome = await d.call("shop.refundOrder", arguments, user="ana")
        assert problem(outcome)["code"] == "not-found"
    assert shop.refunds == []


async def test_of_a_list_each_sees_their_own_items(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    for user, numbers in (("ana", ["1", "3"]), ("bo", ["2"]), ("eve", [])):
        outcome = await d.call("shop.listOrders", user=user)
        assert [one["order_id"] for one in outcome.data] == numbers


async def test_a_write_reads_first_and_is_not_sent_for_another(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    refused = await d.call("shop.refundOrder", {"order_id": "2", "amount": 5}, user="ana")
    assert problem(refused)["code"] == "not-found"
    assert [one["method"] for one in shop.requests] == ["GET"]
    done = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, user="ana")
    assert (done.status, shop.refunds) == (Status.OK, [{"order": "1"}])


async def test_nobody_is_asked_about_what_is_anothers(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    await d.call("shop.deleteOrder", {"order_id": "2"}, user="ana")
    assert await d.parts.approvals.list() == []
    waits = await d.call("shop.deleteOrder", {"order_id": "1"}, user="ana")
    assert waits.status is Status.PENDING


async def test_a_yes_does_not_help_when_the_thing_has_changed_hands(
    shop: Shop, dragoman: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    waits = await d.call("shop.deleteOrder", {"order_id": "1"}, user="ana")
    assert waits.approval is not None
    await d.approve(waits.approval)
    monkeypatch.setitem(ORDERS, "1", "bo")
    resumed = await d.resume(waits.id)
    assert problem(resumed)["code"] == "not-found"
    assert "DELETE" not in [one["method"] for one in shop.requests]


async def test_the_read_is_a_child_in_the_record(shop: Shop, dragoman: Any) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    done = await d.call("shop.refundOrder", {"order_id": "1", "amount": 5}, user="ana")
    records = await d.parts.audit.calls(CallFilter(), 10)
    (child,) = [one for one in records if one.parent_id == done.id]
    assert (child.operation, child.user, child.status) == ("shop.getOrder", "ana", "ok")


async def test_without_an_end_user_there_is_nothing_to_compare_with(
    shop: Shop, dragoman: Any
) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations=RULES)
    for operation in ("shop.getOrder", "shop.refundOrder"):
        arguments = {"order_id": "1"} | ({"amount": 5} if "refund" in operation else {})
        told = problem(await d.call(operation, arguments))
        assert (
            told["detail"] == f"{operation} needs an end user: its owner rule asks for caller.user."
        )
    assert shop.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        {"order_id": "1"},
        {"order_id": "1", "customer_id": None},
        {"order_id": "1", "customer_id": ["ana"]},
        {"order_id": "1", "customer_id": {"ana": True}},
        "ana",
        None,
        [{"order_id": "1"}],
    ],
)
async def test_an_answer_that_does_not_say_whose_it_is_is_nobodys(
    shop: Shop, dragoman: Any, answer: Any
) -> None:
    shop.answer = lambda _: web.json_response(answer)
    d: Dragoman = await dragoman(operations=RULES)
    outcome = await d.call("shop.getOrder", {"order_id": "1"}, user="ana")
    assert "1" not in json.dumps(outcome.data)


@pytest.mark.parametrize("where", ["true || result.x == caller.user", "1", "'yes'", "result"])
async def test_only_true_is_true(shop: Shop, dragoman: Any, where: str) -> None:
    orders_of(shop)
    d: Dragoman = await dragoman(operations={"getOrder": {"owner": where}})
    outcome = await d.call("shop.getOrder", {"order_id": "1"}, user="ana")
    assert outcome.ok is where.startswith("true")


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        ({"refundOrder": {"owner": MINE}}, "comes too late to judge it"),
        (
            {"refundOrder": {"owner": {**READ_FIRST, "read": "getOrdr"}}},
            "no operation 'getOrdr' in shop. Did you mean getOrder?",
        ),
        (
            {"deleteOrder": {"owner": {**READ_FIRST, "read": "refundOrder"}}},
            "refundOrder is a write operation, and is to be read",
        ),
        (
            {"deleteOrder": {"owner": READ_FIRST}, "getOrder": {"require_approval": "always"}},
            "a person may be asked before getOrder",
        ),
    ],
)
async def test_a_rule_that_cannot_be_judged_is_an_error_at_start(
    dragoman: Any, operations: Any, told: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await dragoman(operations=operations)
    assert told in str(refused.value)


async def test_what_is_hidden_reaches_nobody_in_any_form(
    shop: Shop, dragoman: Any, tmp_path: Path
) -> None:
    shop.answer = lambda _: web.json_response(
        {"order_id": "1", "card": {"card_number": "4111-1111", "name": "Ana"}, "pin": 1}
    )
    d: Dragoman = await dragoman(
        hide=["**.card_number"],
        operations={"getOrder": {"hide": ["pin"], "select": "{n: card.card_number, all: @}"}},
    )
    outcome = await d.call("shop.getOrder", {"order_id": "1"})
    assert outcome.data == {"n": None, "all": {"order_id": "1", "card": {"name": "Ana"}}}
    assert "4111" not in json.dumps(d.context([outcome]))
