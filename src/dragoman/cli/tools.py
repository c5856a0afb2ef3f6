"""`dragoman tools`: what a model would see of the APIs, and what it costs to show."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.diff import waiting
from dragoman.cli.terminal import note, print_json, table, warn
from dragoman.operation import Tool
from dragoman.tools.prose import bounded
from dragoman.tools.size import Parts, Size, parts_of, size_of
from dragoman.tools.tool import NOT_STRICT
from dragoman.tools.tools import ToolTable

app = verb("tools", "What a model would see, and its size.")

__all__ = ["app"]

_MAX_REASON = 90


@app.default
async def tools(
    toolset: str | None = None,
    *,
    format: Annotated[Literal["responses", "chat"], Parameter(name="--format")] = "responses",  # noqa: A002
    caller: str = "owner",
    tokens: Annotated[bool, Parameter(name="--tokens", negative="")] = False,
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
    tokens
        Show where the tokens go, the largest tool first; with --json also what each tool could
        not carry over of its description, and why it is not strict.
    json
        Print the tools as OpenAI's API takes them.
    """
    async with options.open() as d:
        if json and not tokens:
            print_json({"tools": d.tools(toolset, format=format, caller=caller)})
            return 0
        listed = d.tool_table(toolset, caller=caller)
        for name, fault in d.parts.unavailable.items():
            warn(f"{name}: {fault}")
        if withheld := d.parts.catalog.withheld:
            warn(waiting(withheld))
    if tokens:
        _show_tokens(listed, as_json=json)
        return 0
    rows = [(t.name, t.operation, t.effect.value, size_of([t]).tokens) for t in listed.tools]
    print(table(("tool", "operation", "effect", "tokens"), rows))
    note(f"{len(rows):,} tools · {_total(size_of(listed.tools))}")
    for operation, reason in listed.left_out.items():
        warn(f"{operation} is left out: {reason}")
    return 0


def _show_tokens(listed: ToolTable, *, as_json: bool) -> None:
    """Print the size of each tool and of its parts, the largest first, and the totals."""
    sizes = [(tool, parts_of(tool)) for tool in listed.tools]
    sizes.sort(key=lambda one: -one[1].whole.tokens)
    total = size_of(listed.tools)
    if as_json:
        print_json(
            {
                "tools": [_reported(*one) for one in sizes],
                "tokens": total.tokens,
                "bytes": total.bytes,
                "estimated": total.estimated,
                "left_out": listed.left_out,
            }
        )
        return
    rows = [
        (
            tool.name,
            parts.whole.tokens,
            parts.description.tokens,
            parts.parameters.tokens,
            "yes" if tool.strict else bounded(f"no: {_reason(tool)}", _MAX_REASON),
        )
        for tool, parts in sizes
    ]
    print(table(("tool", "tokens", "description", "parameters", "strict"), rows))
    strict = sum(tool.strict for tool in listed.tools)
    note(f"{len(rows):,} tools, {strict:,} of them strict · {_total(total)}")


def _reported(tool: Tool, parts: Parts) -> dict[str, object]:
    return {
        "name": tool.name,
        "operation": tool.operation,
        "tokens": parts.whole.tokens,
        "description": parts.description.tokens,
        "parameters": parts.parameters.tokens,
        "strict": tool.strict,
        "notes": list(tool.notes),
    }


def _reason(tool: Tool) -> str:
    """Return why a tool is not strict, as its report says."""
    reasons = (
        note_.removeprefix(NOT_STRICT) for note_ in tool.notes if note_.startswith(NOT_STRICT)
    )
    return next(reasons, "")


def _total(size: Size) -> str:
    hint = " (an estimate, four bytes a token; the extra dragoman[tokens] counts them)"
    return f"{size}{hint if size.estimated else ''}"
