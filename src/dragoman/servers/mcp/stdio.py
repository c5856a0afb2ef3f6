"""The wire of MCP on standard input and output: one JSON-RPC message a line.

It stands in place of the SDK's own, which reads numbers as floats, takes the last of two equal
members in silence, drops what is no JSON unanswered, and reads lines of any length. Everything else
of the protocol is the SDK's.

Source: modelcontextprotocol.io/specification, "Transports", stdio; JSON-RPC 2.0, section 5.1.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from dragoman.errors import ArgumentError
from dragoman.exact_json import encode
from dragoman.operation import JsonObject, JsonValue
from dragoman.servers.mcp.wire import Wire
from dragoman.tools.arguments import read_arguments

__all__ = ["MAX_BYTES", "Reading", "Writing", "messages", "read_message"]

Reading = MemoryObjectReceiveStream[SessionMessage | Exception]
Writing = MemoryObjectSendStream[SessionMessage]
HangUp = Callable[[], None]

MAX_BYTES = 4_000_000
"""Of one message: what a million characters, the most that arguments may have, can take."""

_LAST_WORDS = 1.0
"""Seconds in which the last answers may still be written."""

_CHUNK = 64 * 1024
_KEPT = 4_096
_CUT = b"\0"
"""Stands where the middle of a message was that is too long; no JSON holds it."""

# The id of a message that cannot be read, where it is its first or its last member.
_ID = rb'"id"\s*:\s*([0-9]{1,15}|"[^"\\]{1,64}")\s*'
_FIRST = re.compile(rb'\A\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID + b",")
_LAST = re.compile(rb",\s*" + _ID + rb"\}\s*\Z")


@asynccontextmanager
async def messages(wire: Wire) -> AsyncIterator[tuple[Reading, Writing, HangUp]]:
    """Yield the streams that the SDK's server runs on; they end where the client has gone.

    The function ends them too, as if it had gone.
    """
    arriving, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    answering = writing.clone()
    loop = asyncio.get_running_loop()

    async def take(line: bytes) -> None:
        message = read_message(line)
        if isinstance(message, JSONRPCError):
            await answering.send(SessionMessage(message))
        else:
            await arriving.send(message)

    def hang_up() -> None:
        arriving.close()
        answering.close()

    def read() -> None:
        # A thread that nobody waits for: nothing wakes it where the client sends nothing more.
        with suppress(RuntimeError, OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            for line in _lines(wire.reading):
                asyncio.run_coroutine_threadsafe(take(line), loop).result()
        with suppress(RuntimeError):  # the loop has ended before the client
            loop.call_soon_threadsafe(hang_up)

    async with anyio.create_task_group() as group:
        group.start_soon(_write, leaving, wire.writing)
        threading.Thread(target=read, name="mcp-stdin", daemon=True).start()
        yield reading, writing, hang_up
        writing.close()
        hang_up()
        group.cancel_scope.deadline = anyio.current_time() + _LAST_WORDS


def _lines(descriptor: int) -> Iterator[bytes]:
    """Yield lines that hold something; of one that is too long only its beginning and its end."""
    rest = b""
    while chunk := os.read(descriptor, _CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(bytes.strip, whole)
        if len(rest) > MAX_BYTES:
            rest = rest[:_KEPT] + _CUT + rest[-_KEPT:]
    if rest.strip():
        yield rest


async def _write(leaving: MemoryObjectReceiveStream[SessionMessage], descriptor: int) -> None:
    async with leaving:
        async for message in leaving:
            try:
                await asyncio.to_thread(_write_all, descriptor, _line(message) + b"\n")
            except OSError:  # the client reads no more; that it has gone is noticed elsewhere
                return


def _line(message: SessionMessage) -> bytes:
    members = message.message.model_dump(by_alias=True, exclude_unset=True)
    try:
        return encode(members)
    except (ValueError, TypeError):
        error = ErrorData(code=INTERNAL_ERROR, message="The answer cannot be written as JSON.")
        fault = JSONRPCError(jsonrpc="2.0", id=members.get("id"), error=error)
        return encode(fault.model_dump(exclude_unset=True))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_message(line: bytes) -> SessionMessage | JSONRPCError:
    """Return a message, or the error to answer to what is none.

    A call of a tool whose arguments are not fit to be read goes on without them, with the reason
    as its context: a model can repair what it is told of in a result.
    """
    if _CUT in line:
        return _fault(line, INVALID_REQUEST, f"The message has more than {MAX_BYTES:,} bytes.")
    try:
        members = read_arguments(line.decode("utf-8"))
        if "method" in members and not _is_id(members.get("id", "")):
            return _fault(line, INVALID_REQUEST, "The id of a request is a text or a whole number.")
        return SessionMessage(jsonrpc_message_adapter.validate_python(members, by_name=False))
    except UnicodeDecodeError:
        return _fault(line, PARSE_ERROR, "The message is not text in UTF-8.")
    except ValidationError:
        return _fault(line, INVALID_REQUEST, "The message is not one of JSON-RPC 2.0.")
    except ArgumentError as error:
        why = f"The message cannot be read. {error}"
        return _call_without_arguments(line, error) or _fault(line, PARSE_ERROR, why)


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _call_without_arguments(line: bytes, error: ArgumentError) -> SessionMessage | None:
    """Return a call of a tool whose frame alone can be read."""
    try:
        members: JsonValue = json.loads(line)
        if not isinstance(members, Mapping) or members.get("method") != "tools/call":
            return None
        params = cast("JsonObject", members.get("params"))
        kept = {name: params[name] for name in ("name", "_meta") if name in params}
        call = {**members, "params": {**kept, "arguments": {}}}
        encode(call)
        message = jsonrpc_message_adapter.validate_python(call, by_name=False)
    except (ValueError, TypeError, RecursionError):  # pydantic's own is a ValueError
        return None
    return SessionMessage(message, ServerMessageMetadata(request_context=error))


def _fault(line: bytes, code: int, why: str) -> JSONRPCError:
    found = _FIRST.search(line) or _LAST.search(line[-_KEPT:])
    id_ = json.loads(found[1]) if found else None
    return JSONRPCError(jsonrpc="2.0", id=id_, error=ErrorData(code=code, message=why))
