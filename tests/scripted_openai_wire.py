"""What OpenAI's interfaces put on the wire, made from short descriptions of replies.

The payloads have every member that the SDK's types require: a test parses them strictly.
"""

from __future__ import annotations

import base64
import hashlib
import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

Json = dict[str, Any]

CREATED = 1_790_000_000


@dataclass(frozen=True)
class Reply:
    """One turn of the scripted model, and how its answer comes.

    `calls` are names with arguments, as values or as the text of malformed JSON. `searches` are
    the arguments of client-executed tool searches (Responses). `reasoning` is the encrypted
    content of a reasoning item. `cut_after` breaks the connection after so many events (of an
    answer that is not streamed: in its middle); with `ends_early` the stream ends there in good
    order, as if that were all. `spoil` makes the event of that number no JSON.
    `error` fails the response after it began (Responses). `delay` and `pause` are seconds before
    the answer and between its events.
    """

    text: str = ""
    calls: Sequence[tuple[str, object]] = ()
    searches: Sequence[object] = ()
    reasoning: str = ""
    refusal: str = ""
    finish: Literal["stop", "length", "content_filter"] = "stop"
    tokens: tuple[int, int, int, int] = (100, 40, 20, 8)
    """Input, cached of it, output, reasoning of it."""
    error: Mapping[str, str] | None = None
    cut_after: int | None = None
    ends_early: bool = False
    spoil: int | None = None
    delay: float = 0.0
    pause: float = 0.0
    without_usage: bool = False
    model: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """An answer with an error status, in OpenAI's form or with a body of its own."""

    status: int
    code: str | None = None
    message: str = "The script says no."
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    content_type: str = "application/json"

    def payload(self) -> str:
        """Return the body: all four members of an error are required."""
        if self.body is not None:
            return self.body
        error = {"message": self.message, "type": self.type, "param": None, "code": self.code}
        return json.dumps({"error": error})


@dataclass(frozen=True)
class Raw:
    """A body of 200 as it is, for answers that make no sense."""

    body: str
    content_type: str = "application/json"


def written(arguments: object) -> str:
    """Return arguments as a model writes them; a text is taken as it is, JSON or not."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def pieces(text: str, size: int = 7) -> list[str]:
    """Return a text as it arrives."""
    return [text[i : i + size] for i in range(0, len(text), size)]


# Responses


def response(reply: Reply, asked: Json, turn: int, *, status: str | None = None) -> Json:
    """Return a response object; `status` makes it one that is still under way."""
    incomplete = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(
        reply.finish
    )
    ended = "failed" if reply.error else "incomplete" if incomplete else "completed"
    under_way = status is not None
    return {
        "id": f"resp_{turn}",
        "object": "response",
        "created_at": CREATED,
        "status": status or ended,
        "error": None if under_way else reply.error,
        "incomplete_details": {"reason": incomplete} if incomplete and not under_way else None,
        "instructions": asked.get("instructions"),
        "metadata": {},
        "model": reply.model or asked["model"],
        "output": [] if under_way else output(reply, turn),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": asked.get("tools", []),
        "truncation": "disabled",
        "store": asked.get("store", True),
        "usage": None if under_way or reply.without_usage else _response_usage(reply),
    }


def output(reply: Reply, turn: int) -> list[Json]:
    """Return the output items: reasoning first, then the message, then the calls."""
    items: list[Json] = []
    if reply.reasoning:
        items.append(
            {
                "id": f"rs_{turn}",
                "type": "reasoning",
                "summary": [],
                "encrypted_content": reply.reasoning,
            }
        )
    if reply.text or reply.refusal:
        part: Json = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        if reply.refusal:
            part = {"type": "refusal", "refusal": reply.refusal}
        items.append(_message(turn, "completed", [part]))
    items += [
        {
            "id": f"tsc_{turn}_{n}",
            "type": "tool_search_call",
            "call_id": f"search_{turn}_{n}",
            "execution": "client",
            "arguments": arguments,
            "status": "completed",
        }
        for n, arguments in enumerate(reply.searches)
    ]
    items += [
        {
            "id": f"fc_{turn}_{n}",
            "type": "function_call",
            "call_id": f"call_{turn}_{n}",
            "name": name,
            "arguments": written(arguments),
            "status": "completed",
        }
        for n, (name, arguments) in enumerate(reply.calls)
    ]
    return items


def response_events(reply: Reply, asked: Json, turn: int) -> Iterator[Json]:
    """Yield the events of a streamed response; the calls come in pieces between each other."""
    begun = response(reply, asked, turn, status="in_progress")
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    items = list(enumerate(output(reply, turn)))
    for index, item in items:
        if item["type"] != "function_call":
            yield from _item_events(index, item)
    yield from _call_events([(i, item) for i, item in items if item["type"] == "function_call"])
    ended = response(reply, asked, turn)
    yield {"type": f"response.{ended['status']}", "response": ended}


def _item_events(index: int, item: Json) -> Iterator[Json]:
    begun = {**item, "status": "in_progress"}
    if item["type"] == "reasoning":
        begun["encrypted_content"] = "incomplete"
    elif item["type"] == "message":
        begun["content"] = []
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for place, part in enumerate(item.get("content", [])):
        yield from _part_events({"output_index": index, "item_id": item["id"]}, place, part)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _part_events(at: Json, place: int, part: Json) -> Iterator[Json]:
    at = {**at, "content_index": place}
    if part["type"] == "refusal":
        empty, kind, text = {**part, "refusal": ""}, "response.refusal", part["refusal"]
        done = {"refusal": text}
    else:
        empty, kind, text = {**part, "text": ""}, "response.output_text", part["text"]
        done = {"text": text, "logprobs": []}
    yield {"type": "response.content_part.added", "part": empty, **at}
    for piece in pieces(text):
        yield {"type": f"{kind}.delta", "delta": piece, "logprobs": [], **at}
    yield {"type": f"{kind}.done", **done, **at}
    yield {"type": "response.content_part.done", "part": part, **at}


def _call_events(calls: list[tuple[int, Json]]) -> Iterator[Json]:
    for index, item in calls:
        begun = {**item, "arguments": "", "status": "in_progress"}
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for row in zip_longest(*(pieces(item["arguments"]) for _, item in calls)):
        for (index, item), piece in zip(calls, row, strict=True):
            if piece is not None:
                yield {
                    "type": "response.function_call_arguments.delta",
                    "output_index": index,
                    "item_id": item["id"],
                    "delta": piece,
                }
    for index, item in calls:
        yield {
            "type": "response.function_call_arguments.done",
            "output_index": index,
            "item_id": item["id"],
            "arguments": item["arguments"],
        }
        yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _message(turn: int, status: str, content: list[Json]) -> Json:
    return {
        "id": f"msg_{turn}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _response_usage(reply: Reply) -> Json:
    given, cached, said, reasoned = reply.tokens
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": reasoned},
        "total_tokens": given + said,
    }


# Chat Completions


def completion(reply: Reply, asked: Json, turn: int) -> Json:
    """Return a chat completion."""
    message: Json = {
        "role": "assistant",
        "content": reply.text or None,
        "refusal": reply.refusal or None,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = _chat_calls(reply, turn)
    finish = "tool_calls" if reply.calls and reply.finish == "stop" else reply.finish
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    answer = _completion("chat.completion", reply, asked, turn)
    answer["choices"] = [choice]
    if not reply.without_usage:
        answer["usage"] = _chat_usage(reply)
    return answer


def completion_chunks(reply: Reply, asked: Json, turn: int) -> Iterator[Json]:
    """Yield the chunks of a streamed completion; the usage comes last, if it was asked for."""
    chunk = _completion("chat.completion.chunk", reply, asked, turn)

    def of(delta: Json, finish: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**chunk, "choices": [choice]}

    yield of({"role": "assistant", "content": ""})
    for piece in pieces(reply.text):
        yield of({"content": piece})
    for piece in pieces(reply.refusal):
        yield of({"refusal": piece})
    for delta in _call_deltas(_chat_calls(reply, turn)):
        yield of({"tool_calls": [delta]})
    yield of({}, "tool_calls" if reply.calls and reply.finish == "stop" else reply.finish)
    if asked.get("stream_options", {}).get("include_usage") and not reply.without_usage:
        yield {**chunk, "choices": [], "usage": _chat_usage(reply)}


def _completion(kind: str, reply: Reply, asked: Json, turn: int) -> Json:
    model = reply.model or asked["model"]
    return {"id": f"chatcmpl_{turn}", "object": kind, "created": CREATED, "model": model}


def _chat_calls(reply: Reply, turn: int) -> list[Json]:
    return [
        {
            "id": f"call_{turn}_{n}",
            "type": "function",
            "function": {"name": name, "arguments": written(arguments)},
        }
        for n, (name, arguments) in enumerate(reply.calls)
    ]


def _call_deltas(calls: list[Json]) -> Iterator[Json]:
    """Yield the heads of all calls, then their arguments in turns."""
    for index, call in enumerate(calls):
        yield {**call, "index": index, "function": {**call["function"], "arguments": ""}}
    for row in zip_longest(*(pieces(call["function"]["arguments"]) for call in calls)):
        for index, piece in enumerate(row):
            if piece is not None:
                yield {"index": index, "function": {"arguments": piece}}


def _chat_usage(reply: Reply) -> Json:
    given, cached, said, reasoned = reply.tokens
    return {
        "prompt_tokens": given,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens": said,
        "completion_tokens_details": {"reasoning_tokens": reasoned},
        "total_tokens": given + said,
    }


# Embeddings


def vector(text: str) -> list[float]:
    """Return the four numbers that stand for a text; they are exact in 32 bits."""
    return [byte / 256 for byte in hashlib.sha256(text.encode()).digest()[:4]]


def embeddings(asked: Json) -> Json:
    """Return the vectors in the form that was asked for, the last text's first."""
    data = [
        {"object": "embedding", "index": i, "embedding": _encoded(vector(text), asked)}
        for i, text in enumerate(asked["input"])
    ]
    used = sum(len(text) for text in asked["input"])
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": asked["model"], "data": data[::-1], "usage": usage}


def _encoded(numbers: list[float], asked: Json) -> object:
    if asked.get("encoding_format") != "base64":
        return numbers
    return base64.b64encode(array("f", numbers).tobytes()).decode()
