"""*shape*: what an API answered becomes what the caller is given."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import MAX_INLINE, is_file, read_answer
from dragoman.audit.results import Kept, Results
from dragoman.call.files import name_of
from dragoman.call.hide import hide
from dragoman.call.owner import owned
from dragoman.call.results import file_reference, go_on
from dragoman.call.select import select
from dragoman.call.trim import LONGEST_PLACE, Cut, items_in, told, trim, without_empties
from dragoman.errors import ResponseError
from dragoman.exact_json import encode
from dragoman.operation import (
    Call,
    Effect,
    JsonValue,
    Operation,
    Outcome,
    Prepared,
    Received,
    Status,
)
from dragoman.secrets.live import LiveValues

__all__ = ["NOT_KEPT", "Shape", "readable"]

NOT_KEPT = "The file itself could not be kept."
"""Of an answer that is a file: what is told of it is all that there is."""

_LARGE = 128 * 1024
"""Bytes from which reading and trimming leave the event loop to others (in a thread)."""


class _Shaped(NamedTuple):
    """What the caller is given, and `kept`, which is to lie under a handle."""

    data: JsonValue
    total: int | None
    cuts: tuple[Cut, ...] = ()
    note: str = ""
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Shapes an answer by the rules of its operation; no secret is cut in two.

    What a budget leaves out is kept in `results`; `tokens` bounds it as the budget does in bytes.
    """

    live: LiveValues
    results: Results | None = None
    tokens: int | None = None

    async def __call__(
        self,
        call: Call,
        operation: Operation,
        rules: Rules,
        prepared: Prepared,
        received: Received,
        *,
        note: str = "",
    ) -> Outcome:
        """Return the outcome with its data; `note` is what is known of the answer already.

        Raises `ResponseError` for what cannot be read, `NotFoundError` for what is another's.
        """
        length = len(received.body)
        # Counting tokens is slow, too, and begins where there may be too many.
        is_counted = call.budget is not None and length > (self.tokens or length)
        if length > _LARGE or is_counted:
            shaped = await asyncio.to_thread(self._shaped, call, operation, rules, received)
        else:
            shaped = self._shaped(call, operation, rules, received)
        handle = ""
        if shaped.kept is not None and self.results is not None:
            handle = await self.results.keep(call, shaped.kept)
        data, notes = shaped.data, [_repeated(operation, received), note, shaped.note]
        if shaped.kept is not None and shaped.kept.media_type:
            data = file_reference(shaped.kept, handle)
            notes.append("" if handle else NOT_KEPT)
        notes.append(_left_out(operation, shaped.cuts, handle))
        return Outcome(
            id=call.id,
            operation=operation.id,
            status=Status.OK,
            data=data,
            prepared=prepared,
            note=" ".join(filter(None, notes)),
            total=shaped.total,
            handle=handle,
            source=operation.api,
            repeated_from=received.repeated_from,
        )

    def _shaped(
        self, call: Call, operation: Operation, rules: Rules, received: Received
    ) -> _Shaped:
        data = owned(_read(received, rules, self.live), call, operation, rules)
        # Before `select`, so that no expression can carry a hidden field out under another name.
        data, note = hide(data, rules.hide), ""
        if rules.select is not None and not received.reconciled:
            where = f"{rules.rule_of.get('select', operation.id)}: select of {operation.id}"
            data, note = select(rules.select, data, where, received.body)
        elif is_file(received) and (call.budget is not None or len(received.body) > MAX_INLINE):
            return self._file(operation, received, data)
        total = items_in(data)
        if call.budget is None:
            return _Shaped(data, total, note=note)
        whole = without_empties(data)
        fitted, cuts = trim(whole, call.budget, self.tokens)
        if not cuts:
            return _Shaped(fitted, total, note=note)
        redacted = self.live.redact_json(whole)
        if redacted is not whole:  # Half a secret would not be known as one afterwards.
            whole = redacted
            fitted, cuts = trim(whole, call.budget, self.tokens)
        kept = Kept(operation.id, encode(whole), items=total) if cuts else None
        return _Shaped(fitted, total, cuts, note, kept)

    def _file(self, operation: Operation, received: Received, described: JsonValue) -> _Shaped:
        """Return a file that is to be kept: no model, and no JSON, has a use for its bytes."""
        media_type = cast("dict[str, str]", described)["media_type"]
        content = self.live.redact_bytes(received.body)
        name = self.live.redact(name_of(received))
        return _Shaped(None, None, kept=Kept(operation.id, content, media_type, name))


def _read(received: Received, rules: Rules, live: LiveValues) -> JsonValue:
    quoted = rules.owner is None and not rules.hide
    try:
        return readable(received, quoted=quoted)
    except ResponseError:
        # The error quotes how the answer begins: it has to say so of one without secrets.
        return readable(replace(received, body=live.redact_bytes(received.body)), quoted=quoted)


def readable(received: Received, *, quoted: bool) -> JsonValue:
    """Return the value of an answer; raises `ResponseError`, which quotes it only where it may."""
    try:
        return read_answer(received)
    except ResponseError:
        if quoted:
            raise
        raise ResponseError(
            "The answer is no JSON that can be read, and says that it is."
        ) from None


def _repeated(operation: Operation, received: Received) -> str:
    if received.repeated_from is None:
        return ""
    at = received.repeated_from.strftime("%Y-%m-%d %H:%M:%S UTC")
    if operation.effect is Effect.READ:
        return f"This is the answer of {at}; it was not asked for again."
    done = f"This was done at {at} already and was not done again."
    if received.reconciled:
        return f"{done} Its own answer was lost; {received.reconciled}."
    return done


def _left_out(operation: Operation, cuts: tuple[Cut, ...], handle: str) -> str:
    """Say what is missing, and how to get it."""
    if not cuts:
        return ""
    ways = []
    if handle:
        # By a name that is too long to be told, what it holds is read on in from above.
        near = [cut for cut in cuts if len(cut.place) <= LONGEST_PLACE] or [Cut("", 0, 0, "")]
        first = next((cut for cut in near if cut.unit == "items"), near[0])
        ways.append(f"The rest: {go_on(handle, first.place, first.shown)}.")
    properties = operation.contract.input_schema.get("properties")
    if properties:
        names = ", ".join(cast("dict[str, JsonValue]", properties))
        ways.append(f"{'Or narrow' if handle else 'Narrow'} the request by its arguments: {names}.")
    return " ".join([f"Left out for size: {told(cuts)}.", *ways])
