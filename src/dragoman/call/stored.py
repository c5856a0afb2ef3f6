"""Answers and calls as JSON for the store, and back."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import cast

from dragoman.apis.http.media import charset_of, codec_of, is_xml
from dragoman.clock import Deadline
from dragoman.operation import Call, Door, JsonObject, JsonValue, Received

__all__ = ["read_call", "read_received", "store_call", "store_received"]


def store_received(received: Received, redact: Callable[[bytes], bytes]) -> JsonObject:
    """Return an answer as it is kept with a claim: without headers, and redacted."""
    return {
        "status": received.status,
        "media_type": received.media_type,
        "body": base64.b64encode(_redacted(received, redact)).decode("ascii"),
    }


def _redacted(received: Received, redact: Callable[[bytes], bytes]) -> bytes:
    """Return the body without secrets; of a text in another charset than UTF-8 as UTF-8.

    Its charset stands in a header, which is not kept, and values are searched for in UTF-8. XML
    may name its charset itself, and keeps it.
    """
    headers = {name.lower(): value for name, value in received.headers}
    content_type = headers.get("content-type", received.media_type)
    codec = codec_of(charset_of(content_type))
    if codec in {"", "utf-8", "ascii"}:
        return redact(received.body)
    try:
        text = received.body.decode(codec)
    except UnicodeDecodeError:
        return redact(received.body)
    clean = redact(text.encode("utf-8", "surrogatepass"))
    return clean.decode().encode(codec) if is_xml(content_type) else clean


def read_received(stored: JsonObject, *, repeated_from: datetime) -> Received:
    """Return the answer that was kept, marked with the time when it first came."""
    return Received(
        status=int(cast("int", stored.get("status", 200))),
        media_type=str(stored.get("media_type", "")),
        headers=(),
        body=base64.b64decode(str(stored.get("body", ""))),
        seconds=0.0,
        repeated_from=repeated_from,
        reconciled=str(stored.get("reconciled", "")),
    )


def store_call(call: Call) -> JsonObject:
    """Return all of a call that is needed to run it again later, in another process."""
    return {
        "id": call.id,
        "operation": call.operation,
        "arguments": call.arguments,
        "scope": call.scope,
        "same_for": call.same_for,
        "caller": call.caller,
        "user": call.user,
        "is_subject": call.is_subject,
        "door": call.door,
        "origins": dict(call.origins),
        "budget": call.budget,
        "answer": call.answer,
        "question": call.question,
        "asked_as": call.asked_as,
        "dry_run": call.dry_run,
    }


def read_call(stored: JsonObject, deadline: Deadline) -> Call:
    """Return the recorded call with a new deadline; its id stays."""
    return Call(
        id=str(stored["id"]),
        operation=str(stored["operation"]),
        arguments=cast("JsonObject", stored["arguments"]),
        deadline=deadline,
        scope=str(stored["scope"]),
        same_for=_seconds(stored.get("same_for")),
        caller=str(stored["caller"]),
        user=cast("str | None", stored["user"]),
        is_subject=bool(stored.get("is_subject")),
        door=cast("Door", stored["door"]),
        origins=cast("dict[str, str]", stored["origins"]),
        budget=cast("int | None", stored["budget"]),
        answer=cast("str | None", stored["answer"]),
        question=str(stored["question"]),
        asked_as=cast("JsonObject | None", stored.get("asked_as")),
        dry_run=bool(stored.get("dry_run")),
    )


def _seconds(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None
