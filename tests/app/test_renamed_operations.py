"""An operation under the owner's name for it: every rule that was written for it still binds."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman import ConfigurationError, NotFoundError, Status

RENAMED = {
    "getOrder": {"rename": "find_order", "select": "{id: order_id}"},
    "refundOrder": {
        "rename": "money_back",
        "require_approval": "always",
        "fill": {"reason": "late"},
        "limits": {"rate": "1/hour"},
    },
    "listOrders": {
        "rename": "orders",
        "effect": "write",
        "omit": ["status"],
        "fill": {"customer_id": "caller.user"},
    },
    "deleteOrder": {"rename": "erase", "require_approval": "writes"},
}


async def test_approval_and_fill_of_a_renamed_operation_bind(dragoman, shop) -> None:
    d = await dragoman(require_approval="never", operations=RENAMED)
    outcome = await d.call("shop.money_back", {"order_id": "1042", "amount": 5})
    assert outcome.status is Status.PENDING
    assert shop.requests == []
    erased = await d.call("shop.erase", {"order_id": "1042"})
    assert erased.status is Status.PENDING
    await d.approve(outcome.approval, by="ana")
    done = await d.resume(outcome.id)
    assert done.operation == "shop.money_back"
    assert shop.refunds == [{"order_id": "1042", "amount": 5, "reason": "late"}]


async def test_the_caller_cannot_choose_what_the_owner_fills(dragoman, shop) -> None:
    d = await dragoman(require_approval="never", operations=RENAMED)
    await d.call("shop.orders", {"customer_id": "someone_else"}, user="u_7")
    assert [one["target"] for one in shop.requests] == ["/orders?customer_id=u_7"]
    refused = await d.call("shop.orders", {"status": "open"}, user="u_7")
    assert refused.problem.code == "arguments"


async def test_select_and_rate_of_a_renamed_operation_bind(dragoman, shop) -> None:
    free = {"rename": "money_back", "limits": {"rate": "1/hour"}}
    d = await dragoman(require_approval="never", operations={**RENAMED, "refundOrder": free})
    found = await d.call("shop.find_order", {"order_id": "1042"})
    assert found.data == {"id": "1042"}
    first, second = [
        await d.call("shop.money_back", {"order_id": "1", "amount": 5}) for _ in range(2)
    ]
    assert first.ok
    assert second.problem.code == "limit"
    assert len(shop.refunds) == 1


async def test_read_only_goes_by_the_effect_that_the_owner_gave(dragoman, shop) -> None:
    d = await dragoman(read_only=True, operations=RENAMED)
    outcome = await d.call("shop.orders", user="u_7")
    assert outcome.problem.code == "refused"
    assert shop.requests == []


async def test_the_old_name_calls_nothing(dragoman, shop) -> None:
    d = await dragoman(require_approval="never", operations=RENAMED)
    outcome = await d.call("shop.refundOrder", {"order_id": "1042", "amount": 5})
    assert outcome.problem.code == "not-found"
    assert outcome.problem.hint == "It is served as shop.money_back."
    assert shop.requests == []


async def test_scopes_toolsets_tools_search_and_log_use_the_new_name(dragoman, shop) -> None:
    top: dict[str, Any] = {
        "callers": {"bot": {"scopes": ["shop.find_*"], "toolset": "support"}},
        "toolsets": {"support": {"tools": ["shop.find_order", "shop.mon*"]}},
    }
    d = await dragoman(top=top, operations=RENAMED)
    assert [tool["name"] for tool in d.tools("support")] == [
        "shop__find_order",
        "shop__money_back",
    ]
    assert [tool["name"] for tool in d.tools("support", caller="bot")] == ["shop__find_order"]
    assert d.search("find order")[0].operation.id == "shop.find_order"
    outcome = await d.call("shop.find_order", {"order_id": "1042"}, caller="bot")
    assert outcome.ok
    refused = await d.call("shop.money_back", {"order_id": "1", "amount": 1}, caller="bot")
    assert refused.problem.code == "refused"
    await d.parts.audit.flush()
    assert (await d.parts.audit.get_call(outcome.id)).operation == "shop.find_order"


async def test_scopes_and_toolsets_by_the_old_name_say_the_new_one(dragoman) -> None:
    top = {
        "callers": {"bot": {"scopes": ["shop.getOrder"]}},
        "toolsets": {"support": {"tools": ["shop.refundOrder"]}},
    }
    with pytest.raises(ConfigurationError) as caught:
        await dragoman(top=top, operations=RENAMED)
    assert caught.value.messages == (
        "toolsets.support.tools: 'shop.refundOrder' in toolsets.support.tools names no operation."
        " It is served as shop.money_back.",
        "callers.bot.scopes: the scope 'shop.getOrder' of bot names no operation."
        " It is served as shop.find_order.",
    )


async def test_include_and_exclude_go_by_the_described_name(dragoman) -> None:
    d = await dragoman(include=["getOrder", "delete*"], exclude=["deleteOrder"], operations=RENAMED)
    assert list(d.parts.catalog.operations) == ["shop.find_order"]
    with pytest.raises(NotFoundError):
        d.parts.operation("shop.getOrder")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"operations": {"getOrder": {"rename": "listOrders"}}},
            "apis.shop.operations.getOrder.rename: shop has an operation 'listOrders' already.",
        ),
        (
            {"exclude": ["listOrders"], "operations": {"getOrder": {"rename": "listOrders"}}},
            "apis.shop.operations.getOrder.rename: shop has an operation 'listOrders' already.",
        ),
        (
            {
                "operations": {
                    "getOrder": {"rename": "refundOrder"},
                    "refundOrder": {"rename": "getOrder"},
                }
            },
            "apis.shop.operations.getOrder.rename: shop has an operation 'refundOrder' already.",
        ),
        (
            {"operations": {"getOrder": {"rename": "x"}, "listOrders": {"rename": "x"}}},
            "apis.shop.operations.listOrders.rename: getOrder is renamed to 'x' too.",
        ),
        (
            {
                "operations": {
                    "getOrder": {"rename": "find"},
                    "find": {"require_approval": "always"},
                }
            },
            "apis.shop.operations.find: there is no operation 'find' in shop. "
            "It is described as getOrder: write that.",
        ),
        (
            {"exclude": ["find"], "operations": {"getOrder": {"rename": "find"}}},
            "apis.shop.exclude: 'find' in apis.shop.exclude names no operation. "
            "It is described as getOrder: write that.",
        ),
    ],
)
async def test_a_name_that_would_be_mistaken_is_refused(
    dragoman, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await dragoman(**settings)
    assert message in caught.value.messages


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a:write", "a#b", "a*", "[a]", "./a", "../a", "a\nb", "x" * 201, "__"]
)
async def test_a_name_that_no_id_may_have_is_refused(dragoman, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is no name for an operation"):
        await dragoman(operations={"getOrder": {"rename": name}})


async def test_a_call_by_hand_has_its_name_as_its_key(dragoman) -> None:
    carrier = {
        "http": "http://localhost:1",
        "operations": {"track": {"get": "/p", "rename": "find"}},
    }
    with pytest.raises(ConfigurationError, match="here the key is the name"):
        await dragoman(top={"apis": {"carrier": carrier}})
