"""Records as the audit log has them, for tests of whatever reads or writes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from dragoman.audit.records import AnswerRecord, CallRecord
from moved_clock import NOON

__all__ = ["answered", "called"]


def called(name: str = "7Q2ABCDEFG", **changes: Any) -> CallRecord:
    made = CallRecord(
        id=name,
        at=NOON,
        answer_id="A1",
        parent_id=None,
        door="cli",
        caller="owner",
        user="u_7",
        question="Where is order 1042?",
        operation="shop.getOrder",
        api="shop",
        effect="read",
        status="ok",
        arguments={"order_id": "1042", "amount": Decimal("25.10"), "big": 2**80},
        origins={"order_id": "you"},
        prepared={"method": "GET", "target": "http://localhost/orders/1042"},
        http_status=200,
        problem=None,
        rule="",
        approval_id=None,
        bytes_received=2048,
        seconds=0.25,
        api_seconds=0.125,
        dry_run=False,
        repeated=True,
        resumable={"id": name, "arguments": {"order_id": "1042"}},
        credential="bearer ${SHOP_TOKEN}",
    )
    return replace(made, **changes)


def answered(name: str = "A1", **changes: Any) -> AnswerRecord:
    made = AnswerRecord(
        id=name,
        at=NOON,
        caller="owner",
        user=None,
        question="Where is order 1042?",
        model="gpt-5.4-mini",
        status="ok",
        text="It was shipped.",
        usage={"input_tokens": 900, "output_tokens": 60},
        dollars=0.0011,
        calls=1,
        seconds=1.5,
        state={"transcript": [{"type": "user", "text": "Where is order 1042?"}]},
    )
    return replace(made, **changes)
