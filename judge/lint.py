"""Whether `lint --fix` keeps its promises: a better score, the same requests, nothing left to do.

Each document is linted, the overlay is written as the command writes it, laid over the document by
our reader, and what comes out is compared with what went in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dragoman.apis.openapi.load import Source, parsed
from dragoman.lint.advice import Advice, advise
from dragoman.lint.overlay import overlay_text
from dragoman.lint.rules import RULES
from dragoman.lint.subject import subject_of

__all__ = ["Linted", "linted", "page"]

_PROSE = ("description", "summary", "title")
_HEAD = """\
# What lint finds in public API descriptions, and what its fixes do

Made by `python -m judge lint --specs FOLDER`, which makes it anew. For each document the overlay of
`dragoman lint --fix` is laid over it by our own reader. *Broken* counts what must never be: an
operation that is named, routed or built otherwise than before, a second fix that still finds
something, an overlay that changes more when it is applied twice, a score that is not better though
something was changed, other tokens than were announced. Tokens are those of all tools together.
"""


@dataclass(frozen=True, slots=True)
class Linted:
    """One document before and after; `broken` says which promises were not kept."""

    document: str
    operations: int
    before: Advice
    after: Advice
    actions: int
    broken: tuple[str, ...]


def linted(path: Path) -> Linted:
    """Lint a document, fix it, and compare."""
    return judged(path.read_bytes(), path.name)


def judged(data: bytes, name: str) -> Linted:
    """Lint the document in these bytes, fix it, and compare."""
    source = parsed(data, name, from_disk=True)
    before = advise(subject_of(source, "api"))
    text = overlay_text(before.changes, name).encode()
    overlays = [("fix.overlay.yaml", text)] if before.changes else []
    fixed = parsed(data, name, from_disk=True, overlays=overlays)
    after = advise(subject_of(fixed, "api"))
    twice = parsed(data, name, from_disk=True, overlays=overlays * 2)
    broken = tuple(_broken(before, after, source, fixed, twice))
    actions = text.count(b"\n  - target: ") if before.changes else 0
    return Linted(name, len(before.subject.operations), before, after, actions, broken)


def _broken(
    before: Advice, after: Advice, source: Source, fixed: Source, twice: Source
) -> Iterator[str]:
    if fixed.findings != source.findings:
        yield f"our reader says of the overlay: {fixed.findings[:3]}"
    if fixed.written != before.fixed.source.written:
        yield "the overlay does something else than the fix"
    if before.fixed.size != after.size:
        yield f"{before.fixed.size} were announced, and it is {after.size}"
    if twice.written != fixed.written:
        yield "applied twice it changes more"
    if after.changes:
        yield f"{len(after.changes)} texts are still to be fixed: {list(after.changes)[:3]}"
    if before.changes and after.score <= before.score:
        yield f"the score goes from {before.score} to {after.score}"
    old, new = (one.subject.description.operations for one in (before, after))
    if [(o.id, o.route) for o in old.values()] != [(o.id, o.route) for o in new.values()]:
        yield "operations are named or routed otherwise"
        return
    for name, operation in old.items():
        if _sent(operation.contract) != _sent(new[name].contract):
            yield f"{name} has another contract"


def _sent(contract: Any) -> tuple[Any, ...]:
    """Return all of a contract but its prose."""
    schema = _without_prose(contract.input_schema)
    return schema, contract.binding, contract.security, contract.changes, contract.unsupported


def _without_prose(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {
            key: _without_prose(one)
            for key, one in node.items()
            if not (key in _PROSE and isinstance(one, str))
        }
        return kept or True  # as a schema both say nothing
    return [_without_prose(one) for one in node] if isinstance(node, list) else node


def page(every: Sequence[Linted]) -> str:
    """Return the page for people."""
    lines = [
        _HEAD,
        "| document | operations | score | after | tokens | after | texts | actions | broken |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in every:
        before, after = one.before, one.after
        cells = (f"{one.operations:,}", f"{before.score:.2f}", f"{after.score:.2f}")
        costs = (f"{before.size.tokens:,}", f"{after.size.tokens:,}")
        numbers = (f"{len(before.changes):,}", f"{one.actions:,}", str(len(one.broken)))
        lines.append(f"| {one.document} | {' | '.join((*cells, *costs, *numbers))} |")
    estimated = any(one.before.size.estimated for one in every)
    if estimated:
        lines += ["", "Tokens are estimated at four bytes each: the extra `tokens` was not there."]
    names = [rule.name for rule in RULES]
    lines += ["", "## Findings by rule", "", f"| document | {' | '.join(names)} |"]
    lines.append(f"|---|{'--:|' * len(names)}")
    for one in every:
        counted = Counter(finding.rule for finding in one.before.findings)
        cells = tuple(f"{counted[name]:,}" if counted[name] else "" for name in names)
        lines.append(f"| {one.document} | {' | '.join(cells)} |")
    faults = [f"- {one.document}: {told}" for one in every for told in one.broken]
    return "\n".join([*lines, *(["", "## Broken", "", *faults] if faults else [])]) + "\n"
