"""`dragoman tools`: what a model would see of the APIs, and what it costs to show."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import note, print_json, table, warn
from dragoman.tools.size import size_of

app = verb("tools", "What a model would see, and its size.")

__all__ = ["app"]


@app.default
async def tools(
    toolset: str | None = None,
    *,
    format: Annotated[Literal["responses", "chat"], Parameter(name="--format")] = "responses",  # noqa: A002
    caller: str = "owner",
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Show what a model would see, and its size.

    Parameters
    ----------
    toolset
        Only the tools of this toolset.
    format
        The form of the tools that --json prints.
    caller
        Only what this caller of the file may use.
    json
        Print the tools as OpenAI's API takes them.
    """
    async with options.open() as d:
        if json:
            print_json({"tools": d.tools(toolset, format=format, caller=caller)})
            return 0
        listed = d.tool_table(toolset, caller=caller)
        for name, fault in d.parts.unavailable.items():
            warn(f"{name}: {fault}")
    rows = [(t.name, t.operation, t.effect.value, size_of([t]).tokens) for t in listed.tools]
    print(table(("tool", "operation", "effect", "tokens"), rows))
    note(f"{len(rows)} tools · {size_of(listed.tools)} (~ is an estimate: four bytes a token)")
    for operation, reason in listed.left_out.items():
        warn(f"{operation} is left out: {reason}")
    return 0
