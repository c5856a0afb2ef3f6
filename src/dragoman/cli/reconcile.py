"""`dragoman reconcile`: settle a write that nobody knows the end of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import FAILED, Options, verb
from dragoman.cli.person import who
from dragoman.cli.terminal import mark, pretty, print_json, warn

app = verb("reconcile", "Settle a write that nobody knows the end of.")

__all__ = ["app"]


@app.default
async def reconcile(
    id: str,  # noqa: A002 - the id of a call
    *,
    happened: Annotated[
        bool | None, Parameter(name="--happened", negative="--did-not-happen")
    ] = None,
    by: str | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Find out whether a write happened whose end nobody knows, and write it down.

    The API is asked, by the `reconcile:` rule of the operation. What happened is the answer to a
    repeat from then on; what did not happen may be called again.

    Parameters
    ----------
    id
        The id of the call, as `dragoman log --status unknown` shows it.
    happened
        Say so yourself, in place of the API.
    by
        Who says so; by default whoever sits here.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        found = await d.reconcile(id, happened=happened, by=by or who())
    if json:
        print_json(asdict(found))
    elif found.happened is None:
        warn(f"{found.operation} {found.id} stays unknown. {found.note}")
    else:
        mark(f"{found.operation} {found.id}: {found.note} By: {found.by}")
        if found.data is not None:
            print(pretty(found.data))
    return FAILED if found.happened is None else 0
