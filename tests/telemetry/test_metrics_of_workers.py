"""Several workers: real processes that count into one folder, one of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from measured import Measured

WORKER = """
import sys
from dragoman.telemetry.metrics import Metrics
metrics, calls = Metrics(), int(sys.argv[1])
for _ in range(calls):
    metrics.add("calls", "shop", "shop.getOrder", "bot", "mcp", "ok")
    metrics.observe("call_seconds", "shop", "shop.getOrder", seconds=0.5)
metrics.set("records_waiting", to=calls)
metrics.set("breaker_state", "shop", to=calls % 3)
metrics.set("api_limit_remaining", "shop", to=1000 - calls)
print("counted", flush=True)
if sys.stdin.readline().strip() == "metrics":
    print(metrics.exposition(), flush=True)
"""


def worker(folder: Path, calls: int) -> subprocess.Popen[str]:
    """A process that has counted so many calls, and stands until it is told what to do."""
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(calls)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "counted\n"
    return started


def metrics_of(process: subprocess.Popen[str]) -> Measured:
    text, _ = process.communicate("metrics\n")
    assert process.returncode == 0
    return Measured(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that is not there yet."""
    return tmp_path / "of-workers"


LABELS = {"api": "shop", "operation": "shop.getOrder"}
CALLS = {**LABELS, "caller": "bot", "door": "mcp", "status": "ok"}


def test_whichever_worker_is_asked_tells_of_all(folder: Path) -> None:
    workers = [worker(folder, calls) for calls in (3, 4, 5)]
    told = metrics_of(workers[0])
    for one in workers[1:]:
        one.communicate("\n")
    assert told("calls_total", **CALLS) == 12
    assert told("call_seconds_count", **LABELS) == 12
    assert told("call_seconds_sum", **LABELS) == 6.0
    assert told("records_waiting") == 12
    assert told("breaker_state", api="shop") == 2  # the worst of 0, 1 and 2
    assert told("api_limit_remaining", api="shop") == 995  # what the API said last


def test_a_killed_worker_is_still_counted_but_tells_nothing_of_the_present(folder: Path) -> None:
    killed, alive = worker(folder, 5), worker(folder, 3)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    told = metrics_of(alive)
    assert told("calls_total", **CALLS) == 8
    assert told("records_waiting") == 3
    assert told("breaker_state", api="shop") == 0


def test_a_worker_that_was_started_again_goes_on_counting(folder: Path) -> None:
    worker(folder, 2).communicate("\n")
    told = metrics_of(worker(folder, 2))
    assert told("calls_total", **CALLS) == 4


CALLER = """
import asyncio, sys
import dragoman
async def main():
    store = f"sqlite:///{sys.argv[1]}/dragoman.db"
    async with dragoman.Dragoman({"version": 1, "store": store}) as d:
        for _ in range(3):
            await d.call("shop.noSuchThing", {}, caller="nobody")
        print(d.metrics())
asyncio.run(main())
"""


def test_the_calls_of_whole_programs_add_up(folder: Path, tmp_path: Path) -> None:
    told = Measured("")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", CALLER, str(tmp_path)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=True,
        )
        told = Measured(done.stdout)
    assert told.total("calls_total", status="failed") == 6
    assert told.total("errors_total", code="not-found") == 6
    assert told("records_waiting") == 3  # of the one that lives
