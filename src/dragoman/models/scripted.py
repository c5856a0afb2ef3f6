"""A model whose replies are written beforehand: for tests, and to show what a bad model can do."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeAlias

from dragoman.errors import ModelError
from dragoman.models.provider import Finding, ModelReply, ModelRequest, OnText

__all__ = ["Script", "ScriptedProvider"]

Script: TypeAlias = (
    "Sequence[ModelReply] | Callable[[ModelRequest], ModelReply | Awaitable[ModelReply]]"
)
"""Replies in their order, or a function of the request."""


class ScriptedProvider:
    """Replays a script; keeps every request in `requests`. Not a language model."""

    def __init__(
        self,
        script: Script,
        *,
        name: str = "scripted",
        max_tools: int = 128,
        finding: Finding = "functions",
    ) -> None:
        self.name = name
        self.max_tools = max_tools
        self.finding = finding
        self.requests: list[ModelRequest] = []
        self._function = script if callable(script) else _in_order(iter(script))

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """Return the next reply, its text told in one piece; raises `ModelError` after the last."""
        self.requests.append(request)
        reply = self._function(request)
        if inspect.isawaitable(reply):
            reply = await reply
        if on_text is not None and reply.text:
            await on_text(reply.text)
        return reply

    async def aclose(self) -> None:
        """Do nothing: there is nothing open."""


def _in_order(replies: Iterator[ModelReply]) -> Callable[[ModelRequest], ModelReply]:
    def next_reply(_: ModelRequest) -> ModelReply:
        reply = next(replies, None)
        if reply is None:
            raise ModelError("The script has no reply left.")
        return reply

    return next_reply
