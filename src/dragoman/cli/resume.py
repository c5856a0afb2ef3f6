"""`dragoman resume`: go on with an answer or a call that waited for a person."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.assistant.answer import Answer
from dragoman.cli.approval import at_terminal
from dragoman.cli.ask import answer_as_json, show_answer
from dragoman.cli.call import as_json, show_outcome
from dragoman.cli.command import Options, exit_code_of_problem, verb
from dragoman.cli.terminal import print_json
from dragoman.operation import Outcome

app = verb("resume", "Go on with an answer or a call that waited.")

__all__ = ["app", "show_resumed"]


@app.default
async def resume(
    id: str,  # noqa: A002 - the id of an answer or of a call
    *,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Go on with an answer or a call that waited.

    Parameters
    ----------
    id
        The id of the answer or of the call, as `dragoman log` shows it.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        result = await d.resume(id, approve=at_terminal(d))
    return show_resumed(result, json=json)


def show_resumed(result: Answer | Outcome, *, json: bool) -> int:
    """Print what came of it, and return the exit code that it means."""
    if json:
        print_json(as_json(result) if isinstance(result, Outcome) else answer_as_json(result))
    elif isinstance(result, Outcome):
        show_outcome(result)
    else:
        show_answer(result)
    return exit_code_of_problem(result.status, result.problem)
