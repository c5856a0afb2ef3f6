"""A write that nobody knows the end of is listed, and settled by the API or by a person."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from dragoman import ConfigurationError, Dragoman, DragomanError, Status
from dragoman.audit.claims import ClaimState
from moved_clock import NOON, MovedClock
from small_shop import Shop

REFUND = {"order_id": "1", "amount": 5}
RULE = {
    "read": "getOrder",
    "with": {"order_id": "args.order_id"},
    "where": "result.refunds.exists(r, r == args.amount)",
}
LATER = timedelta(minutes=5)


class Losing:
    """A shop whose answers to refunds are lost, after it has made them or before."""

    def __init__(self, shop: Shop, *, makes: bool = True) -> None:
        self.makes = makes
        self.loses = True
        self.made: list[float] = []
        self.sent = 0
        self.reading = lambda: web.json_response({"refunds": self.made, "card": "4111"})
        shop.answer = self.answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return self.reading()
        self.sent += 1
        if self.makes:
            self.made.append((await request.json())["amount"])
        if self.loses:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return web.json_response({"refund_id": "r1"}, status=201)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def opened(dragoman: Any, clock: MovedClock) -> Any:
    """Open Dragoman with a rule for refunds."""

    async def open_it(rule: Any = RULE, **settings: Any) -> Dragoman:
        refund = {"reconcile": rule} if rule else {}
        given = {"require_approval": "never", **settings}
        d: Dragoman = await dragoman(clock=clock, operations={"refundOrder": refund}, **given)
        return d

    return open_it


async def lost(d: Dragoman, **given: Any) -> str:
    """Refund, and return the id of the call whose end nobody knows."""
    outcome = await d.call("shop.refundOrder", REFUND, idempotency_key="k", **given)
    assert outcome.status is Status.UNKNOWN
    assert f"dragoman reconcile {outcome.id}" in outcome.note
    return outcome.id


async def test_what_the_api_knows_has_happened_and_is_the_answer_from_then_on(
    shop: Shop, opened: Any
) -> None:
    api = Losing(shop)
    d = await opened(hide=["**.card"])
    call = await lost(d)
    assert [one.call_id for one in await d.unknown()] == [call]
    found = await d.reconcile(call[:6].lower())
    assert (found.happened, found.by, found.data) == (True, "shop.getOrder", {"refunds": [5]})
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.status, again.data, again.repeated_from) == (Status.OK, found.data, NOON)
    assert "was not done again. Its own answer was lost; shop.getOrder tells this." in again.note
    record = await d.parts.audit.get_call(call)
    assert (record.status, record.decision) == (
        "ok",
        "reconciled by shop.getOrder: it happened",
    )
    assert (await d.unknown(), api.sent) == ([], 1)


async def test_the_question_is_a_call_of_its_own_under_the_write(shop: Shop, opened: Any) -> None:
    Losing(shop)
    d = await opened()
    call = await lost(d, user="ana")
    await d.reconcile(call)
    await d.parts.audit.flush()
    rows = await d.parts.store.read("SELECT * FROM calls WHERE parent_id = :call", {"call": call})
    assert [(row["operation"], row["user_id"]) for row in rows] == [("shop.getOrder", "ana")]


async def test_what_the_api_does_not_know_is_free_once_its_sender_has_surely_given_up(
    shop: Shop, opened: Any, clock: MovedClock
) -> None:
    api = Losing(shop, makes=False)
    d = await opened()
    call = await lost(d)
    early = await d.reconcile(call)
    assert early.happened is None
    assert "does not know it yet. It may still come until 12:01:" in early.note
    clock.later = LATER
    assert (await d.reconcile(call)).happened is False
    record = await d.parts.audit.get_call(call)
    assert (record.status, record.decision) == (
        "failed",
        "reconciled by shop.getOrder: it did not happen",
    )
    api.loses, api.makes = False, True
    anew = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (anew.ok, anew.repeated_from, api.made) == (True, None, [5])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "shop.getOrder could not be read: 503"),
        ({"orders": []}, "The reconcile: rule"),
        ({"refunds": "many"}, "The reconcile: rule"),
    ],
)
async def test_without_a_yes_or_a_no_it_stays_unknown_and_says_why(
    shop: Shop, opened: Any, clock: MovedClock, answer: Any, why: str
) -> None:
    api = Losing(shop)
    d = await opened(limits={"retries": 0})
    call = await lost(d)
    clock.later = LATER
    api.reading = lambda: web.json_response(answer, status=200 if answer else 503)
    found = await d.reconcile(call)
    assert found.happened is None
    assert found.note.startswith(why)
    assert answer is None or " has no value: " in found.note
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.status, api.sent) == (Status.UNKNOWN, 1)


async def test_a_number_is_no_yes(shop: Shop, opened: Any) -> None:
    Losing(shop)
    d = await opened({**RULE, "where": "size(result.refunds)"})
    found = await d.reconcile(await lost(d))
    assert (found.happened, found.note) == (None, "The reconcile: rule is neither true nor false.")


@pytest.mark.parametrize("happened", [True, False])
async def test_a_person_may_say_so_and_is_recorded(
    shop: Shop, opened: Any, *, happened: bool
) -> None:
    api = Losing(shop)
    d = await opened(None)
    call = await lost(d)
    helpless = await d.reconcile(call)
    assert helpless.happened is None
    assert "no reconcile: rule for shop.refundOrder" in helpless.note
    assert "--happened or --did-not-happen" in helpless.note
    said = await d.reconcile(call, happened=happened, by="ana")
    assert (said.happened, said.by) == (happened, "ana")
    decision = (await d.parts.audit.get_call(call)).decision
    assert decision == f"reconciled by ana: it {'happened' if happened else 'did not happen'}"
    api.loses = False
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.ok, again.data) == (True, None if happened else {"refund_id": "r1"})
    assert ("ana said so" in again.note, api.sent) == (happened, 1 if happened else 2)


async def test_a_write_whose_process_died_is_listed_settled_and_recorded(
    shop: Shop, opened: Any
) -> None:
    Losing(shop)
    d = await opened()
    call = await lost(d, user="ana")
    await d.parts.audit.flush()
    await d.parts.store.write(lambda s: s.run("DELETE FROM call_log", {}))
    (listed,) = await d.unknown()
    assert (listed.call_id, listed.call["arguments"], listed.call["user"]) == (call, REFUND, "ana")
    assert (await d.reconcile(call)).happened
    record = await d.parts.audit.get_call(call)
    assert (record.operation, record.user, record.status) == ("shop.refundOrder", "ana", "ok")
    assert (record.at, record.decision) == (NOON, "reconciled by shop.getOrder: it happened")


async def test_a_claim_that_runs_is_not_settled_before_its_lease_is_over(
    shop: Shop, opened: Any, clock: MovedClock
) -> None:
    Losing(shop)
    d = await opened()
    call = await lost(d)
    await d.parts.store.write(lambda s: s.run("UPDATE claims SET state = 'running'", {}))
    assert await d.unknown() == []
    with pytest.raises(DragomanError, match="runs still, or died: nobody knows before 12:01"):
        await d.reconcile(call, happened=True)
    clock.later = LATER
    assert (await d.unknown())[0].state is ClaimState.UNKNOWN
    assert (await d.reconcile(call)).happened


async def test_what_is_settled_is_settled_once(shop: Shop, opened: Any) -> None:
    Losing(shop)
    d = await opened()
    call = await lost(d)
    both = await asyncio.gather(d.reconcile(call, happened=True), d.reconcile(call, happened=False))
    (settled,) = [one for one in both if one.happened is not None]
    (late,) = [one for one in both if one is not settled]
    assert late.note == "It was settled or sent again by somebody else meanwhile."
    word = "it happened" if settled.happened else "There is no write"
    with pytest.raises(DragomanError, match=word if not settled.happened else "is settled"):
        await d.reconcile(call)


async def test_a_rule_may_ask_for_the_key_that_the_api_was_shown(shop: Shop, opened: Any) -> None:
    keys: list[str] = []
    api = Losing(shop)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            keys.append(request.headers["Idempotency-Key"])
            return await api.answer(request)
        return web.json_response({"reference": keys[0]})

    shop.answer = answer
    rule = {**RULE, "where": "result.reference == key"}
    d = await opened(rule, idempotency={"header": "Idempotency-Key"}, limits={"retries": 0})
    assert (await d.reconcile(await lost(d))).happened


async def test_the_account_of_the_caller_is_asked(shop: Shop, opened: Any) -> None:
    Losing(shop)
    callers = {"bot": {"scopes": ["shop:write"], "accounts": {"shop": "home"}}}
    accounts = {"work": {"bearer": "${WORK}"}, "home": {"bearer": "${HOME_TOKEN}"}}
    environ = {"WORK": "token-of-work-1", "HOME_TOKEN": "token-of-home-1"}
    d = await opened(top={"callers": callers}, environ=environ, auth={}, accounts=accounts)
    call = await lost(d, caller="bot")
    assert (await d.reconcile(call)).happened
    assert shop.requests[-1]["method"] == "GET"
    assert shop.requests[-1]["authorization"] == "Bearer token-of-home-1"


@pytest.mark.parametrize("approval", ["never", "writes"])
async def test_where_the_api_knows_keys_it_is_sent_again_by_resume(
    shop: Shop, opened: Any, approval: str
) -> None:
    api = Losing(shop)
    key = {"header": "Idempotency-Key"}
    d = await opened(None, idempotency=key, require_approval=approval, limits={"retries": 0})
    first = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    if approval == "writes":
        await d.approve(str(first.approval))
        await d.resume(first.id)
    note = (await d.reconcile(first.id)).note
    assert f"Send it again under its key: dragoman resume {first.id}" in note
    api.loses = False
    again = await d.resume(first.id)
    assert (again.status, api.sent) == (Status.OK, 2)


async def test_a_secret_is_not_kept_so_the_api_cannot_be_asked(shop: Shop, opened: Any) -> None:
    Losing(shop)
    note = {"post": "/notes", "body": {"text": "string"}, "reconcile": {**RULE, "read": "list"}}
    http = {
        "http": shop.url,
        "auth": {"bearer": "${SHOP_TOKEN}"},
        "require_approval": "never",
        "operations": {"write": note, "list": {"get": "/notes"}},
    }
    environ = {"SHOP_TOKEN": "tok_live_9f8e7d6c5b4a"}
    shop.answer = lambda _: web.Response(status=500)
    d = await opened(top={"apis": {"notes": http}}, environ=environ)
    await d.call("notes.write", {"text": "a first, to know the secret"})
    lost = await d.call("notes.write", {"text": f"it is {environ['SHOP_TOKEN']}"})
    claim = next(one for one in await d.unknown() if one.call_id == lost.id)
    assert claim.call is None
    found = await d.reconcile(lost.id)
    assert found.note.startswith("Its arguments were not kept: look yourself, or say so")


async def test_what_is_kept_to_ask_goes_with_its_user_its_end_or_its_time(
    shop: Shop, opened: Any, clock: MovedClock
) -> None:
    api = Losing(shop)
    d = await opened(top={"privacy": {"bodies": "nothing", "keep": "30d"}})

    async def kept() -> list[Any]:
        rows = await d.parts.store.read("SELECT call FROM claims ORDER BY started", {})
        return [row["call"] for row in rows]

    await lost(d, user="ana")
    assert await kept() != [None]
    await d.parts.audit.forget_user("ana")
    assert await kept() == [None]
    clock.later = timedelta(seconds=1)
    await lost(d, user="bo")
    assert "bo" in (await kept())[1]
    api.loses = False
    clock.later = timedelta(seconds=2)
    await d.call("shop.refundOrder", REFUND)
    assert (await kept())[2] is None
    clock.later = timedelta(days=31)
    async with await opened(top={"privacy": {"bodies": "nothing", "keep": "30d"}}) as later:
        await later.call("shop.getOrder", {"order_id": "1"})
        await later.parts.audit.flush()
    assert await kept() == [None, None]
    assert len(await d.unknown()) == 2


@pytest.mark.parametrize(
    ("operation", "rule", "fault"),
    [
        ("refundOrder", {**RULE, "read": "getOrdr"}, "there is no operation 'getOrdr' in shop."),
        ("refundOrder", {**RULE, "read": "deleteOrder"}, "deleteOrder is a destructive operation"),
        ("getOrder", RULE, "getOrder only reads, so there is nothing to find out of it"),
        ("refundOrder", {**RULE, "where": "result ="}, "is no condition"),
    ],
)
async def test_a_rule_that_finds_nothing_out_is_told_at_load(
    dragoman: Any, operation: str, rule: Any, fault: str
) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        await dragoman(operations={operation: {"reconcile": rule}})
