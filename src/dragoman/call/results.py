"""Reading on in what did not fit into an answer: a part of it at a time, by its handle.

No API is asked, and the rules of the owner have been applied before anything was kept. Whether the
caller may use the operation is looked at anew: a right that was taken away, or a pause, counts.
It is one of the caller's uses for its rate, and of its calls at once, but none of its day.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import NamedTuple

from dragoman.audit.results import Kept, Results
from dragoman.call.authorize import Authorize
from dragoman.call.ending import failed
from dragoman.call.identify import Identify
from dragoman.call.record import redacted
from dragoman.call.trim import LONGEST_PLACE, Cut, told, trim
from dragoman.clock import Clock, Deadline
from dragoman.errors import ArgumentError, DragomanError, LimitError
from dragoman.exact_json import decode, encode_text
from dragoman.identifiers import new_id
from dragoman.operation import (
    OWNER,
    Call,
    Door,
    JsonObject,
    JsonValue,
    Outcome,
    Status,
)
from dragoman.secrets.live import LiveValues
from dragoman.tools.meta import READ_RESULT, Reading, read_reading

__all__ = ["ReadResults", "file_reference", "go_on", "reading_call"]

_SECONDS = 60.0

_INDEX = re.compile(r"\[(\d{1,9})\]\.?")
_UNITS = {list: "Items", str: "Characters", dict: "Members"}


class _Part(NamedTuple):
    """A part of a result: `total` is that of what it is a part of, `start` where that begins."""

    data: JsonValue
    note: str
    total: int | None = None
    following: int | None = None


@dataclass(frozen=True, slots=True)
class ReadResults:
    """Answers the calls of `read_result`; `tokens` bounds what a model is shown, as a budget."""

    results: Results
    identify: Identify
    authorize: Authorize
    live: LiveValues
    tokens: int | None = None

    async def __call__(self, call: Call) -> Outcome:
        """Return a part of what is kept, as an outcome of the operation that it came from."""
        try:
            reading = read_reading(call.arguments)
            with self.authorize.at_once(call):
                kept = await self._kept(call, reading.handle)
                part = await asyncio.to_thread(self._part, kept, reading, call.budget)
        except DragomanError as error:
            return redacted(replace(failed(call, error, None), source=""), self.live)
        outcome = Outcome(
            id=call.id,
            operation=kept.operation,
            status=Status.OK,
            data=part.data,
            note=part.note,
            total=part.total,
            handle=reading.handle,
            next=part.following,
            source=kept.operation.partition(".")[0],
        )
        return redacted(outcome, self.live)

    async def file(self, call: Call) -> bytes:
        """Return the bytes of a file, or of text that is one in base64, at a path.

        Raises `NotFoundError` as `find` does, and `ArgumentError` for what is no file.
        """
        reading = read_reading(call.arguments)
        with self.authorize.at_once(call):
            kept = await self._kept(call, reading.handle)
            file = partial(_file, kept, reading.path)
            return await asyncio.to_thread(lambda: self.live.redact_bytes(file()))

    async def _kept(self, call: Call, handle: str) -> Kept:
        caller = self.identify(call)
        await self.authorize.count(caller)
        kept = await self.results.find(handle, call)
        await self.authorize.may(caller, kept.operation)
        return kept

    def _part(self, kept: Kept, reading: Reading, budget: int | None) -> _Part:
        if kept.media_type:
            note = "It is a file: its bytes are for programs, by read_file in Python."
            return _Part(file_reference(kept, reading.handle), note)
        # First all of it: half a secret that has come to be known since would not be seen.
        value = self.live.redact_json(_at(decode(kept.content), reading.path))
        return _part(value, reading, budget, self.tokens)


def reading_call(
    arguments: JsonObject,
    clock: Clock,
    *,
    user: str | None = None,
    caller: str = OWNER,
    budget: int | None = None,
    door: Door = "python",
) -> Call:
    """Return a call of `read_result`: it reaches no API and is not in the audit log."""
    call_id, deadline = new_id(), Deadline.after(_SECONDS, clock)
    return Call(
        id=call_id,
        operation=READ_RESULT,
        arguments=arguments,
        deadline=deadline,
        scope=f"call:{call_id}",
        caller=caller,
        user=user,
        door=door,
        budget=budget,
    )


def go_on(handle: str, path: str, start: int) -> str:
    """Return how to read what comes next, as a model calls it and a person reads it."""
    at = f", path={encode_text(path)}" if path else ""
    return f'{READ_RESULT}(handle="{handle}"{at}, from={start})'


def file_reference(kept: Kept, handle: str) -> Mapping[str, JsonValue]:
    """Return what stands in an answer for the bytes of a file."""
    members = {"file": handle, "media_type": kept.media_type, "name": kept.name}
    named = {name: value for name, value in members.items() if value}
    return {**named, "bytes": len(kept.content)}


def _part(value: JsonValue, reading: Reading, budget: int | None, tokens: int | None) -> _Part:
    if not isinstance(value, list | dict | str) or not value:
        return _Part(value, "")
    total, start, path = len(value), reading.start, reading.path
    named = path[:LONGEST_PLACE] or "the result"
    if start >= total:
        raise ArgumentError(f"{named} ends at {total:,}: there is nothing from {start:,} on.")
    most = min(n for n in (total, reading.count, budget) if n is not None)
    end = min(total, start + max(0, most))  # an item, a character or a member is a byte at least
    part: JsonValue = (
        dict(islice(value.items(), start, end)) if isinstance(value, dict) else value[start:end]
    )
    fitted, cuts = (part, ()) if budget is None else trim(part, budget, tokens, path, start)
    shown = _shown(fitted, cuts, path)
    if not shown:
        raise LimitError(f"{budget or 0:,} bytes are too few for any of {named}.")
    following = start + shown if start + shown < total else None
    note = f"{_UNITS[type(value)]} {start:,} to {start + shown - 1:,} of {total:,} in {named}."
    inside = [cut for cut in cuts if cut.place != path]
    if inside:
        note += f" Left out for size: {told(inside)}: each can be read by its path."
    if following is not None:
        note += f" The rest: {go_on(reading.handle, path, following)}."
    return _Part(fitted, note, total if isinstance(value, list) else None, following)


def _shown(fitted: JsonValue, cuts: tuple[Cut, ...], path: str) -> int:
    for cut in cuts:
        if cut.place == path:
            return cut.shown
    return len(fitted) if isinstance(fitted, list | dict | str) else 0


def _file(kept: Kept, path: str) -> bytes:
    if kept.media_type and not path:
        return kept.content
    value = None if kept.media_type else _at(decode(kept.content), path)
    if isinstance(value, str):
        text = value.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")  # RFC 4648, section 5
        with suppress(ValueError):
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    raise ArgumentError(f"There is no file at {path or 'the root'!r} of this result.")


def _at(value: JsonValue, path: str) -> JsonValue:
    """Return what stands at a path such as `orders[3].body`; raises `ArgumentError`."""
    rest = path
    while rest:
        found = _INDEX.match(rest)
        if isinstance(value, list) and found and int(found[1]) < len(value):
            value, rest = value[int(found[1])], rest[found.end() :]
            continue
        # A name may hold a dot or a bracket itself, so the longest that fits is meant.
        members = value if isinstance(value, dict) else {}
        fits = [n for n in members if n and (rest == n or rest.startswith((f"{n}.", f"{n}[")))]
        if not fits:
            known = f"It has: {', '.join(islice(members, 12))[:300]}." if members else ""
            raise ArgumentError(f"There is no {path[:100]!r} in this result.", hint=known)
        name = max(fits, key=len)
        value, rest = members[name], rest[len(name) :].removeprefix(".")
    return value
