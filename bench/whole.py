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
from dragoman.apis.description import Description
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.catalog.build import build
from dragoman.config.settings import ApiSettings, Settings
from dragoman.exact_json import encode
from dragoman.lint.report import import_report
from dragoman.models.tool_form import as_responses
from dragoman.network import Network, Reach
from dragoman.operation import Tool
from dragoman.tools.size import size_of
from dragoman.tools.tools import ToolTable, make_tools

__all__ = ["wholes"]


def wholes(specs: Path) -> list[Row]:
    """Measure `lint` of GitHub's document, and the size of all tools of Stripe's."""
    github, stripe = specs / "github.json", specs / "stripe.json"
    tools = _tools(stripe).tools
    length = len(encode([as_responses(tool) for tool in tools])) / 1e6
    median = statistics.median(size_of([tool]).tokens for tool in tools)
    return [
        functions(
            "github.json: lint and all tools / orjson",
            lambda: _linted(github),
            lambda: orjson.loads(github.read_bytes()),
            "≤ 25",
            runs=3,
        ),
        Row("stripe.json: all tools as JSON / 1 MB", length, 1, length, "≤ 1", "MB"),
        Row("stripe.json: the median tool / 250 tokens", median, 250, median / 250, "≤ 1", "tok"),
    ]


async def _loaded(path: Path) -> Description:
    settings = _settings(path)
    async with Network() as network:
        source = await load(str(path), base=path.parent, network=network, reach=Reach.of())
    return read("api", source, settings)


def _settings(path: Path) -> ApiSettings:
    return ApiSettings(openapi=str(path), base_url="https://api.example")


def _linted(path: Path) -> object:
    """Classify every operation and make every tool, as `lint` does."""
    description = asyncio.run(_loaded(path))
    return import_report(description), make_tools(description.operations.values())


def _tools(path: Path) -> ToolTable:
    """Go the whole way: file, catalog, tools."""
    description = asyncio.run(_loaded(path))
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
