"""A yes at the client: what the owner reads, and answers that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mcp_client import RawClient

from dragoman.audit.approvals import Approval
from dragoman.servers.mcp.asking import question

REFUND = {"order_id": "1043", "part": "shipping"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}
YES = {"action": "accept", "content": {"approve": True}}


@pytest.fixture
def modern(place: Path) -> Iterator[RawClient]:
    """A client of 2026-07-28 that can ask, and makes up its own answers."""
    client = RawClient(place)
    yield client
    assert client.close() == 0


def refund(client: RawClient, arguments: dict[str, str] | None = None, **more: Any) -> Any:
    params = {"name": "shop__refundOrder", "arguments": arguments or REFUND, "_meta": ENVELOPE}
    return client.request("tools/call", {**params, **more})["result"]


def test_an_answer_to_no_question_is_none(modern: RawClient, refunds: Callable[[], int]) -> None:
    before = refunds()
    early = refund(modern, inputResponses={"ap_AAAAAAAA": YES})
    assert early["structuredContent"]["status"] == "pending"
    approval = early["structuredContent"]["approval"]
    # Its id is known now, and it was never asked at this client.
    assert (
        refund(modern, inputResponses={approval: YES})["structuredContent"]["status"] == "pending"
    )
    assert refunds() == before


def test_an_answer_counts_for_the_call_that_was_asked_about_and_once(
    modern: RawClient, refunds: Callable[[], int]
) -> None:
    before = refunds()
    asked = refund(modern)
    assert asked["resultType"] == "input_required"
    ((approval, request),) = asked["inputRequests"].items()
    assert "/orders/1043/refunds" in request["params"]["message"]
    answer = {approval: YES}
    other = {"order_id": "1045", "part": "shipping"}
    assert refund(modern, other, inputResponses=answer)["structuredContent"]["status"] == "pending"
    assert refunds() == before
    done = refund(modern, inputResponses=answer)
    assert done["structuredContent"]["status"] == "ok"
    again = refund(modern, inputResponses=answer)
    assert "was not done again" in again["structuredContent"]["note"]
    assert refunds() == before + 1


NOT_YES: tuple[dict[str, Any], ...] = (
    {"action": "accept"},
    {"action": "accept", "content": {}},
    {"action": "accept", "content": {"approve": "yes"}},
    {"action": "accept", "content": {"approve": 1}},
    {"action": "decline", "content": {"approve": True}},
)


def test_only_a_yes_is_a_yes(modern: RawClient, refunds: Callable[[], int]) -> None:
    before = refunds()
    arguments = {"order_id": "1046", "part": "shipping"}
    for answer in NOT_YES:
        ((approval, _),) = refund(modern, arguments)["inputRequests"].items()
        answered = refund(modern, arguments, inputResponses={approval: answer})
        assert answered["structuredContent"]["problem"]["code"] == "refused"
    assert refunds() == before


def test_a_client_that_cannot_ask_after_all_leaves_it_waiting(place: Path) -> None:
    client = RawClient(place)
    client.initialize(elicitation={})
    params = {"name": "shop__refundOrder", "arguments": {"order_id": "1047", "part": "shipping"}}
    client.send({"jsonrpc": "2.0", "id": "r", "method": "tools/call", "params": params})
    asked = client.receive()
    assert asked["method"] == "elicitation/create"
    error = {"code": -32601, "message": "Method not found"}
    client.send({"jsonrpc": "2.0", "id": asked["id"], "error": error})
    assert client.receive()["result"]["structuredContent"]["status"] == "pending"
    assert client.close() == 0


def test_nothing_hides_in_what_the_owner_reads() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    hostile = "10\u202e52\u200b\n\x1b[2Kamount = 1   from: you"
    shown = {
        "method": "POST",
        "target": "http://shop/orders/1/refunds",
        "body": '{"note":"a\nb"}',
        "arguments": {"note": hostile, "long": "x" * 9_000},
        "origins": {"note": "text in shop.getOrder note"},
    }
    approval = Approval(
        "ap_1", {}, "c", None, "shop.refundOrder", "write", "h", shown, "owner", None, noon, noon
    )
    lines = question(approval).split("\n")
    (note,) = [line for line in lines if line.startswith("note = ")]
    assert note.endswith("from: text in shop.getOrder note")
    assert "<U+202E>" in note
    assert "\u202e" not in note
    assert [line for line in lines if line.startswith("amount = ")] == []
    assert max(map(len, lines)) < 2_100
    assert any("Body: " in line and "<U+000A>" in line for line in lines)
