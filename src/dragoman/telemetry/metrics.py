"""What Prometheus is told: a table of measurements, counted right with several workers too.

`prometheus_client` decides when it is imported, by PROMETHEUS_MULTIPROC_DIR, whether this process
keeps its numbers to itself or in a file of that folder beside those of other workers. It is
therefore imported with the first measurement, and `exposition` adds up whatever is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from dragoman.telemetry.aside import Aside

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["METRICS", "Measure", "Metrics"]

_CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_MODEL_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)

GaugeMode = Literal["livemax", "livesum", "mostrecent", "sum"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measurement: its name without `dragoman_`, its labels, and what a person is told of it.

    With `bounds` it is a histogram, with `of_workers`, which says how those of several workers
    become one, a gauge; otherwise it is a counter.
    """

    name: str
    labels: tuple[str, ...]
    help: str
    bounds: tuple[float, ...] = ()
    of_workers: GaugeMode | None = None


_CALLED = ("api", "operation")

METRICS = tuple(
    Measure(*row)
    for row in (
        ("calls", (*_CALLED, "caller", "door", "status"), "Calls, by what came of them."),
        ("call_seconds", _CALLED, "Seconds of a call in all.", _CALL_SECONDS),
        ("api_seconds", _CALLED, "Seconds of it that the API took.", _CALL_SECONDS),
        ("queue_seconds", ("api",), "Seconds that a call waited for its turn.", _CALL_SECONDS),
        ("errors", (*_CALLED, "code", "fault"), "Failed calls, by kind and by whose fault."),
        ("attempts", ("api", "ended"), "Requests sent: the status, or the code of the fault."),
        ("cache", ("api", "result"), "Reads: fresh, revalidated or miss; writes: repeated."),
        ("bytes", ("api", "direction"), "Bytes of bodies, sent and received."),
        ("breaker_state", ("api",), "0 closed, 1 probing, 2 open.", (), "livemax"),
        ("api_limit", ("api",), "The API's own limit.", (), "mostrecent"),
        ("api_limit_remaining", ("api",), "What is left of it.", (), "mostrecent"),
        ("api_limit_reset_seconds", ("api",), "Seconds until it is full again.", (), "mostrecent"),
        ("model_seconds", ("model",), "Seconds of a model's turn.", _MODEL_SECONDS),
        ("model_first_chunk_seconds", ("model",), "Seconds until it began.", _MODEL_SECONDS),
        ("model_errors", ("model", "code", "fault"), "Turns that failed."),
        ("model_limit", ("model", "kind"), "The provider's limit.", (), "mostrecent"),
        ("model_limit_remaining", ("model", "kind"), "What is left of it.", (), "mostrecent"),
        ("tokens", ("model", "caller", "kind"), "Tokens; cached are input, reasoning is output."),
        ("dollars", ("model", "caller"), "What they cost in US dollars, where it is known."),
        ("operation_tokens", _CALLED, "Tokens of the turns that called it, in equal shares."),
        ("operation_dollars", _CALLED, "What those turns cost in US dollars, in equal shares."),
        ("approvals", ("state",), "Questions to people: asked, approved, denied, expired."),
        ("records_waiting", (), "Records that are not yet in the store.", (), "livesum"),
        ("records_lost", (), "Records that could not be stored.", (), "sum"),
    )
)
"""All that there is; `docs/telemetry.md` lists the same."""


@dataclass(slots=True)
class Metrics:
    """The measurements of one open configuration; where they are shared by workers, of the process.

    A label's value must come from a bounded set: whoever measures sees to that. No fault in here
    reaches who measures, only who reads.
    """

    is_shared: bool = field(default_factory=lambda: _folder() is not None)
    _families: _Families | None = None
    _children: dict[tuple[str, ...], object] = field(default_factory=dict)
    _aside: Aside = field(default_factory=Aside)

    def add(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Count so many more of it."""
        with self._aside:
            cast("Counter", self._child(name, *labels)).inc(by)

    def observe(self, name: str, *labels: str, seconds: float) -> None:
        """Take note of one duration."""
        with self._aside:
            cast("Histogram", self._child(name, *labels)).observe(seconds)

    def set(self, name: str, *labels: str, to: float) -> None:
        """Say how much it is now."""
        with self._aside:
            cast("Gauge", self._child(name, *labels)).set(to)

    def exposition(self, *, openmetrics: bool = False) -> str:
        """Return all of it as text (Prometheus 0.0.4, or OpenMetrics 1.0), of all workers."""
        from prometheus_client import generate_latest  # noqa: PLC0415 - see the head
        from prometheus_client.openmetrics import exposition  # noqa: PLC0415

        registry = self._opened().registry
        if self.is_shared:
            registry = _of_all_workers()
        write = exposition.generate_latest if openmetrics else generate_latest
        return write(registry).decode("utf-8")

    def _child(self, *key: str) -> object:
        """Return what counts these labels; finding it anew each time costs more than counting."""
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._opened().child(*key)
        return child

    def _opened(self) -> _Families:
        if self._families is None:
            # Two that write one file would each write over what the other has counted.
            self._families = _of_this_process() if self.is_shared else _Families()
        return self._families


class _Families:
    """The measurements as `prometheus_client` has them."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see the head

        if folder := _folder():
            Path(folder).mkdir(parents=True, exist_ok=True)
        self.registry = CollectorRegistry()
        self._made = {one.name: _made(one, self.registry) for one in METRICS}

    def child(self, name: str, *labels: str) -> object:
        """Return what counts these labels of a measurement."""
        family = self._made[name]
        return family.labels(*labels) if labels else family


def _made(one: Measure, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - see the head

    name, told = f"dragoman_{one.name}", (one.help, one.labels)
    if one.bounds:
        return Histogram(name, *told, registry=registry, buckets=one.bounds)
    if one.of_workers:
        return Gauge(name, *told, registry=registry, multiprocess_mode=one.of_workers)
    return Counter(name, *told, registry=registry)


@lru_cache(maxsize=1)
def _of_this_process() -> _Families:
    return _Families()


def _folder() -> str | None:
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR") or None


def _of_all_workers() -> CollectorRegistry:
    """Return what the files of all workers add up to.

    What dead ones have counted stays counted; what they said of their present state goes with
    them, also where they were killed and nobody could tell.
    """
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see the head
    from prometheus_client.multiprocess import (  # noqa: PLC0415
        MultiProcessCollector,
        mark_process_dead,
    )

    folder = Path(_folder() or "")
    for pid in _with_files(folder):
        if not _lives(pid):
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry


def _with_files(folder: Path) -> Iterable[int]:
    pids = (path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db"))
    return {int(pid) for pid in pids if pid.isdecimal()}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and is another user's
    return True
