"""Timing two things in turn, so that the ratio holds when the machine's speed drifts."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Row", "commands", "functions", "table"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: ours and the floor, the median of the pairwise ratios.

    Times are in seconds and shown in milliseconds; other units are shown as they are.
    """

    what: str
    ours: float
    floor: float
    ratio: float
    target: str
    unit: str = "ms"

    @property
    def shown(self) -> str:
        """The measurement as a line of the table."""
        factor = 1e3 if self.unit == "ms" else 1
        ours, floor = f"{self.ours * factor:>7.2f}", f"{self.floor * factor:>7.2f}"
        values = f"{ours} {self.unit} {floor} {self.unit} {self.ratio:>7.2f}"
        return f"{self.what:<52} {values}  {self.target}"


def functions(
    what: str, ours: Callable[[], object], floor: Callable[[], object], target: str, runs: int = 7
) -> Row:
    """Time two functions in turn after one warm-up of each."""
    ours(), floor()
    pairs = [(_seconds(ours), _seconds(floor)) for _ in range(runs)]
    return row(what, pairs, target)


def commands(
    what: str, ours: Sequence[str], floor: Sequence[str], target: str, runs: int = 7
) -> Row:
    """Time two commands in turn as whole processes."""
    return functions(what, lambda: _run(ours), lambda: _run(floor), target, runs)


def row(what: str, pairs: Sequence[tuple[float, float]], target: str) -> Row:
    """Return the medians of paired times."""
    return Row(
        what,
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
        target,
    )


def table(rows: Sequence[Row]) -> str:
    """Return all rows in aligned columns."""
    head = f"{'what':<52} {'ours':>10} {'floor':>10} {'ratio':>7}  target"
    return "\n".join([head, *(one.shown for one in rows)])


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
