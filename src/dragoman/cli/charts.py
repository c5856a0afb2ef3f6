"""Small charts of plain Unicode: they are read in any terminal, and need no colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

__all__ = ["bar", "over_time", "sparkline"]

_STEPS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MOMENT = "0000-01-01T00:00:00+00:00"


def sparkline(values: Sequence[float]) -> str:
    """Return a line of columns, the highest of them whole; a dot is nothing at all."""
    most = max(values, default=0.0)
    steps = len(_STEPS) - 1
    return "".join("·" if value <= 0 else _STEPS[round(value / most * steps)] for value in values)


def bar(value: float, most: float, width: int) -> str:
    """Return a bar of `width` characters at the most; what is not nothing is seen."""
    if value <= 0 or most <= 0:
        return ""
    whole, eighths = divmod(max(1, round(value / most * width * 8)), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def over_time(
    periods: Mapping[str, float], since: datetime, until: datetime, columns: int
) -> list[float]:
    """Return what happened in each of equal parts of a time; a period's name is how it begins."""
    step = max((until - since) / columns, timedelta(microseconds=1))
    sums = [0.0] * columns
    for name, value in periods.items():
        begins = datetime.fromisoformat(name + _MOMENT[len(name) :])
        sums[min(columns - 1, max(0, int((begins - since) / step)))] += value
    return sums
