"""From a description's file to all of its tools as JSON: `python -m bench.whole FILE`.

It prints what `bench.peers` compares with a program of others that prints the same.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import orjson

from bench.measure import Row, functions
from dragoman.apis.openapi.load import Source, load
from dragoman.apis.openapi.read import read
from dragoman.catalog.build import build
from dragoman.config.settings import ApiSettings, Settings
from dragoman.exact_json import encode
from dragoman.lint.advice import advise
from dragoman.lint.subject import subject_of
from dragoman.models.tool_form import as_responses
from dragoman.network import Network, Reach
from dragoman.operation import Tool
from dragoman.tools.size import size_of
from dragoman.tools.tools import ToolTable, make_tools

__all__ = ["sizes", "wholes"]


def wholes(specs: Path) -> list[Row]:
    """Measure `lint` of GitHub's document, and the sizes of tools."""
    github = specs / "github.json"
    return [
        functions(
            "github.json: lint and all tools / orjson",
            lambda: _linted(github),
            lambda: orjson.loads(github.read_bytes()),
            "≤ 25",
            runs=3,
        ),
        *sizes(specs),
    ]


def sizes(specs: Path) -> list[Row]:
    """Return how much a model would read of all tools of GitHub and of Stripe."""
    found = {name: _tools(specs / f"{name}.json").tools for name in ("github", "stripe")}
    rows = []
    for name, most in (("github", 1.5), ("stripe", 1.0)):
        length = len(encode([as_responses(tool) for tool in found[name]])) / 1e6
        label = f"{name}.json: all tools as JSON / {most:g} MB"
        rows.append(Row(label, length, most, length / most, "≤ 1", "MB"))
    each = [size_of([tool]) for tool in found["stripe"]]
    median, mark = statistics.median(one.tokens for one in each), "~" * each[0].estimated
    label = f"stripe.json: the median tool / 250 {mark}tokens"
    return [*rows, Row(label, median, 250, median / 250, "≤ 1", "tok")]


async def _loaded(path: Path) -> Source:
    async with Network() as network:
        return await load(str(path), base=path.parent, network=network, reach=Reach.of())


def _settings(path: Path) -> ApiSettings:
    return ApiSettings(openapi=str(path), base_url="https://api.example")


def _linted(path: Path) -> object:
    """Classify every operation, make every tool and apply every rule, as `lint` does."""
    advice = advise(subject_of(asyncio.run(_loaded(path)), "api"))
    return advice.score, advice.fixed.size


def _tools(path: Path) -> ToolTable:
    """Go the whole way: file, catalog, tools."""
    description = read("api", asyncio.run(_loaded(path)), _settings(path))
    catalog = build([description], Settings(apis={"api": _settings(path)}))
    return make_tools(catalog.operations.values())


def _input(tool: Tool) -> int:
    return len(encode([tool.name, tool.description, tool.parameters]))


def main() -> int:
    """Measure one document in this process, which has done nothing else."""
    path = Path(sys.argv[1]).resolve()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    tools = _tools(path).tools
    listed = encode([as_responses(tool) for tool in tools])
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {
        "seconds": seconds,
        "tools": len(tools),
        "bytes": len(listed),
        "input_bytes": sum(map(_input, tools)),
        "peak_mb": after * 1024 / 1e6,
        "imports_mb": before * 1024 / 1e6,
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
