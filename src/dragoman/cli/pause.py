"""`dragoman pause`: stop an API, an operation, a caller or everything, in every process."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.paused import subject_of
from dragoman.cli.person import who
from dragoman.cli.terminal import mark, note, print_json, table

app = verb("pause", "Stop an API, an operation, a caller or everything; without one, list.")

__all__ = ["app"]


@app.default
async def pause(
    name: str | None = None,
    *,
    all: Annotated[bool, Parameter(name="--all", negative="")] = False,  # noqa: A002
    reason: str = "",
    by: str | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Stop calls from the next one on, in every process within a second, across restarts.

    Parameters
    ----------
    name
        An API, an operation (shop.refundOrder) or a caller. Without it, what is paused is listed.
    all
        Stop everything.
    reason
        Why; whoever is refused is told.
    by
        Who says so, for the record. [default: the user of this machine]
    json
        Print one JSON object.
    """
    async with options.open() as d:
        pauses = d.parts.pauses
        if name is None and not all:
            found = await pauses.in_force()
        else:
            subject = subject_of(name, d.parts, everything=all)
            found = [await pauses.begin(subject, reason=reason, by=by or who())]
    if json:
        members = ("subject", "reason", "by")
        rows = [{m: getattr(one, m) for m in members} | {"at": one.at.isoformat()} for one in found]
        print_json({"pauses": rows})
    elif not found:
        note("nothing is paused")
    elif name is None and not all:
        shown = [(one.subject, one.by, one.at, one.reason) for one in found]
        print(table(("paused", "by", "at (UTC)", "reason"), shown))
    else:
        (begun,) = found
        again = "--all" if all else name
        mark(f"{begun.named} paused. To go on: dragoman unpause {again}")
    return 0
