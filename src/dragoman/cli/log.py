"""`dragoman log`: what was asked and called, and what came of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from dragoman.audit.records import CallFilter, CallRecord
from dragoman.cli.call import as_json, settle, show_outcome
from dragoman.cli.command import Options, UsageError, exit_code_of_problem, verb
from dragoman.cli.moments import span
from dragoman.cli.story import tell_answer, tell_call
from dragoman.cli.terminal import duration, note, one_line, print_json, print_json_line, table
from dragoman.cli.unknown import claim_of, tell_claim, unknown_calls
from dragoman.errors import NotFoundError
from dragoman.nearest import did_you_mean
from dragoman.operation import JsonObject, Status

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("log", "What was asked and called, and what came of it.")

__all__ = ["app"]

_POLL_SECONDS = 0.5
_STATES = (*Status, "cancelled")


@app.default
async def log(
    id: str | None = None,  # noqa: A002 - the id of a call or an answer
    *,
    since: str | None = None,
    until: str | None = None,
    caller: str | None = None,
    user: str | None = None,
    operation: str | None = None,
    status: str | None = None,
    answer: str | None = None,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 30,
    follow: Annotated[bool, Parameter(name="--follow", negative="")] = False,
    replay: Annotated[bool, Parameter(name="--replay", negative="")] = False,
    dry_run: Annotated[bool, Parameter(name="--dry-run", negative="")] = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """List the calls, the newest first; with an id, tell one call or answer in full.

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
    user
        Only calls for this end user.
    operation
        Only these operations: shop.*
    status
        Only calls that ended so: ok, failed, pending, unknown, previewed, running, cancelled.
    answer
        Only the calls of this answer.
    limit
        How many at the most.
    follow
        Print calls as they end, until Ctrl-C; with --json one object a line.
    replay
        Make the call of this id again, as its caller and for its end user; a write asks.
    dry_run
        With --replay: only show what would be sent.
    json
        Print one JSON object.
    """
    if (replay or dry_run) and (id is None or not replay):
        raise UsageError("--replay needs the id of a call, and --dry-run needs --replay.")
    if status is not None and status not in _STATES:
        known = f"Known are: {', '.join(_STATES)}."
        raise UsageError(f"No call ends '{status}'. {did_you_mean(status, _STATES, 1) or known}")
    start, end = span(since, until, datetime.now(UTC))
    wanted = CallFilter(
        since=start,
        until=end,
        caller=caller,
        operation=operation,
        status=status,
        answer_id=answer,
        user=user,
    )
    async with options.open() as d:
        if replay:
            return await _replay(d, cast("str", id), dry_run=dry_run, json=json)
        if id is not None:
            return await _tell(d, id, json=json)
        if follow:
            return await _follow(d, wanted, json=json)
        return await _list(d, wanted, limit, json=json)


async def _list(d: Dragoman, wanted: CallFilter, limit: int, *, json: bool) -> int:
    if wanted.status == Status.UNKNOWN and wanted.user is None and wanted.answer_id is None:
        return await unknown_calls(
            d,
            json=json,
            since=wanted.since,
            until=wanted.until,
            caller=wanted.caller,
            operation=wanted.operation,
        )
    calls = await d.parts.audit.calls(wanted, limit)
    if json:
        print_json({"calls": [call.as_json() for call in calls]})
        return 0
    if not calls:
        note("no calls")
        return 0
    header = ("id", "at (UTC)", "answer", "caller", "user", "operation", "status", "", "")
    print(table(header, [_row(call) for call in calls]))
    return 0


def _row(call: CallRecord) -> tuple[object, ...]:
    """Return a call in a line; of one that did not go well, why."""
    problem = call.problem or {}
    why = str(problem.get("detail") or problem.get("code") or "")
    if not why and call.decision not in {"allowed", "refused", call.status}:
        why = call.decision
    return (
        call.id,
        call.at,
        call.answer_id,
        call.caller,
        call.user,
        call.operation,
        call.status,
        duration(call.seconds),
        why if len(why) <= 60 else f"{why[:59]}…",
    )


async def _follow(d: Dragoman, wanted: CallFilter, *, json: bool) -> int:
    calls = d.parts.audit.follow(wanted, _POLL_SECONDS)
    with suppress(asyncio.CancelledError):  # Ctrl-C is how this ends
        async with aclosing(calls):
            async for call in calls:
                if json:
                    print_json_line(call.as_json())
                else:
                    at, *rest = _row(call)[1:]
                    cells = [f"{at:%H:%M:%S}", call.id, *(str(one) for one in rest if one)]
                    print(one_line("  ".join(cells)), flush=True)
    return 0


async def _tell(d: Dragoman, wanted: str, *, json: bool) -> int:
    audit = d.parts.audit
    try:
        answer = await audit.get_answer(wanted)
    except NotFoundError:
        try:
            call = await _call(d, wanted)
        except NotFoundError:
            if not await tell_claim(d, wanted, json=json):
                raise
            return 0
        if json:
            print_json(call.as_json())
            return 0
        approval = None
        if call.approval_id:
            with suppress(NotFoundError):  # too old, or forgotten
                approval = await d.parts.approvals.get(call.approval_id)
        tell_call(call, approval)
        return 0
    calls = list(reversed(await audit.calls(CallFilter(answer_id=answer.id), 1000)))
    turns = await audit.turns(answer.id)
    if json:
        made = [call.as_json() for call in calls]
        told = [turn.as_json() for turn in turns]
        print_json({**answer.as_json(), "made": made, "turns": told})
    else:
        tell_answer(answer, turns, calls)
    return 0


async def _call(d: Dragoman, wanted: str) -> CallRecord:
    """Return a call; one that went out after its yes, and has no end, waits for nobody."""
    call = await d.parts.audit.get_call(wanted)
    claim = await claim_of(d, call.id) if call.status == Status.PENDING else None
    return replace(call, status=claim.state.value) if claim else call


async def _replay(d: Dragoman, wanted: str, *, dry_run: bool, json: bool) -> int:
    call = await d.parts.audit.get_call(wanted)
    if not call.resumable:
        raise NotFoundError(
            f"The arguments of {call.id} were not kept, so it cannot be called again.",
            hint="One of them held a secret, or privacy.bodies keeps less than all.",
        )
    arguments = cast("JsonObject", call.resumable["arguments"])
    outcome = await d.call(
        call.operation,
        arguments,
        user=call.user,
        caller=call.caller,
        origins=dict.fromkeys(arguments, f"call {call.id}"),
        dry_run=dry_run,
        door="cli",
    )
    if outcome.status is Status.PENDING and outcome.approval and not json:
        outcome = await settle(d, outcome, yes=False)
    print_json(as_json(outcome)) if json else show_outcome(outcome)
    return exit_code_of_problem(outcome.status, outcome.problem)
