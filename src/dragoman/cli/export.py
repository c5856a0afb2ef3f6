"""`dragoman export`: what others take of a toolset; `export actions` is for ChatGPT's GPTs."""

from __future__ import annotations

import json as standard_json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from dragoman.cli.command import FAILED, Options, verb
from dragoman.cli.diff import waiting
from dragoman.cli.terminal import complain, mark, neutral, note, pretty, print_json, warn
from dragoman.config import yaml12
from dragoman.errors import ConfigurationError
from dragoman.tools.actions.difference import Change, compare
from dragoman.tools.actions.export import Export, Selection
from dragoman.tools.actions.export import export as export_of
from dragoman.tools.actions.guide import Guide

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("export", "Documents that others take of a toolset.")

__all__ = ["app"]

_SHOWN = 10
_NAMED = 3
_MAX_READ = 8_000_000
_MAX_DOCUMENTS = 200


@app.command
async def actions(
    toolset: str,
    *,
    server: str | None = None,
    direct: Annotated[bool, Parameter(name="--direct", negative="")] = False,
    check: Path | None = None,
    out: Path | None = None,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Write the OpenAPI document that the GPT editor takes, and say what to paste beside it.

    Parameters
    ----------
    toolset
        The toolset of the file.
    server
        The public https address at which Dragoman serves it.
    direct
        Instead, let ChatGPT call the API itself, at its own address and with its own credential.
    check
        Only compare with what was published in this file; exit 1 where it differs.
    out
        Write to this file; several documents get numbers: FILE, FILE-2, FILE-3.
    json
        Print one JSON object: documents, guide, what is left out, and what each action loses.
    """
    if (server is None) is not direct:
        raise ConfigurationError(
            "Where will ChatGPT call? Add --server https://api.example.com for Dragoman's own "
            "address, or --direct for that of the API."
        )
    made = await _made(toolset, server, options)
    if made is None:
        return FAILED
    return _compared(made, check, json=json) if check else _published(made, toolset, out, json=json)


async def _made(toolset: str, server: str | None, options: Options) -> Export | None:
    """Return the export; None where an API of it cannot be read, after complaining."""
    async with options.open() as d:
        away = _away(d, toolset)
        for line in away:
            complain(line)
        if withheld := d.parts.catalog.withheld:
            warn(waiting(withheld))
        return None if away else export_of(_selection(d, toolset), server)


def _published(made: Export, toolset: str, out: Path | None, *, json: bool) -> int:
    """Write what passes the checks, and say what to paste; nothing is written where one fails."""
    faults = [str(finding) for finding in made.findings]
    if not made.documents:
        faults.append(f"no operation of {toolset} can be an action")
    for fault in faults:
        complain(fault)
    if not faults:
        _write(made, out, json=json)
    if json:
        print_json(made.as_json())
    else:
        _tell(made, with_guide=not faults)
    return FAILED if faults else 0


def _away(d: Dragoman, toolset: str) -> list[str]:
    """Return a complaint for each API of the toolset that cannot be read now."""
    known = d.configuration.settings.toolsets.get(toolset)
    apis = {glob.partition(".")[0] for glob in known.tools} if known else set()
    return [
        f"{name}: {fault} Without it the export would miss operations."
        for name, fault in d.parts.unavailable.items()
        if name in apis or any("*" in api for api in apis)
    ]


def _selection(d: Dragoman, toolset: str) -> Selection:
    policy = d.parts.policy
    operations = d.offer.operations(toolset, "owner")
    return Selection(
        toolset=toolset,
        operations=operations,
        apis=d.configuration.settings.apis,
        descriptions=d.parts.descriptions,
        fill=lambda operation: policy.rules(operation).fill,
        instructions=d.offer.instructions(toolset),
        callers=[
            name
            for name, caller in policy.callers.items()
            if all(policy.may(caller, operation) for operation in operations)
        ],
    )


def _write(made: Export, out: Path | None, *, json: bool) -> None:
    """Write the documents; raises `ConfigurationError` where they cannot be written."""
    if out is None and len(made.documents) > 1 and not json:
        raise ConfigurationError(
            f"{len(made.documents)} documents do not go into one output: add --out FILE.json, "
            "or choose fewer operations in the toolset."
        )
    if out is None:
        if not json:
            print(pretty(made.documents[0].document))
        return
    for number, one in enumerate(made.documents, 1):
        path = _numbered(out, number)
        try:
            path.write_text(f"{pretty(one.document)}\n", "utf-8")
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None
        count = len(one.actions)
        if not json:
            mark(f"{path}: {count} operation{'' if count == 1 else 's'}")


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _compared(made: Export, path: Path, *, json: bool) -> int:
    """Say how what was published differs from what would be now; 1 where it does."""
    paths = [path]
    paths += [
        one for number in range(2, _MAX_DOCUMENTS) if (one := _numbered(path, number)).is_file()
    ]
    published = [_read(one) for one in paths]
    now = [standard_json.loads(pretty(one.document)) for one in made.documents]
    try:
        changes = compare(published, now)
    except RecursionError:
        raise ConfigurationError(f"{path} is nested too deeply to compare.") from None
    if json:
        print_json({"changes": [change.as_json() for change in changes]})
    elif changes:
        _tell_changes(changes, path)
    else:
        mark(f"{path} is what would be exported now")
    return FAILED if changes else 0


def _tell_changes(changes: list[Change], path: Path) -> None:
    for change in changes:
        (complain if change.breaks else warn)(str(change))
    breaks = any(change.breaks for change in changes)
    told = "a GPT that has it fails there" if breaks else "a GPT that has it goes on working"
    note(f"{path} is not what would be exported now: {told}. Export it again, and paste it.")


def _read(path: Path) -> dict[str, Any]:
    """Return a document that was published, in JSON or YAML."""
    try:
        data = path.read_bytes()
        if len(data) > _MAX_READ:
            raise ConfigurationError(f"{path} is larger than {_MAX_READ:,} bytes.")
        text = data.decode("utf-8-sig")
        is_json = text.lstrip().startswith("{")
        value = standard_json.loads(text) if is_json else yaml12.parse(text, str(path))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no document: {str(error)[:200]}.") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path} is no document: it is no object.")
    return value


def _tell(made: Export, *, with_guide: bool) -> None:
    """Say on stderr what to paste and where, and what was left out."""
    if with_guide:
        _tell_guide(made.guide)
    if made.losses:
        count = len(made.losses)
        what = "operation is" if count == 1 else "operations are"
        _say(f"· {count} {what} not told whole, and accepted whole: --json lists what is lost")
    for why, count in Counter(made.left_out.values()).most_common(_SHOWN):
        named = [operation for operation, one in made.left_out.items() if one == why][:_NAMED]
        more = f" and {count - len(named):,} more (--json names all)" if count > len(named) else ""
        warn(f"left out: {', '.join(named)}{more}: {why}")
    for text in made.guide.notes if with_guide else ():
        warn(text)


def _tell_guide(guide: Guide) -> None:
    _say("\nFor the GPT editor\n")
    _say(f"Name: {guide.name}")
    _say("Conversation starters:")
    for starter in guide.starters:
        _say(f"  {starter}")
    for server, fields in guide.auth.items():
        _say(f"Authentication for {server}:")
        for name, value in fields:
            _say(f"  {name}: {value}")
    _say("Instructions:\n")
    _say(f"{guide.instructions}\n")
    _say("Where to click:")
    for number, step in enumerate(guide.steps, 1):
        _say(f"  {number}. {step}")
    _say("")


def _say(text: str) -> None:
    print(neutral(text), file=sys.stderr)
