"""A program of its own, for the interpreter that has FastMCP: file to all listed tools as JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
from fastmcp import FastMCP
from fastmcp.tools import Tool


async def _listed(document: bytes) -> Sequence[Tool]:
    client = httpx2.AsyncClient(base_url="https://api.example")
    server = FastMCP.from_openapi(json.loads(document), client=client)
    return await server.list_tools()


def _sizes(tool: Tool) -> tuple[int, int]:
    """Return the bytes of a tool as it is listed, and of what a model reads of it."""
    listed = tool.to_mcp_tool()
    whole = listed.model_dump_json(by_alias=True, exclude_none=True)
    shown = [listed.name, listed.description or "", listed.input_schema]
    text = json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    return len(whole.encode()), len(text.encode())


def main() -> int:
    """Measure one document in this process, which has done nothing else."""
    path = Path(sys.argv[1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    tools = asyncio.run(_listed(path.read_bytes()))
    sizes = [_sizes(tool) for tool in tools]
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {
        "seconds": seconds,
        "tools": len(tools),
        "bytes": sum(listed for listed, _ in sizes),
        "input_bytes": sum(shown for _, shown in sizes),
        "peak_mb": after * 1024 / 1e6,
        "imports_mb": before * 1024 / 1e6,
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
