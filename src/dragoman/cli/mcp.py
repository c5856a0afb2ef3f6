"""`dragoman mcp`: the tools for an MCP client of the owner, on standard input and output."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import print_json, warn
from dragoman.servers.mcp.wire import Wire, take_wire
from dragoman.tools.mcp import as_mcp
from dragoman.tools.tool import NOT_STRICT

if TYPE_CHECKING:
    from dragoman.servers.mcp.calls import Calls

app = verb("mcp", "Serve the tools to an MCP client, on standard input and output.")

__all__ = ["app"]


@app.default
async def mcp(
    *,
    toolset: str | None = None,
    user: str | None = None,
    meta: bool | None = None,
    report: Annotated[bool, Parameter(name="--report", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Serve the tools to an MCP client, on standard input and output.

    A client starts it: `dragoman install CLIENT` tells the client how. Who sits at that client is
    the owner: where the client can ask, a yes to a write is given there.

    Parameters
    ----------
    toolset
        Only the tools of this toolset. [default: all operations]
    user
        The end user on whose behalf is called, where an argument is filled from one.
    meta
        Three tools in place of one for each operation: search, describe, call. [default: where
        there are more than 40 operations]
    report
        Print as JSON what a client would list, and what could not be carried over; serve nothing.
    """
    if report:
        return await _report(options, toolset, meta)
    if sys.stdin.isatty():
        warn("this speaks MCP, and a client starts it: dragoman install CLIENT. Ctrl-C ends it.")
    wire = take_wire()
    async with options.open() as d:
        # The SDK takes most of a second to import; a mistake in the file is told before.
        from dragoman.servers.mcp.calls import Calls  # noqa: PLC0415

        for name, fault in d.parts.unavailable.items():
            warn(f"{name}: {fault}")
        await d.parts.telemetry.start(serving=True)
        await _until_stopped(wire, Calls(d, toolset, user, meta))
    return 0


async def _report(options: Options, toolset: str | None, meta: bool | None) -> int:  # noqa: FBT001
    async with options.open() as d:
        from dragoman.servers.mcp.calls import Calls  # noqa: PLC0415 - as above

        calls = Calls(d, toolset, meta=meta)
        offered, table = calls.offered.operations, calls.table
        made = [(tool, as_mcp(tool, offered.get(tool.operation))) for tool in table.tools]
    print_json(
        {
            "tools": [one.form for _, one in made],
            "notes": {
                tool.name: [*one.changes, *(n for n in tool.notes if not n.startswith(NOT_STRICT))]
                for tool, one in made
            },
            "left_out": table.left_out,
        }
    )
    return 0


async def _until_stopped(wire: Wire, calls: Calls) -> None:
    """Serve until the client has gone, or the process is told to end."""
    from dragoman.servers.mcp.server import make_server  # noqa: PLC0415 - as above
    from dragoman.servers.mcp.stdio import messages  # noqa: PLC0415

    server = make_server(calls)
    options = server.create_initialization_options()
    async with messages(wire) as (reading, writing, hang_up):
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # not on Windows, where the process just ends
                loop.add_signal_handler(one, hang_up)
        await server.run(reading, writing, options)
