"""`dragoman unpause`: let what was paused go on."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.paused import subject_of
from dragoman.cli.person import who
from dragoman.cli.terminal import mark

app = verb("unpause", "Let what was paused go on.")

__all__ = ["app"]


@app.default
async def unpause(
    name: str | None = None,
    *,
    all: Annotated[bool, Parameter(name="--all", negative="")] = False,  # noqa: A002
    by: str | None = None,
    options: Options = Options(),
) -> int:
    """End a pause; others that stop the same calls stay in force.

    Parameters
    ----------
    name
        The API, operation or caller that is paused.
    all
        End the pause of everything.
    by
        Who says so, for the record. [default: the user of this machine]
    """
    async with options.open() as d:
        paused = [one.subject for one in await d.parts.pauses.in_force()]
        subject = subject_of(name, d.parts, everything=all, paused=paused)
        await d.parts.pauses.end(subject, by=by or who())
        left = await d.parts.pauses.in_force()
    still = f" Still paused: {', '.join(one.subject for one in left)}." if left else ""
    mark(f"{'everything' if all else name} goes on.{still}")
    return 0
