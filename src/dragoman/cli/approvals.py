"""`dragoman approvals`: what waits for a yes, and answering it."""

from __future__ import annotations

from typing import Annotated, cast

from cyclopts import App, Parameter

from dragoman.audit.approval import Approval, ApprovalState, changes
from dragoman.cli.approval import headline, typed_changes
from dragoman.cli.command import FAILED, Options, UsageError, verb
from dragoman.cli.person import who
from dragoman.cli.resume import show_resumed
from dragoman.cli.terminal import mark, note, one_line, print_json, print_members, table, warn
from dragoman.operation import JsonObject

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
    if approval.edits:
        before = cast("JsonObject", approval.edits["arguments"])
        after = cast("JsonObject", approval.call.get("arguments", {}))
        print_members({f"changed by {approval.answered_by}": changes(before, after)})
    asked = f"asked {approval.asked:%Y-%m-%d %H:%M} UTC"
    ends = f"expires {approval.expires:%Y-%m-%d %H:%M} UTC"
    if approval.answered is not None:
        reason = f": {approval.reason}" if approval.reason else ""
        ends = f"answered by {approval.answered_by} {approval.answered:%Y-%m-%d %H:%M} UTC{reason}"
    note(one_line(f"{approval.state.value}, {asked}, {ends}"))
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
async def edit(
    id: str,  # noqa: A002
    *changed: str,
    by: str | None = None,
    json: Json = False,
    options: Options = Options(),
) -> int:
    """Say yes with changes: carry out the call with these arguments in place of its own.

    Parameters
    ----------
    id
        The id of the approval.
    changed
        The arguments that are changed: amount=20, typed by the schema; key:=null takes one away.
    by
        Who says so, for the record. [default: the user of this machine]
    json
        Print one JSON object.
    """
    if not changed:
        raise UsageError(
            f"Say what is changed, such as amount=20. As it is: dragoman approvals approve {id}"
        )
    async with options.open() as d:
        asked = await d.parts.approvals.get(id)
        arguments = typed_changes(d, asked, changed)
        approval = await d.approve(id, by=by or who(), arguments=arguments)
        if not json:
            mark(f"{approval.operation} approved with changes by {approval.answered_by}")
        result = await d.resume(approval.answer_id or approval.call_id)
    return show_resumed(result, json=json)


@app.command
async def link(
    id: str,  # noqa: A002
    *,
    name: Annotated[str, Parameter(name="--as")],
    options: Options = Options(),
) -> int:
    """Print a link by which one person answers, once. Whoever has it may: give it to nobody else.

    Parameters
    ----------
    id
        The id of the approval.
    name
        In whose name it answers.
    """
    async with options.open() as d:
        links = d.parts.links
        print(links.address(await links.make(await d.parts.approvals.get(id), name)))
        if not links.public_url:
            warn("public_url is not set, so this is only the token of a link")
    return 0


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
        "edits": approval.edits,
        "call": approval.call_id,
        "answer": approval.answer_id,
        "shown": approval.shown,
    }
