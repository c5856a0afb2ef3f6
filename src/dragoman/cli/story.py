"""One call or answer as a story: what was asked, what came of it and when, and what to do now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import cast

from dragoman.audit.approval import Approval
from dragoman.audit.records import AnswerRecord, CallRecord, TurnRecord
from dragoman.cli.terminal import bold, duration, neutral, one_line, size, until_then
from dragoman.operation import JsonValue

__all__ = ["FAULTS", "tell_answer", "tell_call"]

FAULTS = {
    "model": "the model",
    "arguments": "the arguments",
    "api": "the API",
    "policy": "a rule of the owner",
    "configuration": "the configuration",
    "us": "Dragoman itself",
}
"""Whose fault a problem is, in words."""

Line = tuple[float, str]
"""Seconds since it began, and what was then."""


def tell_call(call: CallRecord, approval: Approval | None) -> None:
    """Print a call: who and what, the request, what happened when, and what to do."""
    at = f"{call.at:%a %Y-%m-%d %H:%M:%S} UTC"
    print(bold(_parts(call.operation, call.status, at, duration(call.seconds))))
    for_user = f"for {call.user}" if call.user else ""
    answer = f"answer {call.answer_id}" if call.answer_id else ""
    parent = f"asked by call {call.parent_id}" if call.parent_id else ""
    print(_parts(f"call {call.id}", f"{call.caller} {for_user}".strip(), call.door, answer, parent))
    _quote(call.question)
    for line in _request(call):
        print(f"  {line}")
    print()
    _print_lines(sorted([*_approval(call, approval), *_events(call)], key=itemgetter(0)))
    if sizes := _sizes(call):
        print(f"\n  {sizes}")
    if call.problem:
        print()
        _tell_problem(call.problem)
    for line in _to_do(call, approval):
        print(f"  → {line}")


def tell_answer(
    answer: AnswerRecord, turns: Sequence[TurnRecord], calls: Sequence[CallRecord]
) -> None:
    """Print an answer: the question, what the model and the calls did when, and the text."""
    began = answer.at.timestamp() - answer.seconds
    at = f"{datetime.fromtimestamp(began, answer.at.tzinfo):%a %Y-%m-%d %H:%M:%S} UTC"
    print(bold(_parts(f"answer {answer.id}", answer.status, at, duration(answer.seconds))))
    usage = answer.usage
    tokens = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    money = "" if answer.dollars is None else f"${answer.dollars:.4f}"
    for_user = f"{answer.caller} for {answer.user}" if answer.user else answer.caller
    spent = f"{tokens:,} tokens" if tokens else ""
    count = f"{answer.calls} call{'' if answer.calls == 1 else 's'}"
    print(_parts(for_user, answer.model, count, spent, money))
    _quote(answer.question)
    print()
    replies = [(turn.at.timestamp() - turn.seconds - began, _turn(turn)) for turn in turns]
    made = [(call.at.timestamp() - began, _short(call)) for call in calls]
    _print_lines(sorted([*replies, *made], key=itemgetter(0)))
    print()
    print(neutral(answer.text))


def _quote(question: str) -> None:
    for line in neutral(question).splitlines():
        print(f"  │ {line}")


def _request(call: CallRecord) -> Iterator[str]:
    prepared: Mapping[str, JsonValue] = call.prepared or {}
    if "method" in prepared:
        yield one_line(f"{prepared['method']} {prepared.get('target', '')}")
    if prepared.get("body"):
        yield one_line(str(prepared["body"]))[:2000]
    for name, value in call.arguments.items():
        origin = call.origins.get(name)
        source = f" (from {origin})" if origin else ""
        yield one_line(f"{name} = {_value(value)}{source}")


def _value(value: JsonValue) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _approval(call: CallRecord, approval: Approval | None) -> Iterator[Line]:
    if approval is None:
        return
    began = call.at.timestamp()
    yield approval.asked.timestamp() - began, f"a person was asked, as {approval.id}"
    if approval.answered is not None:
        said = "said no" if approval.state == "denied" else "said yes"
        reason = f": {approval.reason}" if approval.reason else ""
        yield approval.answered.timestamp() - began, f"{approval.answered_by} {said}{reason}"


def _events(call: CallRecord) -> Iterator[Line]:
    yield 0.0, _parts(call.decision or call.status, call.rule)
    pauses = sum(attempt.waited for attempt in call.attempts[1:])
    if (queued := call.queue_seconds - pauses) >= 0.001:
        yield 0.0, f"waited {duration(queued)} for its turn"
    for number, attempt in enumerate(call.attempts, 1):
        pause = attempt.waited if number > 1 else 0.0
        waited = f"after a wait of {duration(pause)}" if pause >= 0.001 else ""
        took = f"{attempt.ended} after {duration(attempt.seconds)}"
        connect = f"connected in {duration(attempt.connect)}" if attempt.connect else ""
        first = f"first byte after {duration(attempt.first_byte)}" if attempt.first_byte else ""
        told = _parts(f"attempt {number}: {took}", waited, connect, first)
        yield max(0.0, (attempt.at - call.at).total_seconds()), told
    if not call.attempts and call.api_seconds:
        yield 0.0, f"the API answered {call.http_status} in {duration(call.api_seconds)}"
    yield call.seconds, call.status


def _sizes(call: CallRecord) -> str:
    counts = (
        ("sent", call.bytes_sent),
        ("received", call.bytes_received),
        ("shown", call.bytes_shown),
    )
    shown = [f"{size(count)} {name}" for name, count in counts if count is not None]
    credential = f"with {call.credential}" if call.credential else ""
    rest = f"the rest: {call.result_id}" if call.result_id else ""
    return _parts(*shown, call.cached, credential, rest)


def _tell_problem(problem: Mapping[str, JsonValue]) -> None:
    whose = FAULTS.get(str(problem.get("fault")), "unknown")
    warn_of = problem.get("detail") or problem.get("title") or problem.get("code") or ""
    print(f"✗ {one_line(str(warn_of))}")
    print(f"  at fault: {whose} ({one_line(str(problem.get('code', '')))})")
    for fault in cast("Sequence[Mapping[str, JsonValue]]", problem.get("errors", ())):
        print(f"  {one_line(str(fault.get('pointer') or '/'))}: {one_line(str(fault['detail']))}")


def _to_do(call: CallRecord, approval: Approval | None) -> Iterator[str]:
    problem: Mapping[str, JsonValue] = call.problem or {}
    if problem.get("hint"):
        yield one_line(str(problem["hint"]))
    wait = problem.get("retry_after_s")
    if isinstance(wait, int | float | Decimal):
        yield f"It may be tried again after {until_then(float(wait))}."
    if call.status == "pending" and (approval is None or approval.answered is None):
        yield f"dragoman approvals approve {call.approval_id}"
    elif call.status == "pending":
        yield f"dragoman resume {call.id}"
    elif call.status == "running" and not call.attempts:
        yield "It is out, or its process died: dragoman log --status unknown says until when."
    elif call.status == "unknown":
        yield f"Nobody knows whether it happened: dragoman reconcile {call.id}"
    elif call.resumable and call.prepared and call.status in {"ok", "failed"}:
        asks = "" if call.effect == "read" else " (a write asks)"
        yield f"again{asks}: dragoman log {call.id} --replay"


def _turn(turn: TurnRecord) -> str:
    asked = f"asked for {turn.tool_calls}" if turn.tool_calls else turn.finish
    read, wrote = turn.usage.get("input_tokens", 0), turn.usage.get("output_tokens", 0)
    tokens = f"{read:,} + {wrote:,} tokens" if read or wrote else ""
    first = turn.first_chunk_seconds
    began = f"began after {duration(first)}" if first is not None else ""
    return _parts(f"{turn.model} {asked}", duration(turn.seconds), began, tokens)


def _short(call: CallRecord) -> str:
    api = f"API {duration(call.api_seconds)}" if call.api_seconds else ""
    problem = str((call.problem or {}).get("detail", ""))
    state = call.status if call.decision in ("", "allowed") else f"{call.status}, {call.decision}"
    return _parts(call.operation, state, duration(call.seconds), api, call.id, problem)


def _print_lines(lines: Sequence[Line]) -> None:
    times = [_since(seconds) for seconds, _ in lines]
    width = max(map(len, times), default=0)
    for time, (_, told) in zip(times, lines, strict=True):
        print(f"  {time:>{width}}  {one_line(told)}")


def _since(seconds: float) -> str:
    sign = "-" if seconds < 0 else "+"
    minutes, left = divmod(abs(seconds), 60)
    return f"{sign}{minutes:.0f} min {left:.0f} s" if minutes else f"{sign}{duration(left)}"


def _parts(*parts: str) -> str:
    return " · ".join(one_line(part) for part in parts if part)
