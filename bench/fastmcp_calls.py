"""A program of its own, for the interpreter that has FastMCP: calls of tools, one and many at once.

It has the address of the API as its argument, and prints the seconds that a call took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

import httpx2
from fastmcp import Client, FastMCP

_CALLS = 320
_ROUNDS = 3
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_BODY = {"type": "object", "properties": {"amount": {"type": "integer"}}}
_DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders/{id}": {
            "parameters": [_ID],
            "get": {"operationId": "list", "responses": {"200": {"description": "orders"}}},
        },
        "/orders/{id}/refunds": {
            "parameters": [_ID],
            "post": {
                "operationId": "refund",
                "requestBody": {"content": {"application/json": {"schema": _BODY}}},
                "responses": {"201": {"description": "done"}},
            },
        },
    },
}


async def _measured(url: str) -> dict[str, float]:
    client = httpx2.AsyncClient(base_url=url, headers={"Authorization": "Bearer of-the-bench"})
    async with Client(FastMCP.from_openapi(_DOCUMENT, client=client)) as mcp:

        async def read() -> None:
            await mcp.call_tool("list", {"id": "7"})

        async def write() -> None:
            await mcp.call_tool("refund", {"id": "7", "amount": 5})

        return {
            "read": await _fastest(read, 1),
            "reads": await _fastest(read, 32),
            "writes": await _fastest(write, 32),
        }


async def _fastest(work: Callable[[], Awaitable[None]], at_once: int) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for _ in range(_CALLS // at_once):
            await asyncio.gather(*(work() for _ in range(at_once)))
        times.append((time.perf_counter() - started) / _CALLS)
    return min(times)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measured(sys.argv[1]))))
