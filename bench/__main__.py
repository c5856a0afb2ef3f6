"""Run all measurements and print them as one table."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bench import recall, tokens
from bench.endurance import endurance
from bench.governed import governed, governed_calls
from bench.measure import Row, table
from bench.reading import catalogs
from bench.start import starts
from bench.whole import wholes

SPECS = Path(
    os.environ.get("DRAGOMAN_SPECS", Path(__file__).resolve().parents[2] / "shared" / "specs")
)


def main() -> int:
    """Measure, print, and return 0: a figure is no verdict."""
    rows: list[Row] = [*starts(), *asyncio.run(_calls())]
    if SPECS.is_dir():
        rows += [*catalogs(SPECS), *wholes(SPECS)]
    else:
        print(f"no API descriptions at {SPECS}: set DRAGOMAN_SPECS for the rows on them")
    print(table(rows))
    if SPECS.is_dir():
        print()
        recall.main([str(SPECS)])
        print()
        tokens.main([str(SPECS)])
    return 0


async def _calls() -> list[Row]:
    async with governed() as both:
        return [*await governed_calls(both), *await endurance(both)]


if __name__ == "__main__":
    sys.exit(main())
