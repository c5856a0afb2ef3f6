"""Slack, by an incoming webhook (docs.slack.dev, "Sending messages using incoming webhooks")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dragoman.clock import Clock
from dragoman.events.message import Message
from dragoman.events.post import post
from dragoman.exact_json import encode
from dragoman.network import Network
from dragoman.operation import JsonValue

__all__ = ["Slack"]

_MAX_TEXT = 2_900
"""Characters; Slack takes 3,000 in the text of a section."""

Block: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Slack:
    """A channel; whoever knows `url` may post there, so it is a secret."""

    network: Network
    clock: Clock
    url: Callable[[], Awaitable[str]] = field(repr=False)

    async def send(self, message: Message) -> None:
        """Post the message; raises `UndeliveredError`."""
        blocks = [_section(f"*{escaped(message.title)}*")]
        blocks.append(_section(_cut("\n".join(map(escaped, message.lines)))))
        if message.link:
            blocks.append(_section(f"<{message.link}|Look at it, and answer>"))
        if message.address:
            blocks.append(_section(f"<{message.address}|Sign in to answer>"))
        body = encode({"text": escaped(message.title), "blocks": blocks, "unfurl_links": False})
        await post(self.network, self.clock, await self.url(), (), body)


def escaped(text: str) -> str:
    """Return text that mentions nobody and links nowhere ("Formatting text for app surfaces")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> Block:
    """Return a paragraph; `verbatim` keeps Slack from making links of bare addresses and names."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _cut(text: str) -> str:
    """Return at most as much as Slack takes, never the half of an escaped character."""
    if len(text) <= _MAX_TEXT:
        return text
    head = text[:_MAX_TEXT]
    return (head.rpartition("&")[0] if "&" in head[-5:] else head) + "…"
