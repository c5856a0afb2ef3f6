"""An API of its own process for the measurements: `python -m bench.upstream` prints its port.

It answers a read with 2 KB of orders, another with 5 MB, and counts writes.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

__all__ = ["running"]

_ORDER = b'{"id":%d,"status":"shipped"}'
_SMALL = b'{"orders":[' + b",".join(_ORDER % n for n in range(72)) + b"]}"
_LARGE = b'{"orders":[' + b",".join(_ORDER % n for n in range(165_000)) + b"]}"


@contextmanager
def running() -> Iterator[str]:
    """Run the API in a process of its own, and yield its address."""
    command = [sys.executable, "-m", "bench.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def _serve() -> None:
    written = 0

    async def small(_: web.Request) -> web.Response:
        return web.Response(body=_SMALL, content_type="application/json")

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=_LARGE, content_type="application/json")

    async def write(request: web.Request) -> web.Response:
        nonlocal written
        await request.read()
        written += 1
        return web.json_response({"id": written, "status": "done"}, status=201)

    app = web.Application()
    app.router.add_get("/orders/{id}", small)
    app.router.add_get("/all", large)
    app.router.add_post("/orders/{id}/refunds", write)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
