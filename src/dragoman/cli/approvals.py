"""`dragoman approvals`: what waits for a yes, and answering it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from dragoman.audit.approvals import Approval, ApprovalState
from dragoman.cli.approval import headline
from dragoman.cli.command import FAILED, Options, verb
from dragoman.cli.person import who
from dragoman.cli.resume import show_resumed
from dragoman.cli.terminal import mark, note, print_json, print_members, table

app = verb("approvals", "List, show, approve or deny what waits for a yes.")
app.command(App(name="list", help="What waits for a yes; --all shows the answered ones too."))

__all__ = ["app", "as_json"]

Json = Annotated[bool, Parameter(name="--json", negative="")]


@app.default
@app["list"].default
async def list_approvals(
    *,
    all: Annotated[bool, Parameter(name="--all", negative="")] = False,  # noqa: A002
    json: Json = False,
    options: Options = Options(),
) -> int:
    """List what waits for a yes.

    Parameters
    ----------
    all
        Also those that were answered, used or have expired.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        found = await d.parts.approvals.list(None if all else ApprovalState.WAITING)
    if json:
        print_json({"approvals": [as_json(approval) for approval in found]})
    elif not found:
        note("nothing waits")
    else:
        rows = [(a.id, a.state.value, a.operation, a.asked_by, a.user, a.asked) for a in found]
        print(table(("id", "state", "operation", "asked by", "for", "at (UTC)"), rows))
    return 0


@app.command
async def show(id: str, *, json: Json = False, options: Options = Options()) -> int:  # noqa: A002
    """Show one in full: the exact request, and where each value came from.

    Parameters
    ----------
    id
        The id of the approval.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        approval = await d.parts.approvals.get(id)
    if json:
        print_json(as_json(approval))
        return 0
    print(headline(approval))
    print()
    print_members({name: value for name, value in approval.shown.items() if name != "operation"})
    note(
        f"{approval.state.value}, asked {approval.asked:%Y-%m-%d %H:%M} UTC, "
        f"expires {approval.expires:%Y-%m-%d %H:%M} UTC"
    )
    return 0


@app.command
async def approve(
    id: str,  # noqa: A002
    *,
    by: str | None = None,
    json: Json = False,
    options: Options = Options(),
) -> int:
    """Say yes, carry out what waited (the call, and the answer around it), and print it.

    Parameters
    ----------
    id
        The id of the approval.
    by
        Who says so, for the record. [default: the user of this machine]
    json
        Print one JSON object.
    """
    async with options.open() as d:
        approval = await d.approve(id, by=by or who())
        if not json:
            mark(f"{approval.operation} approved by {approval.answered_by}")
        result = await d.resume(approval.answer_id or approval.call_id)
    return show_resumed(result, json=json)


@app.command
async def deny(
    id: str,  # noqa: A002
    *,
    reason: str = "",
    by: str | None = None,
    json: Json = False,
    options: Options = Options(),
) -> int:
    """Say no; nothing is sent, and the model is told so and the reason.

    Parameters
    ----------
    id
        The id of the approval.
    reason
        Why; the model is told.
    by
        Who says so, for the record. [default: the user of this machine]
    json
        Print one JSON object.
    """
    async with options.open() as d:
        approval = await d.deny(id, by=by or who(), reason=reason)
        if not json:
            mark(f"{approval.operation} denied by {approval.answered_by}. Nothing was sent.")
        if approval.answer_id is None:
            if json:
                print_json(as_json(approval))
            return 0
        result = await d.resume(approval.answer_id)
    code = show_resumed(result, json=json)
    return 0 if code != FAILED else code


def as_json(approval: Approval) -> dict[str, object]:
    """Return an approval as the object that `--json` prints; its keys are stable."""
    return {
        "id": approval.id,
        "state": approval.state.value,
        "operation": approval.operation,
        "effect": approval.effect,
        "asked_by": approval.asked_by,
        "user": approval.user,
        "asked": approval.asked.isoformat(),
        "expires": approval.expires.isoformat(),
        "answered_by": approval.answered_by,
        "reason": approval.reason,
        "call": approval.call_id,
        "answer": approval.answer_id,
        "shown": approval.shown,
    }
