"""Webhooks and Slack: signed, without secrets, and what somebody wrote acts on nobody.

The judge of the signatures is the `standardwebhooks` package.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from listening import WEBHOOK_SECRET, Listener, Open
from standardwebhooks import Webhook as Judge
from standardwebhooks import WebhookVerificationError

from dragoman.clock import SystemClock
from dragoman.errors import ConfigurationError
from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError
from dragoman.events.slack import Slack
from dragoman.events.webhook import Webhook
from dragoman.network import Network
from moved_clock import NOON
from small_shop import TOKEN

REFUND = {"order_id": "1042", "amount": 25}
HOSTILE = (
    "<!channel> <https://evil.example|your bank> & *bold* https://evil.example @here\n• fake line"
)


def told(event: str = "approval.asked", **payload: Any) -> Message:
    return Message("ev_1", event, "ap_1", NOON, {"operation": "shop.refundOrder", **payload})


Hook = Callable[..., Webhook]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    async with Network() as network:
        yield network


@pytest.fixture
def hook(network: Network, listener: Listener) -> Hook:
    def make(secret: str = WEBHOOK_SECRET, url: str = "") -> Webhook:
        async def read_url() -> str:
            return url or listener.url

        async def read_secret() -> str:
            return secret

        return Webhook(network, SystemClock(), read_url, read_secret)

    return make


async def test_a_webhook_is_signed_as_its_judge_wants(hook: Hook, listener: Listener) -> None:
    await hook().send(told(arguments={"amount": 25, "note": "Grüße"}))
    headers, body = listener.posts[0]
    said = Judge(WEBHOOK_SECRET).verify(body, dict(headers))
    assert said == {
        "type": "approval.asked",
        "timestamp": "2026-11-24T12:00:00+00:00",
        "data": {
            "operation": "shop.refundOrder",
            "arguments": {"amount": 25, "note": "Grüße"},
        },
    }
    assert headers["webhook-id"] == "ev_1"
    for changed in (body.replace(b"25", b"26"), body + b" "):
        with pytest.raises(WebhookVerificationError):
            Judge(WEBHOOK_SECRET).verify(changed, dict(headers))


async def test_a_secret_may_be_a_long_text_and_no_short_one(hook: Hook, listener: Listener) -> None:
    await hook("a text of more than 24 letters").send(told())
    headers, body = listener.posts[0]
    Judge(b"a text of more than 24 letters").verify(body, dict(headers))
    for weak in ("whsec_c2hvcnQ=", "short", "whsec_no base64!"):
        with pytest.raises(UndeliveredError, match="The secret of the webhook"):
            await hook(weak).send(told())
    assert len(listener.posts) == 1


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (500, {}, (None, False)),
        (404, {}, (None, False)),
        (410, {}, (None, True)),
        (429, {"Retry-After": "120"}, (120.0, False)),
        (503, {"Retry-After": "Tue, 24 Nov 2026 12:05:00 GMT"}, (300.0, False)),
        (302, {"Location": "http://169.254.169.254/"}, (None, False)),
    ],
)
async def test_only_2xx_is_delivered(
    hook: Hook,
    listener: Listener,
    status: int,
    headers: dict[str, str],
    error: tuple[float | None, bool],
) -> None:
    date = {"Date": "Tue, 24 Nov 2026 12:00:00 GMT"}
    listener.answers = [web.Response(status=status, headers={**date, **headers})]
    with pytest.raises(UndeliveredError) as caught:
        await hook().send(told())
    assert (caught.value.again, caught.value.final) == error
    assert len(listener.posts) == 1


async def test_a_webhook_reaches_no_metadata_service(hook: Hook) -> None:
    with pytest.raises(UndeliveredError, match="refused"):
        await hook(url="http://169.254.169.254/latest").send(told())


async def test_what_somebody_wrote_is_plain_text_in_slack(
    network: Network, listener: Listener
) -> None:
    async def url() -> str:
        return listener.url

    message = told(question=HOSTILE, arguments={"note": HOSTILE})
    await Slack(network, SystemClock(), url).send(message)
    posted = json.loads(listener.posts[0][1])
    texts = [posted["text"], *(block["text"]["text"] for block in posted["blocks"])]
    assert not [text for text in texts if "<" in text or ">" in text]
    assert "&lt;!channel&gt; &lt;https://evil.example|your bank&gt; &amp; *bold*" in texts[2]
    assert all(block["text"]["verbatim"] for block in posted["blocks"]), "no bare address is a link"
    assert len(texts[2].splitlines()) == 2, "no line of its own"


async def test_a_long_message_fits_slack_and_is_cut_between_characters(
    network: Network, listener: Listener
) -> None:
    async def url() -> str:
        return listener.url

    for length in range(5):
        message = told(**{f"n{i}": "<" * 1_900 + "x" * length for i in range(4)})
        await Slack(network, SystemClock(), url).send(message)
    for _, body in listener.posts:
        for block in json.loads(body)["blocks"]:
            text = block["text"]["text"]
            assert len(text) <= 3_000
            assert not text.replace("&lt;", "").count("&")


# From the call to whoever is told


async def test_a_question_its_answer_and_its_end_are_told(
    opened: Open, listener: Listener, shop: Any
) -> None:
    hook = {"webhook": listener.url, "secret": "${HOOK_SECRET}"}
    d = await opened({"ops": hook}, public_url="https://tools.shop.example")
    waiting = await d.call("shop.refundOrder", REFUND, user="u_7", origins={"amount": "you"})
    asked = await listener.next()
    assert asked["type"] == "approval.asked"
    assert asked["data"]["approval"] == waiting.approval
    assert asked["data"]["arguments"] == REFUND
    assert asked["data"]["origins"]["amount"] == "you"
    assert asked["data"]["request"] == f"POST {shop.url}/orders/1042/refunds"
    address = f"https://tools.shop.example/approvals/{waiting.approval}"
    assert asked["data"]["address"] == address
    assert "links" not in json.dumps(asked), "a program gets no link that answers"
    await d.approve(waiting.approval, by="ana", arguments={"amount": 20})
    answered = await listener.next()
    assert (answered["type"], answered["data"]["by"]) == ("approval.answered", "ana")
    assert answered["data"]["changes"] == {"amount": {"from": 25, "to": 20}}
    headers, body = listener.posts[-1]
    assert Judge(WEBHOOK_SECRET).verify(body, dict(headers))["data"]["approved"] is True


async def test_a_secret_is_told_to_nobody(opened: Open, listener: Listener) -> None:
    d = await opened({"ops": {"webhook": listener.url, "secret": "${HOOK_SECRET}"}})
    d.parts.live.add(TOKEN, "SHOP_TOKEN")
    d.parts.outbox.emit_soon("breaker.opened", "shop", {"origin": f"https://{TOKEN}.example"})
    told = await listener.next()
    assert told["data"] == {"origin": "https://[SHOP_TOKEN].example"}


async def test_an_api_that_fails_is_told(opened: Open, listener: Listener, shop: Any) -> None:
    hook = {"webhook": listener.url, "secret": "${HOOK_SECRET}", "events": ["breaker.opened"]}
    d = await opened({"ops": hook})
    shop.answer = lambda _: web.Response(status=500, headers={"Retry-After": "0"})
    while not listener.posts:
        await d.call("shop.getOrder", {"order_id": "1"})
    assert (await listener.next())["data"] == {"api": "shop", "origin": shop.url}


async def test_a_write_that_nobody_knows_of_is_told(
    opened: Open, listener: Listener, shop: Any
) -> None:
    hook = {"webhook": listener.url, "secret": "${HOOK_SECRET}", "events": ["call.unknown"]}
    d = await opened({"ops": hook})
    waiting = await d.call("shop.refundOrder", REFUND)
    shop.answer = lambda _: web.Response(status=500)
    await d.approve(waiting.approval)
    outcome = await d.resume(waiting.id)
    assert outcome.status == "unknown"
    told = await listener.next()
    assert (told["type"], told["data"]["call"]) == ("call.unknown", outcome.id)


async def test_who_ends_at_once_has_told_what_waits(opened: Open, listener: Listener) -> None:
    hook = {"webhook": listener.url, "secret": "${HOOK_SECRET}"}
    d = await opened({"ops": hook})
    await d.call("shop.refundOrder", REFUND)
    await d.aclose()
    assert [json.loads(body)["type"] for _, body in listener.posts] == ["approval.asked"]


async def test_the_address_of_a_slack_channel_is_in_no_record(
    opened: Open, listener: Listener
) -> None:
    listener.answers = [web.Response(status=500)] * 50
    d = await opened({"team": {"slack": "${SLACK}"}}, environ={"SLACK": listener.url})
    await d.call("shop.refundOrder", REFUND)
    await d.aclose()
    d = await opened({"team": {"slack": "${SLACK}"}}, environ={"SLACK": "http://127.0.0.1:9/T/B/s"})
    await d.call("shop.refundOrder", REFUND)
    await d.aclose()
    d = await opened({})
    waiting = await d.parts.outbox.undelivered()
    assert [notice.error != "" for notice in waiting] == [True, True]
    kept = repr(await d.parts.store.read("SELECT * FROM event_outbox", {}))
    assert "hook" not in kept
    assert "T/B/s" not in kept


@pytest.mark.parametrize(
    ("notify", "complaint"),
    [
        ({"webhook": "ftp://x", "secret": "${S}"}, "begins with http"),
        ({"webhook": "https://x.example"}, "needs the secret"),
        ({"email": "a@b.example", "smtp": "http://x", "sender": "c@d.example"}, "smtp://"),
        ({"email": "a, b@c", "smtp": "smtp://x", "sender": "c@d.example"}, "one mailbox"),
        ({"slack": "${S}", "answers_as": "ana"}, "public_url, which is not set"),
        ({"webhook": "https://x.example", "secret": "${S}", "answers_as": "ana"}, "a program"),
        ({"slack": "${S}", "answers_as": "bot"}, "without the scope approve"),
    ],
)
async def test_what_cannot_tell_anybody_is_refused_with_its_line(
    opened: Open, notify: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        await opened({"ops": notify}, callers={"bot": {"scopes": ["shop"]}})


async def test_a_signature_is_of_now_however_old_the_event_is(
    hook: Hook, listener: Listener
) -> None:
    old = datetime.now(UTC) - timedelta(days=1)
    await hook().send(Message("ev_1", "approval.asked", "ap_1", old, {}))
    headers, body = listener.posts[0]
    assert Judge(WEBHOOK_SECRET).verify(body, dict(headers))["timestamp"] == old.isoformat()
