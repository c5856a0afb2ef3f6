"""Side by side with FastMCP on the same documents: `make bench-peers`.

Both go from the file to all tools as JSON, each run in a process of its own, in turn. FastMCP is
in an environment of its own, which is made for this alone; its interpreter is the argument.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.governed import governed, governed_calls

ROOT = Path(__file__).resolve().parents[1]
SPECS = Path(os.environ.get("DRAGOMAN_SPECS", ROOT.parent / "shared" / "specs"))
PAGE = ROOT / "docs" / "evidence" / "peers.md"
RUNS = 3
DOCUMENTS = ("github.json", "stripe.json")

_WHAT = (
    ("time, s", "seconds", 1),
    ("peak memory of the process, MB", "peak_mb", 1),
    ("of it after the imports, MB", "grown_mb", 1),
    ("all tools as they are listed, MB", "bytes", 1e6),
    ("of it names, descriptions and input schemas, MB", "input_bytes", 1e6),
    ("tools", "tools", 1),
)

_CALLS = """
## Calls

One API in a process of its own, asked by aiohttp alone, by Dragoman with all that it does for a
call (the caller's key, its scope, two rates, validation, a credential, JMESPath, 40 secrets
redacted, metrics, the record, and for a write its claim on disk), and by a tool of FastMCP, which
validates and sends. Milliseconds for a call.

| what | aiohttp | Dragoman | FastMCP | Dragoman / aiohttp | FastMCP / Dragoman |
|---|--:|--:|--:|--:|--:|
"""

_HEAD = """# Side by side with FastMCP

Made by `make bench-peers`, which installs FastMCP {version} beside us for this alone. Both sides
go from the file to all tools as JSON; every run is a process of its own, the two sides in turn,
and what is shown is the median of {runs}. Imports do not count as time. FastMCP lists tools as MCP
has them, with the schemas of results; the fifth row of each document leaves those out. The
figures are of one machine: the ratios are what holds.

"""


def main() -> int:
    """Measure, print the table and write the page; a figure is no verdict."""
    theirs = sys.argv[1]
    if not SPECS.is_dir():
        print(f"no API descriptions at {SPECS}: set DRAGOMAN_SPECS")
        return 1
    version = _printed([theirs, "-c", "import fastmcp; print(fastmcp.__version__)"]).strip()
    lines = ["| document | what | Dragoman | FastMCP | ratio |", "|---|---|--:|--:|--:|"]
    for name in DOCUMENTS:
        lines += _rows(name, SPECS / name, theirs)
    table = "\n".join(lines) + "\n"
    calls = _CALLS + "\n".join(asyncio.run(_calls(theirs))) + "\n"
    print(table + calls, end="")
    PAGE.write_text(_HEAD.format(version=version, runs=RUNS) + table + calls, "utf-8")
    return 0


async def _calls(theirs: str) -> list[str]:
    """Measure calls of all three against one API, which is a process of its own."""
    async with governed() as both:
        program = [theirs, str(ROOT / "bench" / "fastmcp_calls.py"), both.url]
        rows = await governed_calls(both)
        peer = json.loads(await asyncio.to_thread(_printed, program))
    names = ("one read", "a read, 32 at a time", "a write, 32 at a time")
    return [
        f"| {name} | {one.floor * 1e3:.2f} | {one.ours * 1e3:.2f} | {peer[key] * 1e3:.2f} "
        f"| {one.ratio:.1f} × | {peer[key] / one.ours:.1f} × |"
        for name, one, key in zip(names, rows, ("read", "reads", "writes"), strict=False)
    ]


def _rows(name: str, path: Path, theirs: str) -> list[str]:
    ours = [sys.executable, "-m", "bench.whole", str(path)]
    peer = [theirs, str(ROOT / "bench" / "fastmcp_tools.py"), str(path)]
    pairs = [(_measured(ours), _measured(peer)) for _ in range(RUNS)]
    return [_row(name, what, key, unit, pairs) for what, key, unit in _WHAT]


def _row(
    name: str, what: str, key: str, unit: float, pairs: Sequence[tuple[dict[str, Any], ...]]
) -> str:
    ours, theirs = (statistics.median(pair[side][key] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(two[key] / one[key] for one, two in pairs)
    form = ",.0f" if key == "tools" else ",.2f"
    return f"| {name} | {what} | {ours / unit:{form}} | {theirs / unit:{form}} | {ratio:,.1f} × |"


def _measured(command: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_printed(command).splitlines()[-1])
    return {**found, "grown_mb": found["peak_mb"] - found["imports_mb"]}


def _printed(command: list[str]) -> str:
    ended = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
