"""Fuzz all targets or those named, one after another, and write what came of it as evidence."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "docs" / "evidence" / "fuzz.json"
NAMES = (
    *("description", "tools", "compiled", "overlay", "files", "prepare", "answer"),
    *("shape", "token", "settings", "configuration", "yaml", "json", "arguments", "curl"),
)
"""Of the targets; tests/fuzz compares them with the table, which only a child may import."""

_MOST_STARTS = 20
_GRACE = 120
_INTERRUPTED = 72
"""What libFuzzer returns when somebody ends it, which breaks no promise."""


def main() -> int:
    """Fuzz, print a line for each target, and return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--folder", type=Path, default=ROOT / ".torture", help="of the inputs")
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(NAMES):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    found = {}
    for name in chosen.targets or NAMES:
        found[name] = _fuzzed(name, chosen.seconds, (chosen.folder / name).resolve())
        one = found[name]
        print(f"{name:<14} {one['runs']:>10,} runs {one['seconds']:>5} s", end="")
        print(f" {len(one['crashes'])} crashes", flush=True)
        for crash in one["crashes"]:
            print(f"  {crash['error']} at {crash['place']}: {crash['said'][:120]}", flush=True)
    _write(found)
    return 1 if any(one["crashes"] for one in found.values()) else 0


def _fuzzed(name: str, seconds: int, folder: Path) -> dict[str, Any]:
    """Run one target until its time is over, and start it again where it dies."""
    for old in folder.glob("*"):
        if old.name != "corpus":
            old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    started, runs, coverage = time.monotonic(), 0, 0
    for _ in range(_MOST_STARTS):
        left = seconds - int(time.monotonic() - started)
        if left < 1:
            break
        made, reached = _started(name, left, folder)
        runs, coverage = runs + made, max(coverage, reached)
    return {
        "coverage": coverage,
        "crashes": _crashes(folder),
        "runs": runs,
        "seconds": round(time.monotonic() - started),
    }


def _started(name: str, seconds: int, folder: Path) -> tuple[int, int]:
    """Return how many inputs one process has run, and how many places they have reached."""
    log = folder / "log.txt"
    command = [sys.executable, "-m", "torture.run", name, str(seconds), str(folder)]
    with log.open("wb") as file:
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed command
                command, cwd=ROOT, stdout=file, stderr=file, check=False, timeout=seconds + _GRACE
            ).returncode
        except subprocess.TimeoutExpired:
            ended = -1
    text = log.read_text("utf-8", "replace")
    counts = [int(one) for one in re.findall(r"^(?:#|stat::\D*units:\s+)(\d+)", text, re.MULTILINE)]
    reached = [int(one) for one in re.findall(r"\bcov: (\d+)", text)]
    if not counts:
        raise SystemExit(f"{name} did not start:\n{text[-1000:]}")
    if ended not in {0, _INTERRUPTED}:
        said = next((one for one in reversed(text.splitlines()) if "ERROR" in one), text[-200:])
        crash = {"error": f"the process ended ({ended})", "place": name, "said": said[:200]}
        with (folder / "crashes.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**crash, "input": _artifact(folder)}) + "\n")
    return max(counts), max(reached, default=0)


def _artifact(folder: Path) -> str:
    """Return the newest input that has ended a process."""
    kept = [one for pattern in ("crash-*", "timeout-*", "oom-*") for one in folder.glob(pattern)]
    return max(kept, key=lambda one: one.stat().st_mtime).name if kept else ""


def _crashes(folder: Path) -> list[dict[str, str]]:
    file = folder / "crashes.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    by_place = {one["place"]: one for one in map(json.loads, lines)}
    return list(by_place.values())


def _write(found: dict[str, Any]) -> None:
    """Write what was found beside what is known of the targets that were not run."""
    known = json.loads(EVIDENCE.read_text("utf-8"))["targets"] if EVIDENCE.is_file() else {}
    targets = {name: one for name, one in {**known, **found}.items() if name in NAMES}
    totals = {
        "crashes": sum(len(one["crashes"]) for one in targets.values()),
        "runs": sum(one["runs"] for one in targets.values()),
        "seconds": sum(one["seconds"] for one in targets.values()),
    }
    EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"targets": targets, "totals": totals}, indent=1, sort_keys=True)
    EVIDENCE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
