"""The record of a call says what decided, what was sent and how long its parts took."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from dragoman.audit.records import CallFilter, CallRecord
from small_shop import TOKEN

ORDER = {"order_id": "1042"}
REFUND = {"order_id": "1042", "amount": 5}
CALLERS = {"callers": {"bot": {"scopes": ["shop:read"], "rate": "3/minute"}}}


async def recorded(d: Dragoman, outcome: Any) -> CallRecord:
    return await d.parts.audit.get_call(outcome.id)


async def test_a_read_that_is_allowed_names_the_line_that_lets_its_caller(dragoman) -> None:
    d = await dragoman(top=CALLERS)
    kept = await recorded(d, await d.call("shop.getOrder", ORDER, caller="bot"))
    assert (kept.status, kept.decision, kept.rule) == ("ok", "allowed", "callers.bot")
    owner = await recorded(d, await d.call("shop.getOrder", ORDER))
    assert (owner.decision, owner.rule) == ("allowed", "apis.shop.require_approval")


async def test_the_parts_of_its_time_and_its_sizes_are_there(dragoman, shop) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    kept = await recorded(d, outcome)
    (attempt,) = kept.attempts
    assert attempt.ended == "200"
    assert 0 < (attempt.first_byte or 0) <= attempt.seconds <= kept.seconds
    assert kept.api_seconds == attempt.seconds
    assert (kept.connect_seconds, kept.first_byte_seconds) == (attempt.connect, attempt.first_byte)
    assert kept.bytes_sent == len("GET") + len(f"{shop.url}/orders/1042") + len("Accept: ") + len(
        dict(outcome.prepared.headers)["Accept"] + "\r\n"
    )
    assert kept.bytes_received is not None
    assert kept.bytes_shown == len(json.dumps(outcome.data, separators=(",", ":")))
    assert (len(kept.description_digest), len(kept.settings_digest)) == (16, 16)


@pytest.mark.parametrize(
    ("arguments", "more", "decided"),
    [
        ({"order_id": "x"}, {}, ("not valid", "")),
        ({"order_id": "1042", "amount": 5}, {"caller": "bot"}, ("refused", "callers.bot.scopes")),
        (REFUND, {"dry_run": True}, ("dry run", "apis.shop.require_approval")),
        (REFUND, {}, ("asked", "apis.shop.require_approval")),
    ],
)
async def test_what_goes_no_further_says_why(
    dragoman, shop, arguments: dict[str, Any], more: dict[str, Any], decided: tuple[str, str]
) -> None:
    d = await dragoman(top=CALLERS)
    kept = await recorded(d, await d.call("shop.refundOrder", arguments, **more))
    assert (kept.decision, kept.rule) == decided
    assert (kept.attempts, kept.bytes_sent, shop.requests) == ((), None, [])


async def test_a_yes_is_told_with_whose_it_was(dragoman) -> None:
    d = await dragoman()
    outcome = await d.call("shop.refundOrder", REFUND)
    await d.approve(outcome.approval, by="ana")
    done = await d.resume(outcome.id)
    kept = await recorded(d, done)
    assert (kept.status, kept.decision) == ("ok", "approved by ana")
    assert kept.approval_id == outcome.approval


async def test_a_repeat_names_the_call_that_it_repeats(dragoman, shop) -> None:
    d = await dragoman(require_approval="never")
    first = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    kept = await recorded(d, again)
    assert (kept.decision, kept.repeated) == (f"repeat of {first.id}", True)
    assert (kept.attempts, kept.bytes_sent, len(shop.refunds)) == ((), None, 1)


async def test_an_answer_from_the_cache_says_so(dragoman) -> None:
    d = await dragoman(cache="1m")
    await d.call("shop.getOrder", ORDER)
    kept = await recorded(d, await d.call("shop.getOrder", ORDER))
    assert (kept.decision, kept.cached, kept.attempts) == ("fresh answer", "fresh", ())


async def test_a_caller_beyond_its_rate_is_held_back_by_that_line(dragoman) -> None:
    d = await dragoman(top=CALLERS)
    outcomes = [await d.call("shop.getOrder", ORDER, caller="bot") for _ in range(4)]
    kept = await recorded(d, outcomes[3])
    assert (kept.decision, kept.rule) == ("held back by a limit", "callers.bot.rate")


async def test_what_the_api_refused_is_told_with_what_was_sent(dragoman) -> None:
    d = await dragoman()
    kept = await recorded(d, await d.call("shop.getOrder", {"order_id": "9999"}))
    assert (kept.status, kept.decision, kept.http_status) == ("failed", "allowed", 404)
    assert [one.ended for one in kept.attempts] == ["404"]
    assert (kept.problem or {})["fault"] == "arguments"
    assert kept.bytes_shown is None


async def test_a_call_that_is_cancelled_is_recorded_too(dragoman, shop) -> None:
    reached = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        reached.set()
        await asyncio.Event().wait()
        return web.Response()

    shop.answer = hang
    d = await dragoman()
    calling = asyncio.create_task(d.call("shop.getOrder", ORDER))
    await reached.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    (kept,) = await d.parts.audit.calls(CallFilter(), 10)
    assert (kept.status, kept.decision) == ("cancelled", "cancelled")


async def test_a_large_answer_is_looked_through_off_the_loop_and_measured(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{TOKEN} " + "x" * 200_000
    shop.answer = lambda request: web.json_response({"text": text})
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.data["text"].startswith("[SHOP_TOKEN] xxx")
    kept = await recorded(d, outcome)
    assert kept.bytes_shown == len(json.dumps(outcome.data, separators=(",", ":")))


async def test_the_record_of_an_outcome_is_a_mapping_that_is_made_when_looked_at(dragoman) -> None:
    d = await dragoman()
    outcome = await d.call("shop.getOrder", ORDER)
    kept = await recorded(d, outcome)
    told = outcome.record
    assert "made" not in vars(told)
    assert {name: told[name] for name in told} == {**kept.as_json()} == dict(told)
    assert (len(told), told["operation"]) == (len(kept.as_json()), "shop.getOrder")
    assert type(copy.deepcopy(told)) is dict
    assert TOKEN not in repr(told)


async def test_pending_and_done_are_one_row(dragoman) -> None:
    d = await dragoman()
    outcome = await d.call("shop.refundOrder", REFUND)
    await d.deny(outcome.approval, by="ana", reason="too much")
    await d.resume(outcome.id)
    (kept,) = await d.parts.audit.calls(CallFilter(), 10)
    assert (kept.status, kept.decision) == (Status.FAILED, "refused")
