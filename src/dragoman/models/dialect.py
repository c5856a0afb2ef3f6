"""The seam between the conversation and one of OpenAI's two interfaces.

A dialect says how a turn is asked for and how its answer is read, as plain functions; it opens
nothing and waits for nothing. Responses and Chat Completions sit side by side and look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from dragoman.models.provider import ModelReply, ModelRequest
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["FILTERED", "Assembly", "Dialect", "Terms"]

FILTERED = "The provider's content filter stopped the answer."
"""The text of a refusal for which the model has no words of its own."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server is asked for, besides the turn itself.

    `store` is whether it may keep the conversation, None to leave that unsaid. `tells_end_user`
    is whether it is given the keyed hash of the end user. `is_openai` decides between names that
    OpenAI has changed and other servers have not.
    """

    model: str
    store: bool | None = None
    tells_end_user: bool = False
    is_openai: bool = False

    def members(self, request: ModelRequest) -> dict[str, JsonValue]:
        """Return the members that both interfaces call by the same name."""
        members: dict[str, JsonValue] = {"model": self.model}
        if self.store is not None:
            members["store"] = self.store
        if self.tells_end_user and request.end_user:
            members["safety_identifier"] = request.end_user
        return members


class Assembly(Protocol):
    """Puts the events of one stream together."""

    def feed(self, event: JsonObject) -> str:
        """Take in the next event and return the text that it adds to the answer.

        Raises `ServerFaultError` for an event that reports one.
        """
        ...

    def answer(self) -> JsonObject | None:
        """Return what the same request gives unstreamed; None before the stream has said its end.

        A connection may close at any byte, so that its end alone proves nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """One interface: `path` below the base address, and how to speak it.

    `streamed` is what a request adds to be answered in events. `read` raises `ServerFaultError`
    for an answer that reports a fault or makes no sense.
    """

    name: Literal["responses", "chat"]
    path: str
    streamed: JsonObject
    body: Callable[[ModelRequest, Terms], dict[str, JsonValue]]
    read: Callable[[JsonObject], ModelReply]
    assembly: Callable[[], Assembly]
