"""Several accounts of one API: one catalog, and the caller's configuration chooses."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman import ConfigurationError, Dragoman, Status
from small_shop import Shop

ACCOUNTS = {"work": {"bearer": "${WORK}"}, "home": {"bearer": "${HOME_TOKEN}"}}
VALUES = {"WORK": "token-of-work-1", "HOME_TOKEN": "token-of-home-1"}
CALLERS = {
    "bot": {"scopes": ["shop"], "accounts": {"shop": "home"}},
    "clerk": {"scopes": ["shop"]},
}


async def opened(dragoman: Any, **settings: Any) -> Dragoman:
    top = {"callers": CALLERS}
    d: Dragoman = await dragoman(top=top, environ=VALUES, auth={}, accounts=ACCOUNTS, **settings)
    return d


@pytest.mark.parametrize(
    ("caller", "token"), [("bot", "home"), ("clerk", "work"), ("owner", "work")]
)
async def test_each_caller_shows_its_own_account(
    shop: Shop, dragoman: Any, caller: str, token: str
) -> None:
    d = await opened(dragoman)
    await d.call("shop.getOrder", {"order_id": "1"}, caller=caller)
    assert shop.requests[-1]["authorization"] == f"Bearer token-of-{token}-1"


async def test_the_owner_may_name_another_for_those_who_name_none(
    shop: Shop, dragoman: Any
) -> None:
    d = await opened(dragoman, account="home")
    await d.call("shop.getOrder", {"order_id": "1"}, caller="clerk")
    assert shop.requests[-1]["authorization"] == "Bearer token-of-home-1"


async def test_a_yes_is_for_one_account(shop: Shop, dragoman: Any) -> None:
    d = await opened(dragoman)
    arguments = {"order_id": "1", "amount": 5}
    waits = await d.call("shop.refundOrder", arguments, caller="bot")
    other = await d.call("shop.refundOrder", arguments, caller="clerk")
    assert waits.prepared is not None
    assert other.prepared is not None
    assert waits.approval != other.approval
    assert waits.prepared.hash != other.prepared.hash
    approval = await d.parts.approvals.get(str(waits.approval))
    assert approval.shown["credential"] == "bearer ${HOME_TOKEN}"
    await d.approve(str(waits.approval))
    assert (await d.resume(waits.id)).status is Status.OK
    assert shop.requests[-1]["authorization"] == "Bearer token-of-home-1"


async def test_a_fresh_answer_of_one_account_is_not_anothers(shop: Shop, dragoman: Any) -> None:
    d = await opened(dragoman, cache="60s")
    for caller in ("bot", "clerk", "bot"):
        await d.call("shop.getOrder", {"order_id": "1"}, caller=caller)
    assert len(shop.requests) == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"auth": {"bearer": "${WORK}"}}, "has auth and accounts"),
        ({"account": "office"}, "has no account 'office'"),
        (
            {"accounts": {**ACCOUNTS, "x": {"basic": {"username": "u", "password": "${WORK}"}}}},
            "accounts with different keys",
        ),
    ],
)
async def test_accounts_that_do_not_fit_are_told_at_load(
    dragoman: Any, settings: dict[str, Any], told: str
) -> None:
    given = {"auth": {}, "accounts": ACCOUNTS, **settings}
    with pytest.raises(ConfigurationError, match=told):
        await dragoman(environ=VALUES, **given)


async def test_a_caller_cannot_use_an_account_that_is_not_there(dragoman: Any) -> None:
    top = {"callers": {"bot": {"accounts": {"shop": "office"}}}}
    with pytest.raises(
        ConfigurationError, match=r"shop has no account 'office'\. It has: work, home"
    ):
        await dragoman(top=top, environ=VALUES, auth={}, accounts=ACCOUNTS)
