"""`dragoman log`: what was asked and called, and what came of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dragoman.audit.records import AnswerRecord, CallFilter, CallRecord
from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import duration, note, print_json, print_members, table
from dragoman.errors import ArgumentError, NotFoundError

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("log", "What was asked and called, and what came of it.")

__all__ = ["app", "moment"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@app.default
async def log(
    id: str | None = None,  # noqa: A002 - the id of a call or an answer
    *,
    since: str | None = None,
    until: str | None = None,
    caller: str | None = None,
    operation: str | None = None,
    status: str | None = None,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 30,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """List the calls, the newest first; with an id, show one call or answer in full.

    Parameters
    ----------
    id
        The id of a call or an answer; its first letters are enough.
    since
        From when on: 14:00, 'tue 14:00', 2026-11-17, 2026-11-17T14:00, 2h (two hours ago).
    until
        Until when, in the same forms.
    caller
        Only calls of this caller.
    operation
        Only these operations: shop.*
    status
        Only calls that ended so: ok, failed, pending, unknown, previewed.
    limit
        How many at the most.
    json
        Print one JSON object.
    """
    now = datetime.now(UTC)
    async with options.open() as d:
        if id is not None:
            return await _show_one(d, id, json=json)
        wanted = CallFilter(
            since=moment(since, now) if since else None,
            until=moment(until, now) if until else None,
            caller=caller,
            operation=operation,
            status=status,
        )
        calls = await d.parts.audit.calls(wanted, limit)
    if json:
        print_json({"calls": [call.as_json() for call in calls]})
        return 0
    if not calls:
        note("no calls")
        return 0
    rows = [
        (c.id, c.at, c.answer_id, c.caller, c.user, c.operation, c.status, duration(c.seconds))
        for c in calls
    ]
    print(table(("id", "at (UTC)", "answer", "caller", "user", "operation", "status", ""), rows))
    return 0


async def _show_one(d: Dragoman, wanted: str, *, json: bool) -> int:
    audit = d.parts.audit
    try:
        answer = await audit.get_answer(wanted)
    except NotFoundError:
        call = await audit.get_call(wanted)
        print_json(call.as_json()) if json else _show_call(call)
        return 0
    calls = await audit.calls(CallFilter(answer_id=answer.id), 1000)
    if json:
        print_json({**answer.as_json(), "made": [call.as_json() for call in reversed(calls)]})
        return 0
    _show_answer(answer)
    for call in reversed(calls):
        print()
        _show_call(call)
    return 0


def _show_answer(answer: AnswerRecord) -> None:
    print_members(
        {
            "answer": answer.id,
            "at": f"{answer.at:%Y-%m-%d %H:%M:%S} UTC",
            "question": answer.question,
            "caller": answer.caller,
            "user": answer.user,
            "model": answer.model,
            "status": answer.status,
            "took": duration(answer.seconds),
            "tokens": answer.usage,
            "dollars": answer.dollars,
            "text": answer.text,
        }
    )


def _show_call(call: CallRecord) -> None:
    print_members({name: value for name, value in call.as_json().items() if name != "resumable"})


def moment(text: str, now: datetime) -> datetime:
    """Read a moment as people write it, in UTC; raises `ArgumentError` with the forms."""
    words = text.strip().lower()
    if match := re.fullmatch(r"(\d+)\s*([mhd])", words):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        try:
            return now - timedelta(**{unit: int(match[1])})
        except OverflowError:
            raise ArgumentError(f"'{text}' is before all time.") from None
    if match := re.fullmatch(r"(?:([a-z]{3})[a-z]*\s*)?(?:(\d{1,2}):(\d{2}))?", words):
        day, hour, minute = match.groups()
        if (day or hour) and (day is None or day in _DAYS):
            return _on_day(now, day, int(hour or 0), int(minute or 0))
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ArgumentError(
            f"'{text}' is no moment.",
            hint="Write 14:00, 'tue 14:00', 2026-11-17, 2026-11-17T14:00 or 2h.",
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _on_day(now: datetime, day: str | None, hour: int, minute: int) -> datetime:
    """Return the last time that this was the hour, on that day of the week if one is named."""
    if hour > 23 or minute > 59:
        raise ArgumentError(f"{hour}:{minute:02} is no time of day.")
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    back = (at.weekday() - _DAYS.index(day)) % 7 if day else 0
    at -= timedelta(days=back)
    return at if at <= now else at - timedelta(days=7 if day else 1)
