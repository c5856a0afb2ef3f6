"""GPT Actions documents of real descriptions: whether they pass, and whether arguments survive.

For each description every operation that can be called becomes an action, in as many documents
as it takes. Each document is examined, and read again as any OpenAPI document. Arguments drawn
from the contract are written as ChatGPT would write them, must fit the published schema, and must
come back as they were.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs

from dragoman.apis.description import Description
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.lint.report import import_report
from dragoman.operation import Operation
from dragoman.tools.actions.checks import examine
from dragoman.tools.actions.document import Action, Published
from dragoman.tools.actions.export import Selection, export
from dragoman.tools.actions.form import read_texts
from dragoman.tools.actions.rules_of_schemas import pretty_size
from dragoman.tools.actions.writing import JsonText
from judge.arguments import drawn

__all__ = ["Judged", "has_null", "judged", "page", "written"]

_SERVER = "https://ai.example.com"
_PLACE = "https://api.example.com"


@dataclass
class Judged:
    """What came of one description; `refused` and `changed` are faults of ours."""

    document: str
    operations: int = 0
    actions: int = 0
    documents: int = 0
    largest: int = 0
    full: int = 0
    sets: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    direct: int = 0
    direct_left_out: Counter[str] = field(default_factory=Counter)

    @property
    def is_right(self) -> bool:
        """Whether nothing of ours is wrong."""
        return not (self.findings or self.refused or self.changed) and self.full == self.actions


def judged(path: Path, *, step: int = 1, sets: int = 6) -> Judged:
    """Judge one description, each `step`-th operation of it, with so many draws of arguments."""
    description = _read(path)
    operations = list(description.operations.values())[::step]
    selection = Selection(
        toolset="all",
        operations=operations,
        apis={"api": ApiSettings(openapi=path.name)},
        descriptions={"api": description},
        fill=lambda _: {},
    )
    made = export(selection, _SERVER)
    result = Judged(path.name, operations=len(operations), documents=len(made.documents))
    result.left_out.update(why.partition(":")[0][:80] for why in made.left_out.values())
    for published in made.documents:
        _judge_document(published, result)
        for action in published.actions:
            _judge_arguments(action, sets, result)
    direct = export(selection, None)
    result.findings.update(f"direct {finding.check.name}" for finding in direct.findings)
    result.direct = sum(len(one.actions) for one in direct.documents)
    result.direct_left_out.update(why.partition(":")[0][:60] for why in direct.left_out.values())
    return result


def _read(path: Path) -> Description:
    """Return a description; where it names no server, with one that stands in."""
    source = parsed(path.read_bytes(), path.name, from_disk=True)
    description = read("api", source, ApiSettings(openapi=path.name))
    if description.servers:
        return description
    return read("api", source, ApiSettings(openapi=path.name, base_url=_PLACE))


def _judge_document(published: Published, result: Judged) -> None:
    result.actions += len(published.actions)
    result.largest = max(result.largest, pretty_size(published.document))
    result.findings.update(finding.check.name for finding in examine(published.document))
    text = json.dumps(published.document).encode()
    again = read("again", parsed(text, "a.json", from_disk=True), ApiSettings(openapi="a.json"))
    result.full += import_report(again).full


def _judge_arguments(action: Action, sets: int, result: Judged) -> None:
    """Write arguments as ChatGPT would, and compare what arrives."""
    accepts = _validator(action.operation.contract.input_schema)
    published = _validator(_schema_of(action))
    for arguments in _arguments(action.operation, sets):
        if not accepts.is_valid(arguments):
            continue
        result.sets += 1
        sent = written(arguments, action.texts)
        if not published.is_valid(sent):
            result.refused.append(action.operation.id)
        if json.loads(json.dumps(read_texts(sent, action.texts), default=float)) != arguments:
            result.changed.append(action.operation.id)


def _arguments(operation: Operation, sets: int) -> list[dict[str, Any]]:
    found = []
    for form in ("required", "everything"):
        for number, arguments in enumerate(drawn(operation, form)):
            if number == sets:
                break
            found.append(arguments)
    return [one for one in found if not has_null(one)]


def has_null(value: Any) -> bool:
    """Whether there is a null, which the form says in words alone."""
    if isinstance(value, dict | list):
        return any(map(has_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _schema_of(action: Action) -> Mapping[str, Any]:
    body: Any = action.node.get("requestBody")
    return dict(body["content"]["application/json"]["schema"]) if body else {"type": "object"}


def written(arguments: dict[str, Any], texts: Sequence[JsonText]) -> dict[str, Any]:
    """Write what has to be JSON text as JSON text; what stands within is JSON as it is."""
    return dict(_written_at(arguments, (), {text.path: text for text in texts}))


def _written_at(
    value: Any, path: tuple[Any, ...], texts: Mapping[tuple[Any, ...], JsonText]
) -> Any:
    text = texts.get(path)
    if text is not None and (text.scalars or isinstance(value, dict | list)):
        return json.dumps(value)
    if isinstance(value, dict):
        return {name: _written_at(one, (*path, name), texts) for name, one in value.items()}
    if isinstance(value, list):
        return [_written_at(item, (*path, None), texts) for item in value]
    return value


def _validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
    return jsonschema_rs.Draft202012Validator(dict(schema), offline=True, pattern_options=options)


_HEAD = """\
# GPT Actions documents of real descriptions

Made by `python -m judge actions --specs FOLDER`, which makes it anew, byte for byte. Every
operation that can be called becomes an action, in as many documents as it takes. Each document is
examined by all checks of the GPT editor that we know (documented and reported ones), and is read
again by our own reader: *full* are operations that it imports as they are described. Arguments are
drawn from the contract of each operation, written as ChatGPT would write them, and must fit the
published schema and come back as they were; sets with a null in them are left aside, because the
form says null in words alone.

*Direct* are the operations that pass the checks unchanged at the API's own address, with its own
credential; `https://api.example.com` stands in where a description names no address.
"""


def page(every: Sequence[Judged]) -> str:
    """Return what was found, for people."""
    lines = [
        _HEAD,
        "| description | operations | actions | documents | largest, bytes | findings | full "
        "| arguments | refused | changed | direct |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in every:
        cells = (
            *(one.operations, one.actions, one.documents, one.largest),
            *(one.findings.total(), one.full, one.sets, len(one.refused), len(one.changed)),
            one.direct,
        )
        lines.append(f"| {one.document} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    lines += ["", "## Left out", "", "| description | why | operations |", "|---|---|--:|"]
    lines += _reasons(every, "left_out")
    lines += ["", "## Left out of direct documents", ""]
    lines += ["| description | check or reason | operations |", "|---|---|--:|"]
    lines += _reasons(every, "direct_left_out")
    return "\n".join(lines) + "\n"


def _reasons(every: Sequence[Judged], kind: str) -> list[str]:
    return [
        f"| {one.document} | {why.replace('|', chr(92) + '|')} | {count:,} |"
        for one in every
        for why, count in sorted(getattr(one, kind).items(), key=lambda item: (-item[1], item[0]))
    ]
