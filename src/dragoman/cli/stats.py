"""`dragoman stats`: how calls, model and people did, and where failures have a beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from dragoman.audit.patterns import Pattern, find_patterns
from dragoman.audit.stats import By, Group, ModelUse, Stats, Times, read_stats
from dragoman.cli.charts import bar, over_time, sparkline
from dragoman.cli.command import Options, verb
from dragoman.cli.moments import span
from dragoman.cli.story import FAULTS
from dragoman.cli.terminal import (
    bold,
    duration,
    mark,
    neutral,
    note,
    one_line,
    print_json,
    table,
    warn,
)
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("stats", "How calls, model and people did, and where failures have a beginning.")

__all__ = ["app", "as_json"]

_COLUMNS = 48
_BESIDE = 30
"""Of a terminal's width, what stands beside the columns of time."""
_GROUPS = 20
_KINDS = 8


@app.default
async def stats(
    *,
    since: str = "24h",
    until: str | None = None,
    by: By = "operation",
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Show calls, failures, times, tokens and money, and point at failures that began somewhere.

    Parameters
    ----------
    since
        From when on: 24h, 7d, 14:00, 'tue 14:00', 2026-11-17.
    until
        Until when, in the same forms. [default: now]
    by
        What the table is by.
    json
        Print one JSON object.
    """
    now = datetime.now(UTC)
    start, end = span(since, until, now)
    async with options.open() as d:
        await d.parts.audit.flush()
        found = await read_stats(d.parts.store, start or now, end or now, by)
        patterns = await find_patterns(d.parts.store, found)
        quotas = await _quotas(d, now)
    if json:
        print_json(as_json(found, patterns, quotas, by))
    else:
        _show(found, patterns, quotas, by)
    return 0


async def _quotas(d: Dragoman, now: datetime) -> dict[str, tuple[int, int]]:
    """Return what each caller has used of the quota of this day (UTC), and the quota."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        name: (await d.parts.audit.count(name, today), caller.quota)
        for name, caller in d.parts.policy.callers.items()
        if caller.quota is not None
    }


def _show(
    found: Stats, patterns: tuple[Pattern, ...], quotas: dict[str, tuple[int, int]], by: By
) -> None:
    print(bold(f"{found.since:%a %Y-%m-%d %H:%M} to {found.until:%a %Y-%m-%d %H:%M} UTC"))
    if not found.total.calls and not found.models:
        note("no calls")
        return
    if found.truncated:
        warn(f"There are more calls: these are the newest {found.total.calls:,}. Use --since.")
    lines = [*_overview(found), *_people(found, quotas)]
    width = max(len(name) for name, _ in lines)
    for name, told in lines:
        print(f"{name:<{width}}  {neutral(told)}")
    print()
    _show_patterns(patterns, found)
    print()
    _show_groups(found, by)
    _show_kinds(found)


def _overview(found: Stats) -> Iterator[tuple[str, str]]:
    total, periods = found.total, found.periods.values()
    columns = max(8, min(_COLUMNS, get_terminal_size().columns - _BESIDE))
    made = Counter[str]()
    bad = Counter[str]()
    for one in periods:
        made.update({name: calls for name, (calls, _) in one.items()})
        bad.update({name: failed for name, (_, failed) in one.items()})
    for name, count, counts in (("calls", total.calls, made), ("failed", total.failed, bad)):
        line = sparkline(over_time(dict(counts), found.since, found.until, columns))
        share = f"  {_percent(total.failed, total.calls)}" if name == "failed" and count else ""
        yield name, f"{count:>9,}  {line}{share}" if count else f"{count:>9,}"
    queued = f"{duration(total.queued)} in queues, {duration(total.queued_most)} at most"
    parts = [_times(total.api), *([queued] if total.queued >= 0.001 else [])]
    yield "API", " · ".join([*parts, *([f"{total.retries:,} sent again"] if total.retries else [])])
    for model in found.models:
        yield "model", _model(model)
    if total.cached:
        yield (
            "cache",
            f"{total.cached:,} answers, {_percent(total.cached, total.calls)} of the calls",
        )


def _model(model: ModelUse) -> str:
    parts = [
        one_line(model.model),
        f"{model.turns:,} repl{'y' if model.turns == 1 else 'ies'}",
        _times(model.seconds),
    ]
    if model.first_chunk.p50 is not None:
        parts.append(f"began after {duration(model.first_chunk.p50)}")
    if model.input_tokens or model.output_tokens:
        cached = f" ({model.cached_tokens:,} cached)" if model.cached_tokens else ""
        parts.append(f"{model.input_tokens:,} tokens{cached} + {model.output_tokens:,}")
    if model.dollars is not None:
        parts.append(f"${model.dollars:.4f}")
    for kind, told in model.limits.items():
        if isinstance(told, Mapping) and "remaining" in told:
            parts.append(_left(kind, told))
    return " · ".join(parts)


def _left(kind: str, told: Mapping[str, JsonValue]) -> str:
    """Return what the model's server said last of one of its limits: 4,900 of 5,000 requests."""
    of = f" of {told['limit']:,}" if isinstance(told.get("limit"), int) else ""
    return one_line(f"{told['remaining']:,}{of} {kind} left")


def _people(found: Stats, quotas: dict[str, tuple[int, int]]) -> Iterator[tuple[str, str]]:
    if found.approvals:
        asked = sum(found.approvals.values())
        states = ", ".join(f"{count:,} {state}" for state, count in found.approvals.items())
        yield "approvals", f"{asked:,} asked: {states}"
    if quotas:
        used = (f"{name} {count:,} of {quota:,}" for name, (count, quota) in quotas.items())
        yield "quota", f"today {' · '.join(used)}"
    if found.unknown_writes:
        yield "unknown", f"{found.unknown_writes:,} writes: dragoman log --status unknown"


def _show_patterns(patterns: tuple[Pattern, ...], found: Stats) -> None:
    if not patterns:
        mark("no failure stands out")
    day = "%H:%M:%S" if (found.until - found.since).days < 1 else "%a %m-%d %H:%M:%S"
    for one in patterns:
        until = f"until {one.last:{day}}" if one.is_over else "and still"
        share = f"{one.failures:,} of {one.calls:,} calls"
        also = f" and {len(one.also)} more of its API" if one.also else ""
        since = f"since {one.since:{day}}{' or before' if one.is_older else ''}"
        warn_of = f"{one.operation}{also}: {one.kind}, {share} {since} {until}"
        print(bold(f"! {one_line(warn_of)}"))
        whose = FAULTS.get(one.fault, one.fault)
        print(f"  {one_line(f'at fault: {whose} · for example: dragoman log {one.example}')}")
        for change in one.changed:
            print(f"  before it: {one_line(change)}")


def _show_groups(found: Stats, by: By) -> None:
    most = max((group.calls for group in found.groups), default=0)
    header = (by, "calls", "failed", "", "p50", "p95", "p99", "tokens", "$", "")
    rows = [_row(group, most) for group in found.groups[:_GROUPS]]
    print(table(header, rows))
    if (more := len(found.groups) - _GROUPS) > 0:
        note(f"and {more:,} more: --json has them")


def _row(group: Group, most: int) -> tuple[object, ...]:
    times = (group.api.p50, group.api.p95, group.api.p99)
    return (
        group.name,
        group.calls,
        group.failed,
        _percent(group.failed, group.calls) if group.failed else "",
        *("" if seconds is None else duration(seconds) for seconds in times),
        round(group.tokens),
        f"{group.dollars:.4f}" if group.dollars else "",
        bar(group.calls, most, 16),
    )


def _show_kinds(found: Stats) -> None:
    kinds = Counter((one.kind, one.fault) for one in found.failures)
    if kinds:
        rows = [
            (kind, FAULTS.get(fault, fault), count, _percent(count, found.total.calls))
            for (kind, fault), count in kinds.most_common(_KINDS)
        ]
        print()
        print(table(("failed by", "at fault", "calls", "of all"), rows))


def as_json(
    found: Stats, patterns: tuple[Pattern, ...], quotas: dict[str, tuple[int, int]], by: By
) -> dict[str, object]:
    """Return what `--json` prints; its keys are stable."""
    kinds = Counter((one.operation, one.kind, one.fault) for one in found.failures)
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "by": by,
        "truncated": found.truncated,
        "total": _plain(found.total),
        "groups": [_plain(group) for group in found.groups],
        "models": [_plain(model) for model in found.models],
        "failures": [
            {"operation": operation, "kind": kind, "fault": fault, "calls": count}
            for (operation, kind, fault), count in kinds.most_common(200)
        ],
        "patterns": [_plain(one) for one in patterns],
        "approvals": dict(found.approvals),
        "quotas": {name: {"used": used, "of": most} for name, (used, most) in quotas.items()},
        "unknown_writes": found.unknown_writes,
    }


def _plain(found: Group | ModelUse | Pattern) -> dict[str, object]:
    members = cast("dict[str, object]", asdict(found))
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in members.items()
    }


def _times(times: Times) -> str:
    named = {"p50": times.p50, "p95": times.p95, "p99": times.p99}
    told = [f"{name} {duration(seconds)}" for name, seconds in named.items() if seconds is not None]
    return " · ".join(told) or "nothing was asked"


def _percent(part: int, of_all: int) -> str:
    share = 100 * part / of_all if of_all else 0.0
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"
