"""What the policy says of a call is what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman import Dragoman, Status
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import AuthenticationError
from dragoman.operation import Call
from small_shop import Shop

TOP: dict[str, Any] = {
    "callers": {
        "reader": {"scopes": ["shop:read"]},
        "writer": {"scopes": ["shop:write", "shop.getOrder"]},
        "nobody": {"scopes": []},
        "all": {"scopes": ["shop"]},
    }
}
CALLS = {
    "shop.getOrder": {"order_id": "1"},
    "shop.listOrders": {},
    "shop.refundOrder": {"order_id": "1", "amount": 60},
    "shop.deleteOrder": {"order_id": "1"},
}
QUESTIONS: list[Any] = [
    "never",
    "writes",
    "always",
    {"when": "args.amount > 50"},
    {"when": "effect == 'read'", "by": ["finance"]},
    {"by": ["finance"]},
    {"when": "1 == 1 && caller.name != 'all'"},
]
COMES_OF = {"allow": Status.OK, "approve": Status.PENDING, "deny": Status.FAILED}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("read_only", [False, True])
async def test_a_verdict_and_the_call_agree(
    shop: Shop, dragoman: Any, *, question: Any, read_only: bool
) -> None:
    d: Dragoman = await dragoman(top=TOP, require_approval=question, read_only=read_only)
    policy = d.parts.policy
    for name in ("owner", *TOP["callers"]):
        for operation, arguments in CALLS.items():
            call = Call(
                "C", operation, arguments, Deadline.after(9, SystemClock()), "s", None, name
            )
            verdict = policy.verdict(policy.caller(name), d.parts.operation(operation), call)
            outcome = await d.call(operation, arguments, caller=name)
            assert outcome.status is COMES_OF[verdict.word], (name, operation, verdict)
            if verdict.word == "deny":
                assert outcome.problem is not None
                assert (outcome.problem.code, outcome.problem.rule) == ("refused", verdict.rule)


async def test_the_key_of_a_caller_that_is_gone_is_told_nothing_of_the_others(
    dragoman: Any,
) -> None:
    d: Dragoman = await dragoman(top=TOP)
    _, key = await d.parts.caller_keys.create("former")
    with pytest.raises(AuthenticationError) as refused:
        await d.authenticate(key)
    assert "reader" not in str(refused.value)
    _, owners = await d.parts.caller_keys.create("owner")
    assert (await d.authenticate(owners)).caller == "owner"
