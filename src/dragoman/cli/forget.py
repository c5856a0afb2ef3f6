"""`dragoman forget`: delete what is kept of an end user."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import mark, print_json

app = verb("forget", "Delete what is kept of an end user: calls, answers, approvals, tokens.")

__all__ = ["app"]


@app.default
async def forget(
    *,
    user: str,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Delete the calls, answers, approvals and tokens of an end user from the store.

    What was sent to an API or a model is not taken back by it. That a write is out, or may have
    happened, stays known, without a word of the user.

    Parameters
    ----------
    user
        The end user, as calls name them.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        found = await d.parts.audit.forget_user(user)
    if json:
        print_json({"user": user, "deleted": found})
    else:
        mark(f"{found:,} calls and answers of {user} deleted, and all that belonged to them")
    return 0
