"""Where failures have a beginning: which operation, how, since when, and what changed just before.

The run of failures is the stretch of time with the most of them above what is usual for the
operation in that window (the maximal sum of a sequence, Kadane 1984).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dragoman.audit.stats import Failed, Stats, width_of
from dragoman.store.columns import moment_text
from dragoman.store.statements import Row
from dragoman.store.store import Store

__all__ = ["Pattern", "find_patterns"]

_FEWEST = 5
"""Failures that make a pattern; fewer happen."""

_SURELY = 3.0
"""Standard deviations by which the share in the run is above that around it."""

_MOST = 20
_BEFORE = timedelta(hours=24)
_AFTER = timedelta(minutes=2)
"""How long before the first failure a change counts; one is noted with the first calls after it."""

_CHANGES = """
SELECT at, kind, subject, note FROM change_log WHERE at >= :since AND at < :until
ORDER BY at DESC LIMIT 1000
"""
_AROUND = """
SELECT credential, description_digest FROM call_log
WHERE operation = :operation AND at {compare} :at AND status {status} ORDER BY at {order} LIMIT 1
"""
_LAST_GOOD = _AROUND.format(compare="<", status="= 'ok'", order="DESC")
_FIRST_BAD = _AROUND.format(compare=">=", status="<> 'ok'", order="ASC")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A run of failures of one kind; `calls` were made of the operation within it.

    `also` are other operations of the API that failed so at that time; they count in. `is_older`
    says that the first calls of all failed so, `is_over` that the last ones did not. `changed` is
    what changed just before, in words; `example` the id of the newest such call.
    """

    operation: str
    kind: str
    fault: str
    since: datetime
    last: datetime
    failures: int
    calls: int
    is_older: bool
    is_over: bool
    example: str
    also: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    first: int
    last: int


async def find_patterns(store: Store, stats: Stats) -> tuple[Pattern, ...]:
    """Return the failure patterns of a time, those with the most failures first."""
    by_kind: dict[tuple[str, str], list[Failed]] = defaultdict(list)
    for one in stats.failures:
        by_kind[one.operation, one.kind].append(one)
    width = width_of(stats.until - stats.since)
    found = [_pattern(failures, stats, width) for failures in by_kind.values()]
    together = _together(sorted((one for one in found if one), key=lambda one: -one.failures))
    ranked = sorted(together, key=lambda one: -one.failures)[:_MOST]
    times = {"since": moment_text(stats.since - _BEFORE), "until": moment_text(stats.until)}
    changes = await store.read(_CHANGES, times)
    return tuple([await _explained(store, one, changes) for one in ranked])


def _together(patterns: Sequence[Pattern]) -> list[Pattern]:
    """Return as one what failed alike in one API at one time."""
    found: list[Pattern] = []
    for one in patterns:
        api = one.operation.partition(".")[0]
        for place, other in enumerate(found):
            alike = other.kind == one.kind and other.operation.partition(".")[0] == api
            if alike and other.since <= one.last and one.since <= other.last:
                found[place] = replace(
                    other,
                    since=min(other.since, one.since),
                    last=max(other.last, one.last),
                    failures=other.failures + one.failures,
                    calls=other.calls + one.calls,
                    is_older=other.is_older or one.is_older,
                    is_over=other.is_over and one.is_over,
                    also=(*other.also, one.operation),
                )
                break
        else:
            found.append(one)
    return found


def _pattern(failures: Sequence[Failed], stats: Stats, width: int) -> Pattern | None:
    periods = stats.periods.get(failures[0].operation, {})
    names = sorted(periods)
    failed = Counter(moment_text(one.at)[:width] for one in failures)
    calls = [periods[name][0] for name in names]
    counts = [failed[name] for name in names]
    run = _run(counts, calls)
    if run is None:
        return None
    within = set(names[run.first : run.last + 1])
    inside = [one for one in failures if moment_text(one.at)[:width] in within]
    newest, oldest = inside[0], inside[-1]
    return Pattern(
        operation=newest.operation,
        kind=newest.kind,
        fault=newest.fault,
        since=oldest.at,
        last=newest.at,
        failures=len(inside),
        calls=sum(calls[run.first : run.last + 1]),
        is_older=run.first == 0,
        is_over=run.last < len(names) - 1,
        example=newest.id,
    )


def _run(failed: Sequence[int], calls: Sequence[int]) -> _Run | None:
    """Return the stretch in which more failed than is usual; None where none stands out."""
    usual = sum(failed) / sum(calls) if sum(calls) else 0.0
    run = _most_above(usual, failed, calls)
    if run is not None:  # A lone failure not long before is usual, and no part of it.
        inside = slice(run.first, run.last + 1)
        share = sum(failed[inside]) / sum(calls[inside])
        run = _most_above((usual + share) / 2, failed, calls) or run
    if run is not None and _stands_out(run, failed, calls):
        return run
    whole = _Run(0, len(failed) - 1)
    return whole if usual >= 0.5 and _stands_out(whole, failed, calls) else None


def _most_above(share: float, failed: Sequence[int], calls: Sequence[int]) -> _Run | None:
    """Return the stretch with the most failures above that share of its calls."""
    best, most, start, above = None, 0.0, 0, 0.0
    for place, (bad, made) in enumerate(zip(failed, calls, strict=True)):
        if above <= 0:
            start, above = place, 0.0
        above += bad - share * made
        if above > most + 1e-9 and bad:
            best, most = _Run(start, place), above
    return best


def _stands_out(run: _Run, failed: Sequence[int], calls: Sequence[int]) -> bool:
    bad, made = (sum(one[run.first : run.last + 1]) for one in (failed, calls))
    other_bad, other = sum(failed) - bad, sum(calls) - made
    if bad < _FEWEST:
        return False
    if not other:
        return bad >= made / 2
    usual = (bad + other_bad) / (made + other)
    spread = math.sqrt(usual * (1 - usual) * (1 / made + 1 / other))
    rose = bad / made - other_bad / other
    return rose >= 0.05 and (spread == 0 or rose / spread >= _SURELY)


async def _explained(store: Store, one: Pattern, changes: Sequence[Row]) -> Pattern:
    """Return the pattern with what changed shortly before its first failure."""
    api = one.operation.partition(".")[0]
    begin, end = moment_text(one.since - _BEFORE), moment_text(one.since + _AFTER)
    noted = [
        f"{row['at'][:16].replace('T', ' ')} {row['kind']} {row['subject']}: {row['note']}"
        for row in changes
        if begin <= row["at"] <= end and _concerns(row, api)
    ]
    at = {"operation": one.operation, "at": moment_text(one.since)}
    good, bad = await store.read(_LAST_GOOD, at), await store.read(_FIRST_BAD, at)
    seen = _differences(good[0], bad[0]) if good and bad else []
    told = tuple([*seen, *noted][:4])
    return replace(one, changed=told)


def _concerns(change: Row, api: str) -> bool:
    if change["note"].startswith("first seen"):
        return False
    if change["kind"] in {"description", "lock"}:
        return bool(change["subject"] == api)
    part = change["subject"].rpartition(": ")[2]
    return not part.startswith("apis.") or part == f"apis.{api}"


def _differences(good: Mapping[str, str | None], bad: Mapping[str, str | None]) -> list[str]:
    """Return in words what the last good call was made under, and the first bad one was not."""
    told = []
    before, after = good["credential"], bad["credential"]
    if before and after and before != after:
        told.append(f"it is shown {after}, before: {before}")
    described, now = good["description_digest"], bad["description_digest"]
    if described and now and described != now:
        told.append("its description is another than at the last good call")
    return told
