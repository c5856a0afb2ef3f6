"""`dragoman search`: find operations by what they do."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import FAILED, Options, verb
from dragoman.cli.terminal import complain, print_json, table

app = verb("search", "Find operations by what they do.")

__all__ = ["app"]


@app.default
async def search(
    *words: str,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 10,
    caller: str = "owner",
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Find operations by what they do; the best first.

    Parameters
    ----------
    words
        What you look for: refund an order
    limit
        How many at the most.
    caller
        Only what this caller of the file may use.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        hits = d.search(" ".join(words), limit, caller=caller)
    if json:
        found = [
            {"operation": o.id, "effect": o.effect.value, "summary": o.summary, "route": o.route}
            for o in (hit.operation for hit in hits)
        ]
        print_json({"operations": found})
        return 0
    if not hits:
        complain("nothing fits these words. Try fewer, or other ones.")
        return FAILED
    rows = [(h.operation.id, h.operation.effect.value, h.operation.summary) for h in hits]
    print(table(("operation", "effect", ""), rows))
    return 0
