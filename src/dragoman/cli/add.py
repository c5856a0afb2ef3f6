"""`dragoman add`: one more API in dragoman.yaml; what stands there stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import USAGE, verb
from dragoman.cli.curl import CurlCall, read_curl
from dragoman.cli.describe import describe
from dragoman.cli.draft import Draft, as_key, as_yaml, draft, effects
from dragoman.cli.init import report
from dragoman.cli.terminal import complain, mark
from dragoman.config.load import load
from dragoman.errors import ConfigurationError
from dragoman.operation import JsonValue

app = verb("add", "Add an API to dragoman.yaml, or one call from a curl command.")

__all__ = ["app", "insert"]

_VARIABLE_PART = re.compile(
    r"/(\{[^{}/]+\}|\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}"
    r"|(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w.:~-]{16,}"
    r"|(?!\d{4}-\d\d)(?=(?:[^/\d]*\d){3})[\w.:~-]{5,})(?=/|$)"
)


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
    # As bytes: reading text would change how its lines end.
    before = file.read_bytes()
    file.write_bytes(insert(before.decode("utf-8"), drafted).encode("utf-8"))
    try:
        load(file)
    except ConfigurationError:
        file.write_bytes(before)
        raise


def insert(text: str, drafted: Draft) -> str:
    """Return the file's text with a block at the end of its `apis:`; every other line stays.

    The block is indented as the APIs that are there, and its lines end as theirs do.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    starts = [i for i, line in enumerate(lines) if re.match(r"apis:\s*(#.*)?$", line)]
    if not starts:
        if any(re.match(r"apis:", line) for line in lines):
            raise ConfigurationError("apis: is written on one line; give each API its own lines.")
        return _joined([*lines, "apis:", *drafted.lines], ending)
    start = starts[0] + 1
    end = next((i for i in range(start, len(lines)) if re.match(r"[^\s#]", lines[i])), len(lines))
    # A comment at the margin belongs to what follows it.
    inside = [i for i in range(start, end) if re.match(r"\s+\S", lines[i])]
    last = inside[-1] + 1 if inside else start
    first = next((line for line in lines[start:end] if re.match(r" +[^\s#]", line)), "  x")
    margin = " " * (len(first) - len(first.lstrip()) - 2)
    block = [f"{margin}{line}" for line in drafted.lines]
    return _joined([*lines[:last], *block, *lines[last:]], ending)


def _joined(lines: list[str], ending: str) -> str:
    return "".join(f"{line.removesuffix(chr(13))}{ending}" for line in lines)


def _draft_of_curl(name: str, call: CurlCall) -> Draft:
    prefix = _capitals(name)
    auth, variables = _auth_of_curl(prefix, call)
    path, parameters = _template(call.path)
    query = {key: "string?" if len(many) == 1 else "[string]?" for key, many in call.query.items()}
    lines = [f"  {as_key(name)}:", f"    http: {as_yaml(call.origin)}"]
    if auth:
        lines.append(f"    auth: {{{', '.join(auth)}}}")
    lines += ["    operations:", f"      {_operation_name(call)}:"]
    lines.append(f"        {call.method.lower()}: {as_yaml(path)}")
    lines += _shorthand("path", parameters)
    lines += _shorthand("query", query)
    lines += _shorthand("header", dict.fromkeys(call.headers, "string?"))
    lines += _shorthand("body", {key: _type(value) for key, value in call.body.items()})
    lines.append(f"        description: {as_yaml(f'{call.method} {path}')}")
    return Draft(name, tuple(lines), tuple(variables))


def _auth_of_curl(prefix: str, call: CurlCall) -> tuple[list[str], list[str]]:
    """Return the entries of `auth:`, and the variables in them."""
    auth: list[str] = []
    variables: list[str] = []
    if call.bearer:
        variables.append(f"{prefix}_TOKEN")
        auth.append(f'bearer: "${{{prefix}_TOKEN}}"')
    if call.basic:
        user, password = f"{prefix}_USERNAME", f"{prefix}_PASSWORD"
        variables += [user, password]
        auth.append(f'basic: {{username: "${{{user}}}", password: "${{{password}}}"}}')
    for place, names in call.secrets.items():
        named = {name: f"{prefix}_{_capitals(name)}" for name in names}
        variables += named.values()
        entries = (f'{as_key(name)}: "${{{variable}}}"' for name, variable in named.items())
        auth.append(f"{place}: {{{', '.join(entries)}}}")
    return auth, variables


def _capitals(name: str) -> str:
    """Return a name as a variable of the environment is written."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def _template(path: str) -> tuple[str, dict[str, str]]:
    """Turn parts of a path into parameters: `{id}` of docs, digits, UUIDs, and what may be secret.

    A long part of letters and digits may be an id or a key; neither is to stand in the file.
    """
    parameters: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        part = match[1]
        name = re.sub(r"\W+", "_", part[1:-1]) if part.startswith("{") else "id"
        if name in parameters:
            name = f"{name}{len(parameters) + 1}"
        parameters[name] = "integer" if part.isdecimal() else "string"
        return f"/{{{name}}}"

    return _VARIABLE_PART.sub(replace, path), parameters


def _operation_name(call: CurlCall) -> str:
    path, _ = _template(call.path)
    words = [w for w in re.split(r"[^A-Za-z]+", re.sub(r"\{[^}]*\}", "", path)) if w]
    return "".join([call.method.lower(), *(word[:40].capitalize() for word in words[-2:])])


def _shorthand(place: str, parameters: dict[str, str]) -> list[str]:
    if not parameters:
        return []
    written = ", ".join(f'{as_key(key)}: "{kind}"' for key, kind in parameters.items())
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
