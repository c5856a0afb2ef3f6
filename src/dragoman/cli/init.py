"""`dragoman init`: a configuration from a description, written once and never over another."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.apis.description import Description
from dragoman.cli.command import FAILED, USAGE, verb
from dragoman.cli.describe import describe
from dragoman.cli.draft import Draft, draft, effects
from dragoman.cli.terminal import complain, mark, note, table, warn
from dragoman.config.load import load
from dragoman.errors import ConfigurationError
from dragoman.nearest import did_you_mean

app = verb("init", "Write dragoman.yaml for an API.")

__all__ = ["app", "report"]

_MANY = 40


@app.default
async def init(
    source: str,
    *,
    name: str | None = None,
    tags: Annotated[str | None, Parameter(name="--tags")] = None,
    file: Annotated[Path, Parameter(name=["--file", "-f"])] = Path("dragoman.yaml"),
) -> int:
    """Write dragoman.yaml for an API, and say what was found in its description.

    Parameters
    ----------
    source
        The path or address of an OpenAPI document.
    name
        What to call the API. [default: the first word of its title]
    tags
        Only the operations with these tags: orders,stock
    file
        Where to write it.
    """
    if file.exists():
        complain(f"{file} exists: dragoman add {name or 'NAME'} {source}")
        return USAGE
    description, location = await describe(name, source, base=file.parent)
    wanted = tuple(filter(None, map(str.strip, (tags or "").split(","))))
    if fault := _unknown_tag(wanted, description):
        complain(fault)
        return USAGE
    drafted = draft(description.api, location, description, wanted)
    schema = file.with_name("dragoman.schema.json")
    text = _file(drafted, schema.name)
    from dragoman.config.schema import json_schema  # noqa: PLC0415 - only here

    try:
        with file.open("x", encoding="utf-8") as output:
            output.write(text)
        schema.write_text(json.dumps(json_schema(), indent=1) + "\n", "utf-8")
    except OSError as error:
        complain(f"{error.filename} cannot be written: {error.strerror}.")
        return FAILED
    try:
        load(file)
    except ConfigurationError:
        file.unlink()
        raise
    mark(f"{file}: {drafted.name}, {effects(description.operations.values())}")
    _show_size(description, wanted)
    report(description, drafted, tags_chosen=bool(wanted))
    return 0


def _unknown_tag(wanted: tuple[str, ...], description: Description) -> str:
    tags = {tag for operation in description.operations.values() for tag in operation.tags}
    known = f"Tags are: {', '.join(sorted(tags))}." if tags else "Its operations have no tags."
    for tag in wanted:
        if tag not in tags:
            near = did_you_mean(tag, sorted(tags), 1) or known
            return f"no operation has the tag '{tag}'. {near}"
    return ""


def _file(drafted: Draft, schema: str) -> str:
    with_key = bool(os.environ.get("OPENAI_API_KEY"))
    model = (
        "gpt-5.4-mini" if with_key else "offline   # no OPENAI_API_KEY is set: a planner, no LLM"
    )
    return "\n".join(
        [
            f"# yaml-language-server: $schema={schema}",
            "version: 1",
            f"model: {model}",
            "apis:",
            *drafted.lines,
            "",
        ]
    )


def report(description: Description, drafted: Draft, *, tags_chosen: bool) -> None:
    """Say what was found: what cannot be called, which variables to set, what to do next."""
    for finding in description.findings:
        note(f"  {finding}")
    if not description.servers:
        warn(f"the document names no server: write yours as base_url of {drafted.name}")
    unsupported = _unsupported(description)
    for operation, reason in list(unsupported.items())[:5]:
        warn(f"{operation} is not supported: {reason}")
    if len(unsupported) > 5:
        warn(f"and {len(unsupported) - 5} more: dragoman tools lists them")
    if len(description.operations) > _MANY and not tags_chosen:
        _show_tags(description)
    if drafted.variables:
        print(f"Set, in the shell or in .env: {', '.join(drafted.variables)}")
    print('Next: dragoman check, then dragoman ask "…"')


def _show_size(description: Description, tags: Sequence[str]) -> None:
    """Say what it would cost a model to be shown all of the tools."""
    from dragoman.tools.size import size_of  # noqa: PLC0415 - only here
    from dragoman.tools.tools import make_tools  # noqa: PLC0415 - only here

    chosen = [
        one for one in description.operations.values() if not tags or set(tags) & set(one.tags)
    ]
    tools = make_tools(chosen).tools
    size = size_of(tools)
    estimate = " (~ is an estimate)" if size.estimated else ""
    note(f"  as tools for a model: {len(tools):,}, {size}{estimate}")


def _unsupported(description: Description) -> dict[str, str]:
    """Return why operations cannot be called, but for the server that the owner is to write."""
    reasons = {one.id: one.contract.unsupported for one in description.operations.values()}
    if not description.servers:
        reasons = {id_: why for id_, why in reasons.items() if "set base_url" not in why}
    return {id_: why for id_, why in reasons.items() if why}


def _show_tags(description: Description) -> None:
    counts = Counter(
        tag for operation in description.operations.values() for tag in operation.tags or ("—",)
    )
    print(table(("tag", "operations"), counts.most_common(20)))
    note("Many operations cost tokens and choice. Fewer: dragoman init SOURCE --tags a,b")
