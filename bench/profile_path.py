"""Where the time of a governed read goes: `python -m bench.profile_path` writes a page.

Shares are of the profiler's own times, in which code of many small functions counts for more than
it takes; the page says where to look, not how long it lasts.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import re
import sys
from collections import defaultdict
from pathlib import Path

from bench.governed import governed

PAGE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "profile.md"
_CALLS = 3_000
_HEAD = f"""# Where a governed read spends its time

Made by `python -m bench.profile_path`: {_CALLS:,} reads one after another under the profiler of
Python, with the API in another process. The share is of the time in code of that place itself,
without what it calls; times in the kernel stand with whoever calls it. The profiler makes small
functions look slower than they are.

"""


async def _profiled() -> pstats.Stats:
    async with governed() as both:
        for _ in range(300):
            await both.read()
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(_CALLS):
            await both.read()
        profile.disable()
        return pstats.Stats(profile)


def _place(file: str) -> str:
    if match := re.search(r"/src/dragoman/([\w/]+)\.py$", file):
        return match[1]
    if match := re.search(r"/site-packages/(\w+)", file):
        return f"({match[1]})"
    if match := re.search(r"/python3\.\d+/(\w+)", file):
        return f"(Python: {match[1]})"
    return "(Python: built in)" if _is_built_in(file) else "(the bench)"


def _is_built_in(file: str) -> bool:
    return file in {"~", ""} or file.startswith("<")


def main() -> int:
    """Profile, print the page and write it."""
    stats = asyncio.run(_profiled())
    shares: dict[str, float] = defaultdict(float)
    for (file, _, _), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if not _is_built_in(file):
            shares[_place(file)] += own
            continue
        for (caller, _, _), (_, _, of_it, _) in callers.items():
            shares[_place(caller)] += of_it
    total = sum(shares.values())
    rows = sorted(shares.items(), key=lambda pair: -pair[1])[:40]
    lines = ["| place | share |", "|---|--:|"]
    lines += [f"| {place} | {own / total:.1%} |" for place, own in rows]
    page = _HEAD + "\n".join(lines) + "\n"
    print(page)
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
