"""`dragoman lint`: what Dragoman makes of a description, without any configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import verb
from dragoman.cli.describe import describe
from dragoman.cli.terminal import mark, note, print_json, table, warn
from dragoman.lint.report import ImportReport, State, import_report

app = verb("lint", "What becomes of each operation of a description, and why.")

__all__ = ["app", "examine"]

_SHOWN = 20
_NO_SERVER = (
    "The document names no server of its own: set base_url. The operations are reported as if "
    "it were set."
)


@app.default
async def lint(
    source: str,
    *,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Tell of each operation whether it is as described, changed, or cannot be called, and why.

    Parameters
    ----------
    source
        The path or address of an OpenAPI document.
    json
        Print one JSON object, with every operation.
    """
    report = await examine(source)
    if json:
        print_json(report.as_json())
        return 0
    _show(report)
    return 0


async def examine(source: str) -> ImportReport:
    """Return the report on the description at a path or address.

    Raises `DescriptionError` for what is none, `NetworkError` where it cannot be fetched.
    """
    description, _ = await describe(None, source, base=Path())
    if description.servers:
        return import_report(description)
    placed, _ = await describe(None, source, base=Path(), base_url="http://localhost")
    return import_report(replace(placed, findings=(_NO_SERVER, *placed.findings)))


def _show(report: ImportReport) -> None:
    count = "1 operation" if report.operations == 1 else f"{report.operations:,} operations"
    mark(f"{report.title or 'A description without a title'} {report.version}: {count}")
    rows = [
        ("full", report.full, "as described"),
        ("changed", report.changed, "callable, and not quite as described"),
        ("unsupported", report.unsupported, "cannot be called"),
    ]
    print(table(("", "", ""), rows))
    for text in report.notes:
        warn(text)
    for item in report.in_state(State.UNSUPPORTED)[:_SHOWN]:
        warn(f"{item.id} ({item.route}) is unsupported: {'; '.join(item.reasons)}")
    _more(report.unsupported - _SHOWN, "unsupported operations")
    reasons = report.reasons(State.CHANGED)
    for reason, count_of_it in reasons[:_SHOWN]:
        note(f"changed in {count_of_it:,}: {reason}")
    _more(len(reasons) - _SHOWN, "reasons of changes")


def _more(count: int, what: str) -> None:
    if count > 0:
        note(f"… and {count:,} more {what}: --json lists all")
