"""Telling people and programs of events: the destinations of the configuration, opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit

from dragoman.app.parts import Parts
from dragoman.audit.approval import ApprovalState
from dragoman.audit.outbox import Notice
from dragoman.config.surroundings import NotifySettings
from dragoman.errors import DragomanError
from dragoman.events.delivery import Delivery, Destination
from dragoman.events.mail import Mail
from dragoman.events.message import Message
from dragoman.events.slack import Slack
from dragoman.events.webhook import Webhook
from dragoman.secrets.reference import Template

__all__ = ["open_delivery"]


def open_delivery(parts: Parts) -> Delivery:
    """Return what delivers events to those whom the configuration names."""
    notify = parts.configuration.settings.notify
    return Delivery(
        parts.outbox,
        parts.approvals,
        {name: _destination(parts, name, one) for name, one in notify.items()},
        message=partial(_message, parts),
        redact=parts.live.redact,
        clock=parts.clock,
    )


def _destination(parts: Parts, name: str, settings: NotifySettings) -> Destination:
    def value(key: str) -> Callable[[], Awaitable[str]]:
        return partial(_value, parts, name, key, getattr(settings, key))

    if settings.webhook is not None:
        return Webhook(parts.network, parts.clock, value("webhook"), value("secret"))
    if settings.slack is not None:
        return Slack(parts.network, parts.clock, value("slack"))
    base, ca = parts.configuration.base, parts.configuration.settings.network.ca
    authorities = str(base / ca) if ca else None
    return Mail(value("smtp"), settings.sender or "", tuple(settings.email), authorities)


async def _value(parts: Parts, name: str, key: str, written: Template | str) -> str:
    """Return what the owner wrote, or what the reference stands for; its parts are secrets too."""
    if isinstance(written, str):
        return written
    where = parts.configuration.where("notify", name, key)
    text = await parts.secrets.resolve(written, where=where)
    if "://" in text:
        # An error names an address in another form, and a mail server only its password.
        address = urlsplit(text)
        for piece in filter(None, (address.path.strip("/"), address.password)):
            parts.live.add(piece, f"notify.{name}.{key}")
    return text


async def _message(parts: Parts, notice: Notice) -> Message:
    """Return what is sent of a notice; a link that answers is made here, and is kept nowhere."""
    settings = parts.configuration.settings
    asked = notice.event == "approval.asked"
    link, address = "", ""
    if asked and settings.public_url:
        address = f"{settings.public_url.rstrip('/')}/approvals/{notice.subject}"
    name = settings.notify[notice.destination].answers_as
    if asked and name:
        link = await _link(parts, notice.subject, name)
    return Message(
        id=notice.id,
        event=notice.event,
        subject=notice.subject,
        at=notice.at,
        payload=parts.live.redact_json(notice.payload),
        address=address,
        link=link,
    )


async def _link(parts: Parts, approval: str, name: str) -> str:
    """Return the address by which that one answers; empty where it may not, or not any more."""
    try:
        asked = await parts.approvals.get(approval)
        if asked.state is not ApprovalState.WAITING:
            return ""
        return parts.links.address(await parts.links.make(asked, name))
    except DragomanError:
        return ""
