"""Write docs/import.md: what becomes of the operations of real descriptions, and why."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from dragoman.cli.lint import examine
from dragoman.lint.report import ImportReport, State

PAGE = Path(__file__).resolve().parent.parent / "docs" / "import.md"

HEAD = """\
# What becomes of real descriptions

Made by `python tools/import_report.py FOLDER`, where FOLDER holds descriptions as their vendors
publish them; the same command makes it anew. `dragoman lint FILE` tells it of one description, and
`--json` of every operation.

*Full*: the operation is as described. *Changed*: it can be called, and is not quite as described;
no parameter, body or required member is lost. *Unsupported*: its request could not be built
faithfully, so it cannot be called.
"""


def reports(folder: Path) -> dict[str, ImportReport]:
    """Return the report of each description in a folder, by the name of its file."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".yaml"})
    return {path.name: asyncio.run(examine(str(path))) for path in paths}


def page(found: dict[str, ImportReport]) -> str:
    """Return the page: totals a document, and the twenty commonest reasons."""
    lines = [HEAD, "| document | version | operations | full | changed | unsupported |"]
    lines += ["|---|---|--:|--:|--:|--:|"]
    for name, report in found.items():
        cells = (report.operations, report.full, report.changed, report.unsupported)
        lines.append(_row(f"{name} ({_plain(report.title)})", _plain(report.version), *cells))
    every = list(found.values())
    total = sum(report.operations for report in every)
    sums = [sum(getattr(report, state.value) for report in every) for state in State]
    lines.append(_row("**all**", "", total, *sums))
    callable_ = 100 * (sums[0] + sums[1]) / total if total else 0
    lines += ["", f"{callable_:.2f} % of {total:,} operations are full or changed.", ""]
    lines += [
        "## The twenty commonest reasons",
        "",
        "| operations | state | reason |",
        "|--:|---|---|",
    ]
    lines += [
        f"| {count:,} | {state} | {_plain(reason)} |" for (state, reason), count in _top(every)
    ]
    return "\n".join(lines) + "\n"


def _top(every: list[ImportReport]) -> list[tuple[tuple[str, str], int]]:
    counted: Counter[tuple[str, str]] = Counter()
    for report in every:
        for state in (State.CHANGED, State.UNSUPPORTED):
            for reason, count in report.reasons(state):
                counted[state.value, reason] += count
    return counted.most_common(20)


def _row(*cells: str | int) -> str:
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in cells)} |"


def _plain(text: str) -> str:
    """Return text that cannot break a table."""
    return " ".join(text.replace("|", "\\|").split())


def main() -> int:
    """Write the page, and say so."""
    if len(sys.argv) != 2:
        print("usage: python tools/import_report.py FOLDER", file=sys.stderr)
        return 2
    PAGE.write_text(page(reports(Path(sys.argv[1]))), "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
