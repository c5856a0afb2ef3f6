"""The rows of `docs/telemetry.md`, made from what the code counts."""

from __future__ import annotations

from dragoman.telemetry.metrics import METRICS, Measure

__all__ = ["metric_rows"]


def metric_rows() -> str:
    """The table of all measurements."""
    rows = [f"| `dragoman_{name(one)}` | {labels(one)} | {one.help} |" for one in METRICS]
    return "\n".join(["| name | labels | what it is |", "|---|---|---|", *rows, ""])


def name(one: Measure) -> str:
    return one.name if one.bounds or one.of_workers else f"{one.name}_total"


def labels(one: Measure) -> str:
    return ", ".join(f"`{label}`" for label in one.labels)
