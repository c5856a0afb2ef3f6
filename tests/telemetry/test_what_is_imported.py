"""Telemetry costs nothing where nobody looks: what is heavy is imported with its first use."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("opentelemetry", "prometheus_client", "structlog")


def imported_by(program: str) -> set[str]:
    """Which of the heavy packages a fresh process has imported after that."""
    told = f"import sys\n{program}\nprint([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(eval(done.stdout))  # noqa: S307 - a list of names that the line above has printed


def test_importing_and_opening_dragoman_imports_none_of_it() -> None:
    opening = """
import asyncio, dragoman
async def main():
    async with dragoman.Dragoman({"version": 1, "store": "sqlite:///:memory:"}):
        pass
asyncio.run(main())
"""
    assert imported_by("import dragoman.app, dragoman.cli.call") == set()
    assert imported_by(opening) == set()


def test_a_call_imports_what_counts_it_and_nothing_else() -> None:
    calling = """
import asyncio, dragoman
async def main():
    async with dragoman.Dragoman({"version": 1, "store": "sqlite:///:memory:"}) as d:
        await d.call("shop.getOrder", {})
asyncio.run(main())
"""
    assert imported_by(calling) == {"prometheus_client"}
