"""`dragoman call`: one operation, through the same path as any model's call."""

from __future__ import annotations

import asyncio
import base64
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from dragoman.cli.approval import ask_person
from dragoman.cli.arguments import describe_type, read_typed
from dragoman.cli.command import Options, exit_code_of_problem, verb
from dragoman.cli.person import who
from dragoman.cli.terminal import (
    can_ask,
    complain,
    duration,
    neutral,
    note,
    pretty,
    print_json,
    progress,
    size,
    table,
    until_then,
    warn,
)
from dragoman.exact_json import encode
from dragoman.operation import JsonValue, Operation, Outcome, Status

if TYPE_CHECKING:
    from dragoman.app import Dragoman
    from dragoman.errors import Problem

__all__ = ["app", "as_json", "call_line", "problem_line", "settle", "show_outcome"]

app = verb("call", "Call one operation: dragoman call shop.getOrder order_id=1042")
app.help_flags = []

_USAGE = """\
Usage: dragoman call API.OPERATION [key=value …] [--data JSON|@FILE|-] [--user ID] [--dry-run]
         [--yes] [--idempotency-key KEY] [--caller NAME] [-v] [--curl] [--json] [-f FILE]
         [-o FILE]

  key=value   typed by the schema      key:=json   as it is      key=@file   a file's text
  -o FILE     writes what was answered into a file: a PDF or an image as its bytes

  dragoman call shop. --help            lists the operations of an API
  dragoman call shop.getOrder --help    tells the arguments of one"""


@app.default
async def call(
    operation: str = "",
    *arguments: str,
    data: Annotated[
        str | None,
        Parameter(name="--data", allow_leading_hyphen=True),  # `-` is standard input
    ] = None,
    user: str | None = None,
    caller: str = "owner",
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(name="--yes", negative="")] = False,
    idempotency_key: str | None = None,
    curl: Annotated[bool, Parameter(name="--curl", negative="")] = False,
    verbose: Annotated[bool, Parameter(name=["-v", "--verbose"], negative="")] = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    output: Annotated[Path | None, Parameter(name=["-o", "--output"])] = None,
    explain: Annotated[bool, Parameter(name=["-h", "--help"], negative="")] = False,
    options: Options = Options(),
) -> int:
    """Call one operation and print what it answered."""
    if not operation or operation == ".":
        print(_USAGE)
        return 0 if explain else 2
    async with options.open() as d:
        if explain or operation.endswith("."):
            return _explain(d, operation)
        schema = d.parts.operation(operation).contract.input_schema
        typed = read_typed(arguments, data, schema)
        outcome = await d.call(
            operation,
            typed,
            user=user,
            caller=caller,
            dry_run=dry_run or curl,
            idempotency_key=idempotency_key,
            door="cli",
        )
        if outcome.status is Status.PENDING and outcome.approval and not json:
            outcome = await settle(d, outcome, yes=yes)
        elif outcome.status is Status.PENDING and outcome.approval and yes:
            await d.approve(outcome.approval, by=who())
            outcome = cast("Outcome", await d.resume(outcome.id))
        if output is not None and outcome.ok:
            return await _write(d, outcome, output, user, caller)
        if curl:
            print(_curl(d, outcome))
        elif json:
            print_json(as_json(outcome))
        else:
            show_outcome(outcome, verbose=verbose)
    return exit_code_of_problem(outcome.status, outcome.problem)


async def settle(d: Dragoman, outcome: Outcome, *, yes: bool) -> Outcome:
    """Get the yes for this one call where there is somebody to give it."""
    approval = await d.parts.approvals.get(cast("str", outcome.approval))
    if not yes and (approval.may_answer or not can_ask()):
        return outcome
    said = True if yes else await ask_person(d, approval)
    if said:
        changed = None if said is True else said
        await d.approve(approval.id, by=who(), arguments=changed)
    else:
        await d.deny(approval.id, by=who())
    return cast("Outcome", await d.resume(outcome.id))


async def _write(d: Dragoman, outcome: Outcome, path: Path, user: str | None, caller: str) -> int:
    """Write a file that was answered as its bytes, text as it is, and a value as JSON."""
    from dragoman.call.shape import NOT_KEPT  # noqa: PLC0415 - only here

    data = outcome.data
    if NOT_KEPT in outcome.note:
        complain(f"{NOT_KEPT} Nothing was written.")
        return 1
    if _is_file(outcome):
        content = await d.read_file(outcome.handle, user=user, caller=caller)
    elif isinstance(data, Mapping) and data.keys() == {"media_type", "bytes", "base64"}:
        content = base64.b64decode(str(data["base64"]))
    else:
        content = data.encode() if isinstance(data, str) else f"{pretty(data)}\n".encode()
    try:
        await asyncio.to_thread(path.write_bytes, content)
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror}")
        return 2
    progress(f"{size(len(content))} are in {path}")
    return 0


def _is_file(outcome: Outcome) -> bool:
    data = outcome.data
    is_reference = isinstance(data, Mapping) and data.get("file") == outcome.handle
    return is_reference and bool(outcome.handle)


def show_outcome(outcome: Outcome, *, verbose: bool = False) -> None:
    """Print an outcome for a person."""
    if verbose:
        _show_exchange(outcome)
    if outcome.status in {Status.OK, Status.PREVIEWED}:
        if outcome.note:
            note(outcome.note)
        if _is_file(outcome):
            note("It is a file: -o FILE writes it.")
        print(neutral(outcome.data) if isinstance(outcome.data, str) else pretty(outcome.data))
        return
    if outcome.status is Status.PENDING:
        warn(
            f"{'waiting' if can_ask() else 'no terminal to ask on: waiting'} as "
            f"{outcome.approval}. dragoman approvals approve {outcome.approval}"
        )
        return
    if outcome.problem is None:
        warn(outcome.note)
        return
    complain(problem_line(outcome.problem))
    if outcome.note:
        warn(outcome.note)


def problem_line(problem: Problem) -> str:
    """Return a problem as one line: what, what would work, and the rule that decided."""
    parts = [problem.detail]
    if problem.hint:
        parts.append(problem.hint)
    if problem.retry_after is not None:
        parts.append(f"Try again in {until_then(problem.retry_after)}.")
    if problem.rule:
        parts.append(f"rule: {problem.rule}")
    return " ".join(parts)


def as_json(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as the object that `--json` prints; its keys are stable."""
    return {
        "id": outcome.id,
        "operation": outcome.operation,
        "status": outcome.status.value,
        "data": outcome.data,
        "note": outcome.note,
        "total": outcome.total,
        "handle": outcome.handle or None,
        "problem": outcome.problem.as_json() if outcome.problem else None,
        "approval": outcome.approval,
    }


def call_line(outcome: Outcome, arguments: Mapping[str, JsonValue], seconds: float) -> str:
    """Return a call in one line: what, with what, how it ended, how long, how much."""
    typed = " ".join(f"{name}={_short(value)}" for name, value in arguments.items())
    parts = [f"{outcome.operation} {typed}".strip(), outcome.status.value, duration(seconds)]
    if outcome.data is not None:
        parts.append(size(len(encode(outcome.data))))
    return "  · " + " · ".join(parts)


def _short(value: JsonValue) -> str:
    text = value if isinstance(value, str) else encode(value).decode()
    text = text if len(text) <= 40 else text[:39] + "…"
    return shlex.quote(text) if " " in text else text


def _show_exchange(outcome: Outcome) -> None:
    prepared = outcome.prepared
    if prepared is None:
        return
    note(f"> {prepared.method} {prepared.target}")
    for name, value in prepared.headers:
        note(f"> {name}: {value}")
    credential = outcome.record.get("credential")
    if credential:
        note(f"> credential: {credential}")
    if prepared.body is not None:
        note(f"> {prepared.body.decode('utf-8', 'replace')}")
    if outcome.record.get("http_status"):
        note(f"< {outcome.record['http_status']}  {outcome.record.get('bytes_received')} bytes")


def _curl(d: Dragoman, outcome: Outcome) -> str:
    """Return the same request for curl; secrets stand in it by their names."""
    prepared = outcome.prepared
    if prepared is None:
        return ""
    words = ["curl", "-X", prepared.method, prepared.target]
    for name, value in prepared.headers:
        words += ["-H", f"{name}: {value}"]
    label = d.parts.routes[prepared.api].accounts[prepared.account].label(prepared.security)
    if prepared.body is not None:
        words += ["--data-binary", prepared.body.decode("utf-8", "replace")]
    line = " ".join(shlex.quote(word) for word in words)
    return f"{line}   # credential: {label}" if label else line


def _explain(d: Dragoman, name: str) -> int:
    if name.endswith("."):
        rows = [
            (o.id, o.effect.value, o.summary or o.route)
            for o in d.parts.catalog.operations.values()
            if o.api == name[:-1]
        ]
        if not rows:
            known = ", ".join(d.parts.descriptions)
            complain(f"there is no API '{name[:-1]}'. The file has: {known}")
            return 2
        print(table(("operation", "effect", ""), rows))
        return 0
    _explain_operation(d.parts.operation(name))
    return 0


def _explain_operation(operation: Operation) -> None:
    print(neutral(f"{operation.id}   {operation.effect.value}   {operation.route}"))
    if operation.summary:
        print(neutral(operation.summary))
    if operation.contract.unsupported:
        warn(f"cannot be called: {operation.contract.unsupported}")
    schema = operation.contract.input_schema
    properties = cast("Mapping[str, JsonValue]", schema.get("properties", {}))
    required = cast("Sequence[str]", schema.get("required", ()))
    rows = [
        (
            f"  {name}",
            "required" if name in required else "",
            describe_type(one, schema),
            _about(one),
        )
        for name, one in properties.items()
    ]
    print(table(("", "", "", ""), rows) if rows else "  (no arguments)")


def _about(schema: JsonValue) -> str:
    text = schema.get("description", "") if isinstance(schema, Mapping) else ""
    return str(text).split("\n", 1)[0][:100]
