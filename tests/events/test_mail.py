"""Mail: encrypted or not sent, within its time, and of no more headers than we write."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from listening import Open
from mail_server import CERTIFICATE, PASSWORD, MailServer, mail_server

from dragoman.events import mail as mail_module
from dragoman.events.mail import Mail
from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError
from moved_clock import NOON
from small_shop import TOKEN

LOGIN = f"ops:{quote(PASSWORD, safe='')}@"


def mail(server: MailServer, *, scheme: str = "smtp", login: str = LOGIN, **more: Any) -> Mail:
    async def address() -> str:
        return f"{scheme}://{login}localhost:{server.port}"

    recipients = ("ana@shop.example", "ben@shop.example")
    return Mail(address, "dragoman@shop.example", recipients, str(CERTIFICATE), **more)


def told(**payload: Any) -> Message:
    payload = {"operation": "shop.refundOrder", **payload}
    link = "https://tools.shop.example/links/abc"
    return Message("ev_1", "approval.asked", "ap_1", NOON, payload, link=link)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_mail_arrives_encrypted(scheme: str) -> None:
    async with mail_server(tls=scheme == "smtps") as server:
        await mail(server, scheme=scheme).send(told(question="Geld zurück?", arguments={"a": 1}))
    (got,) = server.mails
    assert (got["Subject"], got["To"]) == (
        "shop.refundOrder wants a yes",
        "ana@shop.example, ben@shop.example",
    )
    assert (got["Message-ID"], got["Auto-Submitted"]) == ("<ev_1@dragoman>", "auto-generated")
    assert got.get_content_type() == "text/plain"
    text = got.get_content()
    assert "question: Geld zurück?" in text
    assert "a = 1" in text
    assert "https://tools.shop.example/links/abc" in text.splitlines()
    in_clear = [line.split()[0].upper() for line in server.in_clear]
    assert in_clear == ([] if scheme == "smtps" else ["EHLO", "STARTTLS"])


@pytest.mark.parametrize(
    "how",
    [
        {"says": {"STARTTLS": "454 not now"}},
        {"offers": ("AUTH PLAIN",)},
    ],
    ids=["refused", "not offered"],
)
async def test_without_tls_no_password_and_no_mail_is_sent(how: dict[str, Any]) -> None:
    async with mail_server(**how) as server:
        with pytest.raises(UndeliveredError):
            await mail(server).send(told())
    commands = {line.split()[0].upper() for line in server.lines}
    assert not commands & {"AUTH", "MAIL", "DATA"}
    assert server.mails == []


async def test_a_server_on_this_machine_without_a_password_may_be_plain() -> None:
    async with mail_server(offers=()) as server:
        await mail(server, login="").send(told())
    assert len(server.mails) == 1


async def test_a_certificate_that_nobody_trusts_ends_it() -> None:
    async with mail_server() as server:
        trusting_nobody = mail(server)
        strange = Mail(trusting_nobody.server, "d@shop.example", ("ana@shop.example",))
        with pytest.raises(UndeliveredError, match="SSLCertVerificationError"):
            await strange.send(told())
    assert server.mails == []


async def test_a_wrong_password_is_told_without_it() -> None:
    async with mail_server() as server:
        with pytest.raises(UndeliveredError, match="535") as caught:
            await mail(server, login="ops:hunter2hunter2@").send(told())
    assert "hunter2" not in str(caught.value)
    assert caught.value.final is False
    assert server.mails == []


async def test_a_mailbox_that_there_is_not_is_not_tried_for_a_day() -> None:
    async with mail_server(says={"DATA": "554 no such mailbox"}) as server:
        with pytest.raises(UndeliveredError, match="554") as caught:
            await mail(server).send(told())
    assert caught.value.final


@pytest.mark.parametrize("hangs", ["EHLO", "RCPT", "DATA"])
async def test_a_server_that_never_ends_to_speak_is_left_after_a_while(
    hangs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer of it takes long, so that only the bound on all of it can end it."""
    monkeypatch.setattr(mail_module, "_ALL_SECONDS", 0.3)
    async with mail_server(hangs=hangs) as server:
        with pytest.raises(UndeliveredError):
            await mail(server).send(told())
        await server.gone.wait()
    assert server.mails == []


async def test_nothing_that_somebody_wrote_becomes_a_header() -> None:
    evil = "shop.x\r\nBcc: eve@evil.example\r\n\r\nhello"
    async with mail_server() as server:
        await mail(server).send(told(operation=evil, question=f"a\r\n.\r\nMAIL FROM:<x> {evil}"))
    (got,) = server.mails
    assert got["Bcc"] is None
    assert got["Subject"] == "shop.x Bcc: eve@evil.example hello wants a yes"
    assert sum(line.upper().startswith("RCPT") for line in server.lines) == 2


async def test_the_link_of_a_mail_answers_in_the_name_that_it_was_sent_to(
    opened: Open, shop: Any
) -> None:
    async with mail_server() as server:
        notify = {
            "email": "ana@shop.example",
            "smtp": "${SMTP}",
            "sender": "dragoman@shop.example",
            "answers_as": "ana",
        }
        environ = {"SMTP": f"smtp://{LOGIN}localhost:{server.port}"}
        more = {"public_url": "https://tools.shop.example", "network": {"ca": str(CERTIFICATE)}}
        d = await opened({"ana": notify}, environ=environ, **more)
        waiting = await d.call("shop.refundOrder", {"order_id": "1042", "amount": 25})
        await d.aclose()
        d = await opened({})
        (got,) = server.mails
        lines = got.get_content().splitlines()
        (link,) = [line for line in lines if line.startswith("https://tools.shop.example/links/")]
        assert (
            f"Sign in to answer: https://tools.shop.example/approvals/{waiting.approval}" in lines
        )
        kept = repr(await d.parts.store.read("SELECT * FROM event_outbox", {}))
        assert link.rpartition("/")[2] not in kept
        assert not [secret for secret in (PASSWORD, TOKEN) if secret in got.as_string()]
        await d.answer_link(link.rpartition("/")[2], approved=True)
    assert (await d.parts.approvals.get(waiting.approval)).answered_by == "ana"
    assert (await d.resume(waiting.id)).ok
    assert len(shop.refunds) == 1
