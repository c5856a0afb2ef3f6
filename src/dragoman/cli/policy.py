"""`dragoman policy`: who may do what, and which line of the file says so."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dragoman.access.policy import Verdict
from dragoman.app.dragoman import Dragoman
from dragoman.call.fill import fill
from dragoman.cli.arguments import read_typed
from dragoman.cli.command import REFUSED, Options, verb
from dragoman.cli.terminal import mark, note, print_json, table, warn
from dragoman.clock import Deadline
from dragoman.errors import DragomanError, UnsupportedError
from dragoman.identifiers import new_id
from dragoman.operation import OWNER, Call, Operation

app = verb("policy", "Who may do what, and which line of the file decides.")

__all__ = ["app"]

_SHOWN = 200


@app.default
async def policy(
    caller: str | None = None,
    operation: str | None = None,
    *arguments: str,
    user: str | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Show callers and operations (allow, approve, deny), or what decides one call.

    Parameters
    ----------
    caller
        A caller of the file, or owner; without it all of them.
    operation
        The operation that it would call: shop.refundOrder
    arguments
        What it would be called with: order_id=1042
    user
        The end user for whom.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        if caller is not None and operation is not None:
            return await _explain(d, caller, operation, arguments, user, json=json)
        callers = [caller] if caller else [OWNER, *d.parts.policy.callers]
        found = {
            name: {
                one.id: d.parts.policy.verdict(d.parts.policy.caller(name), one)
                for one in d.parts.catalog.operations.values()
            }
            for name in callers
        }
        paused = await d.parts.pauses.in_force()
    if json:
        rows = {
            name: {id_: {"verdict": v.word, "rule": v.rule} for id_, v in one.items()}
            for name, one in found.items()
        }
        print_json({"callers": rows, "paused": [pause.subject for pause in paused]})
        return 0
    _show(found)
    for pause in paused:
        warn(f"{pause.subject} is paused: dragoman unpause {pause.again}")
    return 0


def _show(found: dict[str, dict[str, Verdict]]) -> None:
    names = list(next(iter(found.values())))
    if len(found) == 1:
        ((_, verdicts),) = found.items()
        rows = [(name, v.word, v.rule) for name, v in list(verdicts.items())[:_SHOWN]]
        print(table(("operation", "verdict", "decided by"), rows))
    else:
        cells = [(name, *(one[name].word for one in found.values())) for name in names[:_SHOWN]]
        print(table(("operation", *found), cells))
    if len(names) > _SHOWN:
        note(f"… and {len(names) - _SHOWN:,} more operations: --json lists all")


async def _explain(
    d: Dragoman,
    caller: str,
    operation_id: str,
    words: tuple[str, ...],
    user: str | None,
    *,
    json: bool,
) -> int:
    operation = d.parts.operation(operation_id)
    verdict = await _verdict(d, caller, operation, words, user)
    owner = d.parts.policy.rules(operation).owner
    if json:
        print_json({"verdict": verdict.word, "why": verdict.why, "rule": verdict.rule})
    else:
        line = f"{caller} · {operation.id}: {verdict.word}. {verdict.why}".rstrip()
        (warn if verdict.word == "deny" else mark)(line)
        if verdict.rule:
            note(f"rule: {verdict.rule}")
        if verdict.word != "deny" and owner is not None:
            rule = d.parts.policy.rules(operation).rule_of.get("owner", "")
            note(f"and its owner rule judges what is found: {owner.where} ({rule})")
    return REFUSED if verdict.word == "deny" else 0


async def _verdict(
    d: Dragoman, caller: str, operation: Operation, words: tuple[str, ...], user: str | None
) -> Verdict:
    """Ask the stages that decide, as the call path asks them; nothing is sent."""
    known = d.parts.policy.caller(caller)
    typed = read_typed(words, None, operation.contract.input_schema)
    call = Call(
        id=new_id(),
        operation=operation.id,
        arguments=typed,
        deadline=Deadline.after(10, d.parts.clock),
        scope="policy",
        caller=caller,
        user=user,
        door="cli",
    )
    try:
        d.parts.path.identify(call)
        await d.parts.pauses.check(caller, operation)
        d.parts.policy.authorize(known, operation)
        if unsupported := operation.contract.unsupported:
            raise UnsupportedError(f"{operation.id} cannot be called: {unsupported}")
        if words or user is not None:
            call = fill(call, operation, d.parts.policy.rules(operation))
    except DragomanError as error:
        return Verdict("deny", error.detail, error.rule)
    is_one = bool(words) or user is not None
    return d.parts.policy.verdict(known, operation, call if is_one else None)
