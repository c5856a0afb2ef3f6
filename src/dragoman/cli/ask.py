"""`dragoman ask`: one question, answered from the APIs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dragoman.assistant.answer import Answer, CallFinished, Event, TextArrived
from dragoman.cli.approval import at_terminal, headline
from dragoman.cli.call import as_json, call_line, problem_line
from dragoman.cli.command import Options, exit_code_of_problem, verb
from dragoman.cli.terminal import complain, neutral, note, print_json, progress, warn
from dragoman.operation import Status

if TYPE_CHECKING:
    from dragoman.app import Dragoman
    from dragoman.app.given import Approver
    from dragoman.audit.approval import Approval

app = verb("ask", "Ask a question, answered from your APIs.")

__all__ = ["answer_as_json", "app", "receipt", "show_answer"]


@app.default
async def ask(
    question: str,
    *,
    user: str | None = None,
    caller: str = "owner",
    toolset: str | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(name="--yes", negative="")] = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Ask a question, answered from your APIs.

    Parameters
    ----------
    question
        What you want to know, or have done.
    user
        The end user on whose behalf you ask.
    caller
        Ask as this caller of the file, with its scopes.
    toolset
        Use only the tools of this toolset.
    dry_run
        Reads run, writes are only previewed.
    yes
        Say yes to every approval of this question.
    json
        Print one JSON object.
    """
    streamed: list[str] = []

    async def on_event(event: Event) -> None:
        if isinstance(event, TextArrived) and not json and sys.stdout.isatty():
            streamed.append(event.text)
            print(neutral(event.text), end="", flush=True)
        elif isinstance(event, CallFinished):
            progress(call_line(event.outcome, event.arguments, event.seconds))

    async with options.open() as d:
        answer = await d.ask(
            question,
            user=user,
            caller=caller,
            toolset=toolset,
            dry_run=dry_run,
            approve=_approver(d, yes=yes),
            on_event=on_event,
            door="cli",
        )
    if json:
        print_json(answer_as_json(answer))
    else:
        show_answer(answer, already_shown=bool(streamed))
    return exit_code_of_problem(answer.status, answer.problem)


def _approver(d: Dragoman, *, yes: bool) -> Approver | None:
    """Return who answers approvals: `--yes`, a person at the terminal, or nobody now."""
    if yes:

        def agree(approval: Approval) -> bool:
            progress(headline(approval))
            return True

        return agree
    return at_terminal(d)


def show_answer(answer: Answer, *, already_shown: bool = False) -> None:
    """Print an answer for a person, and one line of what it took."""
    if already_shown:
        print()
    elif answer.status is not Status.PENDING and answer.text:
        print(neutral(answer.text))
    for approval in answer.approvals:
        print(f"? {headline(approval)}", file=sys.stderr)
        warn(f"waiting as {approval.id}. dragoman approvals approve {approval.id}")
    if answer.problem is not None:
        complain(problem_line(answer.problem))
    note(receipt(answer))


def receipt(answer: Answer) -> str:
    """Return what an answer took: calls, tokens, money, and where the record is."""
    calls = len(answer.calls)
    parts = [f"{calls} call{'' if calls == 1 else 's'}"]
    tokens = answer.usage.input_tokens + answer.usage.output_tokens
    if tokens:
        parts.append(f"{tokens:,} tokens")
    if answer.usage.dollars is not None:
        parts.append(f"${answer.usage.dollars:.4f}")
    return " · ".join([*parts, f"dragoman log {answer.id}"])


def answer_as_json(answer: Answer) -> dict[str, object]:
    """Return an answer as the object that `--json` prints; its keys are stable."""
    return {
        "id": answer.id,
        "status": answer.status.value,
        "text": answer.text,
        "calls": [as_json(outcome) for outcome in answer.calls],
        "approvals": [approval.id for approval in answer.approvals],
        "model": answer.model,
        "usage": {
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "dollars": answer.usage.dollars,
        },
        "problem": answer.problem.as_json() if answer.problem else None,
    }
