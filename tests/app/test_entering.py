"""A key or a token becomes a caller, and what it may do is bound to that."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman import Dragoman
from dragoman.access.identity import Identity
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import AuthenticationError
from dragoman.operation import Call

TOP: dict[str, Any] = {"callers": {"bot": {"scopes": ["shop:read"], "acts_for": ["u_7"]}}}


async def test_a_key_lets_its_caller_in_and_another_does_not(dragoman: Any) -> None:
    d: Dragoman = await dragoman(top=TOP)
    _, key = await d.parts.caller_keys.create("bot")
    assert await d.authenticate(key) == Identity("bot")
    for wrong in (key[:-1], "", "eyJhbGciOiJub25lIn0.e30."):
        with pytest.raises(AuthenticationError):
            await d.authenticate(wrong)


@pytest.mark.parametrize(
    ("user", "is_subject", "allowed"),
    [("u_7", False, True), ("u_8", False, False), ("u_8", True, True), (None, False, True)],
)
async def test_whoever_has_proved_who_they_are_acts_for_themselves(
    dragoman: Any, user: str | None, is_subject: bool, allowed: bool
) -> None:
    d: Dragoman = await dragoman(top=TOP)
    outcome = await d.parts.path.run(
        Call(
            id="C",
            operation="shop.getOrder",
            arguments={"order_id": "1042"},
            deadline=Deadline.after(10, SystemClock()),
            scope="call:C",
            caller="bot",
            user=user,
            is_subject=is_subject,
        )
    )
    assert outcome.ok is allowed
    if not allowed:
        assert outcome.problem is not None
        assert "may not act for the end user 'u_8'" in outcome.problem.detail
