"""From a description's file to a catalog that can be searched, and to the first calls."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from bench.measure import Row, functions, row
from dragoman import Dragoman
from dragoman.catalog.build import build
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.compiled import describe
from dragoman.catalog.kept import Kept
from dragoman.config.settings import ApiSettings, Settings
from dragoman.network import Network, Reach

__all__ = ["catalogs"]

_FLOOR = "import aiohttp, pydantic"
_IDLE = """
import asyncio, sys
from dragoman import Dragoman
async def main():
    config = {"apis": {"api": sys.argv[1]}, "store": f"sqlite:///{sys.argv[2]}/idle.db"}
    async with Dragoman(config, environ={"DRAGOMAN_CACHE": sys.argv[2]}) as d:
        assert d.parts.catalog.search("create an issue")
        %s
asyncio.run(main())
"""
_RESIDENT = (
    'print(next(line for line in open("/proc/self/status") if line[:6] == "VmRSS:").split()[1])'
)


def catalogs(specs: Path) -> list[Row]:
    """Measure GitHub's and Stripe's documents against parsing them alone."""
    github, stripe = specs / "github.json", specs / "stripe.json"
    return [
        _cold(github, "≤ 5"),
        _warm(github, "≤ 1"),
        _cold(stripe, "≤ 10"),
        _warm(stripe, "–"),
        _first(github),
        *_memory(github),
    ]


async def _catalog(path: Path, folder: Path) -> Catalog:
    api = ApiSettings(openapi=str(path), base_url="https://api.example")
    async with Network() as network:
        found = await describe(
            "api",
            str(path),
            api,
            base=path.parent,
            network=network,
            reach=Reach.of(),
            kept=Kept(folder),
        )
    indexes = {"api": found.index} if found.index else {}
    return build([found.description], Settings(apis={"api": api}), indexes=indexes)


def _searched(path: Path, folder: Path) -> object:
    return asyncio.run(_catalog(path, folder)).search("create an issue")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _cold(path: Path, target: str) -> Row:
    def ours() -> object:
        with _folder() as folder:
            return _searched(path, folder)

    what = f"{path.name}: file to searched catalog, cold / orjson"
    return functions(what, ours, lambda: orjson.loads(path.read_bytes()), target, runs=5)


def _warm(path: Path, target: str) -> Row:
    with _folder() as folder:
        return functions(
            f"{path.name}: the same, warm / orjson",
            lambda: _searched(path, folder),
            lambda: orjson.loads(path.read_bytes()),
            target,
        )


def _first(path: Path) -> Row:
    with _folder() as folder:
        _searched(path, folder)
        return asyncio.run(_first_calls(path, folder))


async def _first_calls(path: Path, folder: Path) -> Row:
    """Compare the first dry run of an operation with its second, over many, on a warm start.

    Most lack an argument and are refused: contract and validator are made all the same.
    """
    config = {"apis": {"api": str(path)}, "store": f"sqlite:///{folder}/first.db"}
    async with Dragoman(config, environ={"DRAGOMAN_CACHE": str(folder)}) as d:

        async def timed(operation: str) -> float:
            started = time.perf_counter()
            await d.call(operation, {}, dry_run=True)
            return time.perf_counter() - started

        first, *others = list(d.parts.catalog.operations)[::10]
        await timed(first)
        pairs = [(await timed(one), await timed(one)) for one in others]
    return row(f"{path.name}, warm: first call of an operation / second", pairs, "≤ 5 ms more")


def _memory(path: Path) -> list[Row]:
    """Compare the memory of an idle process that serves the API with that of its libraries."""
    if not Path("/proc/self/status").exists():
        return []
    floor = _resident(f"{_FLOOR}\n{_RESIDENT}")
    with _folder() as folder:
        cold, warm = (
            _resident(_IDLE % _RESIDENT, str(path), str(folder)) for _ in ("cold", "warm")
        )
    return [
        Row(f"{path.name}: idle process, {start}", ours, floor, ours / floor, "≤ 120 MB", "MB")
        for start, ours in (("cold", cold), ("warm", warm))
    ]


def _resident(script: str, *arguments: str) -> float:
    """Return the resident memory in MB that a script prints in KiB."""
    command = [sys.executable, "-c", script, *arguments]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    return int(printed) * 1024 / 1e6
