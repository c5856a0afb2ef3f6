"""`dragoman add`: one more API in dragoman.yaml; what stands there stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import USAGE, verb
from dragoman.cli.curl import CurlCall, read_curl
from dragoman.cli.describe import describe
from dragoman.cli.draft import Draft, draft, effects
from dragoman.cli.init import report
from dragoman.cli.terminal import complain, mark
from dragoman.config.load import load
from dragoman.errors import ConfigurationError
from dragoman.operation import JsonValue

app = verb("add", "Add an API to dragoman.yaml, or one call from a curl command.")

__all__ = ["app", "insert"]


@app.default
async def add(
    name: str,
    source: str | None = None,
    *,
    curl: str | None = None,
    file: Annotated[Path, Parameter(name=["--file", "-f"])] = Path("dragoman.yaml"),
) -> int:
    """Add an API to dragoman.yaml, or one call from a curl command.

    Parameters
    ----------
    name
        What to call the API.
    source
        The path or address of an OpenAPI document.
    curl
        A curl command, quoted whole: its secrets are not written, only where they go.
    file
        The configuration to add to.
    """
    if (source is None) == (curl is None):
        complain("name either a description or a curl command: dragoman add crm http://…")
        return USAGE
    known = load(file).settings.apis
    if name in known:
        complain(f"{file} has an API '{name}' already. Take another name, or edit it there.")
        return USAGE
    if curl is not None:
        drafted = _draft_of_curl(name, read_curl(curl))
        _write(file, drafted)
        mark(f"{file}: {name}, one call written by hand. Give it a description, and name the types")
        if drafted.variables:
            print(f"Set, in the shell or in .env: {', '.join(drafted.variables)}")
        return 0
    description, location = await describe(name, str(source), base=file.parent)
    drafted = draft(name, location, description)
    _write(file, drafted)
    mark(f"{file}: {name}, {effects(description.operations.values())}")
    report(description, drafted, tags_chosen=False)
    return 0


def _write(file: Path, drafted: Draft) -> None:
    """Write the file with the new block, after reading back that it still loads."""
    before = file.read_text("utf-8")
    file.write_text(insert(before, drafted), "utf-8")
    try:
        load(file)
    except ConfigurationError:
        file.write_text(before, "utf-8")
        raise


def insert(text: str, drafted: Draft) -> str:
    """Return the file's text with a block at the end of its `apis:`; every other line stays."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"apis:\s*(#.*)?$", line)]
    if not starts:
        if any(re.match(r"apis:", line) for line in lines):
            raise ConfigurationError("apis: is written on one line; give each API its own lines.")
        return "\n".join([*lines, "apis:", *drafted.lines, ""])
    end = starts[0] + 1
    last = end
    while end < len(lines) and not re.match(r"\S", lines[end].split("#")[0]):
        end += 1
        if lines[end - 1].strip():
            last = end
    return "\n".join([*lines[:last], *drafted.lines, *lines[last:], ""])


def _draft_of_curl(name: str, call: CurlCall) -> Draft:
    prefix = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    auth: list[str] = []
    variables: list[str] = []
    if call.bearer:
        variables.append(f"{prefix}_TOKEN")
        auth.append(f'bearer: "${{{prefix}_TOKEN}}"')
    if call.basic:
        variables += [f"{prefix}_USERNAME", f"{prefix}_PASSWORD"]
        auth.append(
            f'basic: {{username: "${{{prefix}_USERNAME}}", password: "${{{prefix}_PASSWORD}}"}}'
        )
    for header in call.secret_headers:
        variable = f"{prefix}_{re.sub(r'[^A-Z0-9]+', '_', header.upper()).strip('_')}"
        variables.append(variable)
        auth.append(f'header: {{{header}: "${{{variable}}}"}}')
    path, parameters = _template(call.path)
    lines = [f"  {name}:", f"    http: {call.origin}"]
    if auth:
        lines.append(f"    auth: {{{', '.join(auth)}}}")
    lines += ["    operations:", f"      {_operation_name(call)}:"]
    lines.append(f'        {call.method.lower()}: "{path}"')
    lines += _shorthand("path", parameters)
    lines += _shorthand("query", dict.fromkeys(call.query, "string?"))
    lines += _shorthand("header", dict.fromkeys(call.headers, "string?"))
    lines += _shorthand("body", {key: _type(value) for key, value in call.body.items()})
    lines.append(f"        description: {call.method} {path}")
    return Draft(name, tuple(lines), tuple(variables))


def _template(path: str) -> tuple[str, dict[str, str]]:
    """Turn parts of a path that are ids (digits, UUIDs) into parameters."""
    parameters: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        name = "id" if "id" not in parameters else f"id{len(parameters) + 1}"
        parameters[name] = "integer" if match[1].isdigit() else "string"
        return f"/{{{name}}}"

    return re.sub(r"/(\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})(?=/|$)", replace, path), parameters


def _operation_name(call: CurlCall) -> str:
    words = [w for w in re.split(r"[^A-Za-z]+", re.sub(r"/\d+", "", call.path)) if w]
    return "".join([call.method.lower(), *(word.capitalize() for word in words[-2:])])


def _shorthand(place: str, parameters: dict[str, str]) -> list[str]:
    if not parameters:
        return []
    written = ", ".join(f'{key}: "{kind}"' for key, kind in parameters.items())
    return [f"        {place}: {{{written}}}"]


def _type(value: JsonValue) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str() | None:
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"
