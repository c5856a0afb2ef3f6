"""A conversation as OpenAI's interfaces insist on it: every tool call has a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dragoman.models.provider import ModelReply, ToolCall, ToolResult, UserMessage

if TYPE_CHECKING:
    from dragoman.models.provider import Transcript

__all__ = ["complete"]

_NO_RESULT = "There is no result: the conversation went on before this call had one."


def complete(transcript: Transcript) -> Iterator[UserMessage | ModelReply | ToolResult]:
    """Yield the turns, with a result for each call that has none.

    A call is left without one where it waits for a person, or its answer failed, and the user
    asks something else: both interfaces refuse such a conversation with 400.
    """
    open_calls: dict[str, ToolCall] = {}
    for turn in transcript:
        if isinstance(turn, ToolResult):
            open_calls.pop(turn.call_id, None)
        else:
            yield from _missing(open_calls)
            open_calls = {}
        if isinstance(turn, ModelReply):
            open_calls = {call.id: call for call in turn.tool_calls}
        yield turn
    yield from _missing(open_calls)


def _missing(open_calls: dict[str, ToolCall]) -> Iterator[ToolResult]:
    for call in open_calls.values():
        found = () if call.searches else None
        yield ToolResult(call.id, call.name, _NO_RESULT, status="unknown", tools=found)
