"""How the calls, the model and the people did over a time: counted in the store, by index, bounded.

Of more calls than `MOST` the newest are counted, and it is said. Percentiles are exact (nearest
rank). What a question took is shared equally among the calls that were made for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from dragoman.operation import JsonObject
from dragoman.store.columns import moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row
from dragoman.store.store import Store

__all__ = ["By", "Failed", "Group", "ModelUse", "Stats", "Times", "read_stats", "width_of"]

By = Literal["caller", "api", "operation"]

MOST = 200_000
"""Calls that are counted at the most; of turns and answers a quarter."""

_RECENT = """
WITH recent AS (
  SELECT id, at, answer_id, caller, api, operation, status, http_status, api_seconds, cached,
    queue_seconds, (length(attempts) - length(replace(attempts, '"ended"', ''))) / 7 AS sent,
    (length(attempts) - length(replace(attempts, '"ended":"2', ''))) / 10 AS went_well,
    CASE WHEN status IN ('failed', 'unknown', 'cancelled') THEN 1 ELSE 0 END AS failed
  FROM call_log WHERE at >= :since AND at < :until AND NOT dry_run ORDER BY at DESC LIMIT :most
)
"""
_GROUPS = """
SELECT {by} AS name, count(*) AS calls, sum(failed) AS failed,
  sum(CASE WHEN went_well > 0 THEN sent - went_well WHEN sent > 0 THEN sent - 1 ELSE 0 END)
    AS retries,
  sum(CASE WHEN cached IN ('fresh', 'revalidated') THEN 1 ELSE 0 END) AS cached,
  sum(queue_seconds) AS queued, max(queue_seconds) AS queued_most
FROM recent GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1000
"""
_COUNTED = ("calls", "failed", "retries", "cached")
_TIMES = """
SELECT name, of_all, place, seconds FROM (
  SELECT {by} AS name, api_seconds AS seconds, count(*) OVER (PARTITION BY {by}) AS of_all,
    row_number() OVER (PARTITION BY {by} ORDER BY api_seconds) AS place
  FROM recent WHERE api_seconds IS NOT NULL AND coalesce(cached, '') <> 'fresh'
) AS ranked
WHERE place IN ((of_all * 50 + 99) / 100, (of_all * 95 + 99) / 100, (of_all * 99 + 99) / 100)
"""
_OVER_TIME = """
SELECT operation, substr(at, 1, :width) AS period, count(*) AS calls, sum(failed) AS failed
FROM recent GROUP BY 1, 2 ORDER BY 2
"""
_MADE_FOR = """
SELECT answer_id, {by} AS name, count(*) AS calls FROM recent WHERE answer_id IS NOT NULL
GROUP BY 1, 2
"""
_FAILED = """
SELECT id, at, operation, status, http_status, problem FROM call_log
WHERE at >= :since AND at < :until AND status IN ('failed', 'unknown', 'cancelled')
  AND NOT dry_run ORDER BY at DESC LIMIT :most
"""
_TURNS = """
SELECT model, seconds, first_chunk_seconds, usage, dollars, limits FROM turn_log
WHERE at >= :since AND at < :until ORDER BY at DESC LIMIT :most
"""
_ANSWERS = """
SELECT id, caller, usage, dollars FROM answer_log
WHERE at >= :since AND at < :until ORDER BY at DESC LIMIT :most
"""
_APPROVALS = """
SELECT state, count(*) AS questions FROM approval_log WHERE asked >= :since AND asked < :until
GROUP BY state
"""
_UNKNOWN = """
SELECT count(*) AS writes FROM claims
WHERE state = 'unknown' OR (state = 'running' AND lease_until < :until)
"""
_WIDTHS = ((timedelta(hours=3), 16), (timedelta(days=2), 15), (timedelta(days=60), 13))
"""How many characters of a time tell one period from the next: a minute, ten, an hour."""


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles in seconds, None where nothing was measured."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> Times:
        """Return those of some values."""
        inorder = sorted(values)
        if not inorder:
            return cls()
        return cls(*(inorder[(len(inorder) * p + 99) // 100 - 1] for p in (50, 95, 99)))


@dataclass(slots=True)
class Group:
    """The calls of one caller, API or operation; `queued` is in seconds, of all and at most."""

    name: str
    calls: int = 0
    failed: int = 0
    retries: int = 0
    cached: int = 0
    queued: float = 0.0
    queued_most: float = 0.0
    api: Times = field(default_factory=Times)
    tokens: float = 0.0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """One call that failed: `kind` is the status of the API, or the code of the problem."""

    id: str
    at: datetime
    operation: str
    kind: str
    fault: str


@dataclass(frozen=True, slots=True)
class ModelUse:
    """The replies of one model; `limits` is what its server said last of its own."""

    model: str
    turns: int
    seconds: Times
    first_chunk: Times
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    dollars: float | None
    limits: JsonObject


@dataclass(frozen=True, slots=True)
class Stats:
    """What was found; `periods` holds calls and failures by operation and period of time."""

    since: datetime
    until: datetime
    truncated: bool
    total: Group
    groups: tuple[Group, ...]
    periods: Mapping[str, Mapping[str, tuple[int, int]]]
    failures: tuple[Failed, ...]
    models: tuple[ModelUse, ...]
    approvals: Mapping[str, int]
    unknown_writes: int


async def read_stats(store: Store, since: datetime, until: datetime, by: By) -> Stats:
    """Count what was recorded from `since` on and before `until`."""
    window: Parameters = {"since": moment_text(since), "until": moment_text(until), "most": MOST}
    fewer: Parameters = {**window, "most": MOST // 4}
    groups = await _groups(store, window, by)
    total = (await _groups(store, window, "'all'")).get("all", Group("all"))
    answers = await store.read(_ANSWERS, fewer)
    made = await store.read(_RECENT + _MADE_FOR.format(by=by), window)
    _share(answers, [] if by == "caller" else made, groups, total)
    width = {"width": width_of(until - since)}
    times = {name: window[name] for name in ("since", "until")}
    approvals = await store.read(_APPROVALS, times)
    periods = _periods(await store.read(_RECENT + _OVER_TIME, {**window, **width}))
    failures = map(_failed, await store.read(_FAILED, window))
    oldest = min((name for one in periods.values() for name in one), default="")
    return Stats(
        since=since,
        until=until,
        truncated=total.calls >= MOST,
        total=total,
        groups=tuple(groups.values()),
        periods=periods,
        failures=tuple(one for one in failures if moment_text(one.at) >= oldest),
        models=_models(await store.read(_TURNS, fewer)),
        approvals={row["state"]: int(row["questions"]) for row in approvals},
        unknown_writes=int((await store.read(_UNKNOWN, {"until": times["until"]}))[0]["writes"]),
    )


def width_of(span: timedelta) -> int:
    """Return how many characters of a time make a period, for so long a time."""
    return next((width for longest, width in _WIDTHS if span <= longest), 10)


async def _groups(store: Store, window: Parameters, by: str) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for row in await store.read(_RECENT + _GROUPS.format(by=by), window):
        calls, failed, retries, cached = (int(row[name]) for name in _COUNTED)
        queued, most = (float(row[name] or 0.0) for name in ("queued", "queued_most"))
        groups[row["name"]] = Group(row["name"], calls, failed, retries, cached, queued, most)
    found: dict[str, dict[int, float]] = defaultdict(dict)
    totals: dict[str, int] = {}
    for row in await store.read(_RECENT + _TIMES.format(by=by), window):
        found[row["name"]][int(row["place"])] = float(row["seconds"])
        totals[row["name"]] = int(row["of_all"])
    for name, places in found.items():
        if name in groups:
            wanted = ((totals[name] * p + 99) // 100 for p in (50, 95, 99))
            groups[name].api = Times(*(places[place] for place in wanted))
    return groups


def _share(
    answers: Sequence[Row], made: Sequence[Row], groups: Mapping[str, Group], total: Group
) -> None:
    """Add to each group its part of what the answers took."""
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for row in made:
        calls[row["answer_id"]][row["name"]] += int(row["calls"])
    for answer in answers:
        usage = _numbers(answer["usage"])
        tokens = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
        dollars = float(answer["dollars"] or 0.0)
        shares = calls.get(answer["id"]) or Counter({answer["caller"]: 1} if not made else {})
        for name, count in shares.items():
            if name in groups:
                groups[name].tokens += tokens * count / shares.total()
                groups[name].dollars += dollars * count / shares.total()
        total.tokens += tokens
        total.dollars += dollars


def _periods(rows: Sequence[Row]) -> dict[str, dict[str, tuple[int, int]]]:
    periods: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        periods[row["operation"]][row["period"]] = (int(row["calls"]), int(row["failed"]))
    return dict(periods)


def _failed(row: Row) -> Failed:
    problem = read_json(row["problem"])
    code = str(problem.get("code", row["status"]))
    kind = str(row["http_status"]) if code in {"api", "credential"} and row["http_status"] else code
    fault = str(problem.get("fault", "unknown"))
    return Failed(row["id"], read_moment(row["at"]), row["operation"], kind, fault)


def _models(rows: Sequence[Row]) -> tuple[ModelUse, ...]:
    by_model: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_model[row["model"]].append(row)
    return tuple(_model(name, turns) for name, turns in by_model.items())


def _model(name: str, turns: Sequence[Row]) -> ModelUse:
    tokens: Counter[str] = Counter()
    for turn in turns:
        tokens.update(_numbers(turn["usage"]))
    known = [float(turn["dollars"]) for turn in turns if turn["dollars"] is not None]
    first = [float(turn["first_chunk_seconds"]) for turn in turns if turn["first_chunk_seconds"]]
    return ModelUse(
        model=name,
        turns=len(turns),
        seconds=Times.of([float(turn["seconds"]) for turn in turns]),
        first_chunk=Times.of(first),
        input_tokens=tokens["input_tokens"],
        cached_tokens=tokens["cached_tokens"],
        output_tokens=tokens["output_tokens"],
        dollars=sum(known) if known else None,
        limits=next((read_json(turn["limits"]) for turn in turns if turn["limits"]), {}),
    )


def _numbers(text: str | None) -> dict[str, int]:
    return {name: value for name, value in read_json(text).items() if isinstance(value, int)}
