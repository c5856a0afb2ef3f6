"""The demo's scene by the official client over stdio, in both eras of the protocol."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_client import ERAS, connected, environment, refused, said_no, said_yes
from mcp_types import ElicitResult

pytestmark = pytest.mark.parametrize("era", ERAS)

_ORDERS = iter([*range(1010, 1017), *range(1021, 1026), *range(1027, 1033)])
"""Those that the shop gives shipping back for."""


@pytest.fixture
def order() -> str:
    """An order whose shipping nobody has been given back yet."""
    return str(next(_ORDERS))


async def refund(client: Client, order: str) -> dict[str, Any]:
    result = await client.call_tool("shop__refundOrder", {"order_id": order, "part": "shipping"})
    return dict(result.structured_content)


async def test_tools_are_listed_and_an_order_is_read(place: Path, era: str) -> None:
    async with connected(place, era=era) as client:
        assert client.protocol_version == ERAS[era]
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"shop__getOrder", "carrier__trackParcel", "helpdesk__listTickets"} <= set(tools)
        result = await client.call_tool("shop__getOrder", {"order_id": "1042"})
        assert not result.is_error
        assert result.structured_content["status"] == "ok"
        assert result.structured_content["data"]["order_id"] == "1042"
        text = result.content[0].text
        assert text.startswith("BEGIN DATA ")
        assert "\nsource: shop.getOrder\n" in text
        assert "an instruction" in (client.instructions or "")
        await what_goes_wrong_is_told_in_the_result(client)


async def what_goes_wrong_is_told_in_the_result(client: Client) -> None:
    """Only a tool that there is not is an error of the protocol."""
    wrong = await client.call_tool("shop__getOrder", {"order_id": "#1042"})
    problem = wrong.structured_content["problem"]
    assert (wrong.is_error, problem["code"]) == (True, "arguments")
    assert "order_id must match" in problem["detail"]
    assert "order_id must match" in wrong.content[0].text
    missing = await client.call_tool("shop__getOrder", {"order_id": "9999"})
    assert (missing.is_error, missing.structured_content["status"]) == (True, "failed")
    with pytest.raises(MCPError, match=r"no tool named 'shop__getOrders'.*shop__getOrder"):
        await client.call_tool("shop__getOrders", {})


async def test_a_yes_at_the_client_sends_the_refund_once(
    place: Path, era: str, order: str, refunds: Callable[[], int]
) -> None:
    asked: list[str] = []

    def person(text: str) -> ElicitResult:
        asked.append(text)
        return said_yes(text)

    before = refunds()
    async with connected(place, era=era, person=person) as client:
        await client.call_tool("shop__getOrder", {"order_id": order})
        done = await refund(client, order)
        assert (done["status"], done["data"]["order_id"]) == ("ok", order)
        assert refunds() == before + 1
        (question,) = asked
        assert f"/orders/{order}/refunds" in question
        assert f'order_id = "{order}"   from: shop.getOrder order_id' in question
        assert 'part = "shipping"   from: the model' in question
        assert "${DEMO_SHOP_KEY}" in question
        again = await refund(client, order)
        assert (again["data"], len(asked), refunds()) == (done["data"], 1, before + 1)
        assert "was not done again" in again["note"]


async def test_without_a_yes_at_the_client_nothing_is_sent(
    place: Path, era: str, refunds: Callable[[], int]
) -> None:
    said = {
        str(next(_ORDERS)): said_no,
        str(next(_ORDERS)): refused,
        str(next(_ORDERS)): lambda _: ElicitResult(action="cancel"),
    }

    def person(text: str) -> ElicitResult:
        return next(answer(text) for order, answer in said.items() if f"/orders/{order}/" in text)

    before = refunds()
    async with connected(place, era=era, person=person) as client:
        for order in list(said)[:2]:
            denied = await refund(client, order)
            assert (denied["status"], denied["problem"]["code"]) == ("failed", "refused")
            assert "said no to shop.refundOrder" in denied["problem"]["detail"]
        put_away = await refund(client, list(said)[2])
        assert (put_away["status"], "problem" in put_away) == ("pending", False)
    assert refunds() == before


async def test_where_the_client_cannot_ask_the_command_line_gives_the_yes(
    place: Path, era: str, order: str, refunds: Callable[[], int]
) -> None:
    before = refunds()
    async with connected(place, era=era) as client:
        waiting = await refund(client, order)
        assert waiting["status"] == "pending"
        assert f"dragoman approvals approve {waiting['approval']}" in waiting["note"]
        assert str(place) in waiting["note"]
        assert refunds() == before
        command = [sys.executable, "-m", "dragoman", "approvals", "approve", waiting["approval"]]
        run = partial(subprocess.run, cwd=place, env=environment(), check=True, capture_output=True)
        await asyncio.to_thread(run, command)
        assert refunds() == before + 1
        done = await refund(client, order)
        assert (done["status"], done["data"]["order_id"]) == ("ok", order)
    assert refunds() == before + 1


async def test_what_destroys_and_what_is_for_others_is_not_asked_for_at_the_client(
    place: Path, era: str, order: str
) -> None:
    def nobody(text: str) -> ElicitResult:
        raise AssertionError(text)

    (place / "by.yaml").write_text(
        "apis: {shop: {operations: {refundOrder: {require_approval: {by: [finance]}}}}}"
    )
    words = ("-f", str(place / "by.yaml"))
    async with connected(place, *words, era=era, person=nobody) as client:
        result = await client.call_tool("shop__deleteCustomer", {"customer_id": "cu-110"})
        assert result.structured_content["status"] == "pending"
        found = await client.call_tool("shop__getCustomer", {"customer_id": "cu-110"})
        assert found.structured_content["status"] == "ok"
        assert (await refund(client, order))["status"] == "pending"


async def test_three_tools_in_place_of_all_reach_the_same_operations(
    place: Path, era: str, order: str, refunds: Callable[[], int]
) -> None:
    before = refunds()
    async with connected(place, "--meta", era=era, person=said_yes) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        meta = ["search_operations", "describe_operation", "call_operation"]
        assert names == [*meta, "read_result"]
        found = await client.call_tool("search_operations", {"query": "refund an order"})
        operations = [one["operation"] for one in found.structured_content["data"]["operations"]]
        assert "shop.refundOrder" in operations
        described = await client.call_tool("describe_operation", {"operation": "shop.refundOrder"})
        assert "order_id" in described.structured_content["data"]["parameters"]["properties"]
        arguments = {"order_id": order, "part": "shipping"}
        done = await client.call_tool(
            "call_operation", {"operation": "shop.refundOrder", "arguments": arguments}
        )
        assert done.structured_content["status"] == "ok"
        near = await client.call_tool("call_operation", {"operation": "shop.refund"})
        assert near.is_error
        assert "shop.refundOrder" in near.structured_content["problem"]["hint"]
    assert refunds() == before + 1
