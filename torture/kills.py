"""Kill workers at every stage of a call, on SQLite and PostgreSQL, and write what was counted."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from torture.kill_trial import ALL_POINTS, Trial

__all__ = ["faults_of", "main", "stores", "trial"]

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence"
POSTGRES = os.environ.get("DRAGOMAN_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")

_LEAST = 10
"""How often each point has to be hit in the long form."""

_PAGE = """\
# Killed at every stage

Made by `make torture` (`python -m torture.kills --kills {kills}`). Four workers, each with three
calls at once, share one store and call an API that counts what it does for each order. Each worker
is ended by SIGKILL at the points below: by itself, where its stages are wrapped, and by the API,
which has by then the first bytes of a request (the rest of its 300 KB is cut off), all of it, or
has answered. It is started again at once and asks for the same orders under the same idempotency
keys, among them those that the dead have left. Between rounds the leases end; the writes whose end
nobody knows are listed; those to the API that knows keys are sent again under theirs; the others
are asked for again, which must send nothing, and then the `reconcile:` rule finds out whether they
happened. All goes on until every order is done, and then every order is asked once more.

*Without a claim* counts requests that came before their claim was in the store for others to read.
*Lost* are orders that were told as done and were not. *Listed* counts a write once for each round
in which nobody knew its end; each had to be found among what the API has done, or has not.

| | {names} |
|---|{rules}
{rows}
"""


def main() -> int:
    """Run both trials, print and write their figures, and return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m torture.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="on each store")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), action="append")
    chosen = parser.parse_args()
    found = {}
    for name in chosen.store or ("sqlite", "postgresql"):
        found[name] = one = trial(name, chosen.kills, _LEAST)
        print(f"{name}: {json.dumps(one, indent=1)}", flush=True)
    faults = [f"{name}: {what}" for name, one in found.items() for what in faults_of(one, _LEAST)]
    if len(found) == 2 and not faults:
        _write(found, chosen.kills)
    for fault in faults:
        print(f"✗ {fault}", file=sys.stderr)
    return 1 if faults else 0


def trial(store: str, kills: int, least: int) -> dict[str, Any]:
    """Return the figures of one trial on a store of its own, gone afterwards."""
    started = time.monotonic()
    with TemporaryDirectory() as folder, stores(store, Path(folder)) as url:
        found = asyncio.run(Trial(url, Path(folder), kills, least).run())
    return {**found, "seconds": round(time.monotonic() - started)}


@contextmanager
def stores(name: str, folder: Path) -> Iterator[str]:
    """Make an empty store and yield its address."""
    if name == "sqlite":
        yield f"sqlite:///{folder}/dragoman.db"
        return
    import psycopg  # noqa: PLC0415 - of an extra

    schema = f"dragoman_{uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{POSTGRES}?options={quote(f'-csearch_path={schema}')}"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


def faults_of(found: dict[str, Any], least: int) -> list[str]:
    """Return each promise that a trial has shown to be broken, or has not put to the test."""
    faults = [*found["wrong"]]
    faults += [
        f"{found[name]} {name}" for name in ("duplicates", "lost", "without a claim") if found[name]
    ]
    if found["side effects"] != found["orders"]:
        faults.append(f"{found['side effects']} side effects of {found['orders']} orders")
    for point in ALL_POINTS:
        if (hits := found["kills by point"][point]) < least:
            faults.append(f"killed only {hits} times at: {point}")
    return faults


def _write(found: dict[str, dict[str, Any]], kills: int) -> None:
    """Write the figures, and a page with them."""
    text = json.dumps(found, indent=1, sort_keys=True)
    (EVIDENCE / "kills.json").write_text(f"{text}\n", "utf-8")
    flat = {name: dict(_rows(one)) for name, one in found.items()}
    lines = [
        f"| {label} | {' | '.join(f'{one.get(label, 0):,}' for one in flat.values())} |"
        for label in dict.fromkeys(label for one in flat.values() for label in one)
    ]
    page = _PAGE.format(
        kills=kills, names=" | ".join(flat), rules="--:|" * len(flat), rows="\n".join(lines)
    )
    (EVIDENCE / "kills.md").write_text(page, "utf-8")


def _rows(one: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for name in ("orders", "calls", "requests", "side effects", "duplicates", "lost"):
        yield name, one[name]
    yield "without a claim", one["without a claim"]
    yield "kills", one["kills"]
    for point, count in one["kills by point"].items():
        yield f"killed: {point}", count
    yield "requests cut off in the middle", one["cut off in the middle"]
    for name, count in one["unknown"].items():
        yield f"unknown: {name}", count
    yield "seconds", one["seconds"]


if __name__ == "__main__":
    sys.exit(main())
