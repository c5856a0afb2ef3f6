"""Requests for a model, and who listens to its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dragoman.clock import Deadline, SystemClock
from dragoman.models.openai_provider import OpenAIProvider
from dragoman.models.provider import ModelRequest, Transcript, UserMessage
from dragoman.operation import Effect, Tool
from scripted_openai import ScriptedOpenAI

KEY = "sk-test-0123456789abcdef"

GET_ORDER = Tool(
    name="shop_getOrder",
    operation="shop.getOrder",
    description="One order.",
    parameters={
        "type": "object",
        "properties": {"id": {"type": "string"}},
        "required": ["id"],
        "additionalProperties": False,
    },
    effect=Effect.READ,
    strict=True,
)

Connect = Callable[..., Awaitable[tuple[ScriptedOpenAI, OpenAIProvider]]]


def asking(
    *transcript: Any, seconds: float = 20, tools: tuple[Tool, ...] = (), **more: Any
) -> ModelRequest:
    """A request with this transcript, by default one question."""
    turns: Transcript = transcript or (UserMessage("Where is order 1042?"),)
    deadline = Deadline.after(seconds, SystemClock())
    return ModelRequest("Be brief.", turns, tools, deadline, **more)


class Heard:
    """Keeps the pieces of text that it is told."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    async def __call__(self, piece: str) -> None:
        self.pieces.append(piece)

    @property
    def text(self) -> str:
        return "".join(self.pieces)
