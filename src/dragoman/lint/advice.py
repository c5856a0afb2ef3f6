"""All that lint has to say of one document: report, findings, score, and what a fix changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from dragoman.lint.finding import Finding, Place, Repair
from dragoman.lint.report import ImportReport, import_report
from dragoman.lint.rules import RULES
from dragoman.lint.score import score_of
from dragoman.lint.subject import Subject, mended
from dragoman.lint.survey import MAX_VALUES
from dragoman.operation import JsonValue
from dragoman.tools.size import Size

__all__ = ["Advice", "advise"]

_SHORTENING = ("token-budget", "hidden-text")
_MAX_FINDINGS = 10_000
_MAX_CHANGES = 10_000
"""As many as an overlay may have actions."""


@dataclass(frozen=True)
class Advice:
    """What was found of a document; `changes` are the texts that a fix gives it, by place."""

    subject: Subject = field(repr=False)
    report: ImportReport
    findings: tuple[Finding, ...]
    changes: Mapping[Place, str] = field(repr=False)

    @cached_property
    def score(self) -> float:
        """From 0 to 100, see `score`."""
        return score_of(self.findings, len(self.subject.operations))

    @property
    def size(self) -> Size:
        """What all tools cost."""
        return self.subject.size

    @cached_property
    def fixed(self) -> Subject:
        """The document with all changes made; itself where there are none."""
        if not self.changes:
            return self.subject
        return mended(self.subject, self.changes)

    @cached_property
    def saved(self) -> Sequence[int]:
        """The tokens that the fix of each finding saves; of one operation they count once."""
        left = {
            name: size.tokens - self.fixed.sizes.get(name, size).tokens
            for name, size in self.subject.sizes.items()
        }
        counted = []
        for one in self.findings:
            shortens = one.repairs and one.rule in _SHORTENING and one.operation in left
            counted.append(max(0, left.pop(one.operation)) if shortens else 0)
        return counted

    def as_json(self) -> dict[str, JsonValue]:
        """Return the object that `lint --json` prints."""
        effects = {rule.name: rule.effect for rule in RULES}
        return {
            **self.report.as_json(),
            "findings": [
                one.as_json(effects[one.rule], tokens)
                for one, tokens in zip(self.findings, self.saved, strict=True)
            ],
            "score": self.score,
            "tokens": self.size.tokens,
            "tokens_after": self.fixed.size.tokens,
            "estimated": self.size.estimated,
        }


def advise(subject: Subject) -> Advice:
    """Return what lint has to say; reads every contract and makes every tool."""
    report = import_report(subject.description)
    found = [list(islice(rule.find(subject), _MAX_FINDINGS)) for rule in RULES]
    findings = tuple(one for of_rule in found for one in of_rule)
    changes = _changes(subject, [one for finding in findings for one in finding.repairs])
    notes = list(report.notes)
    if not subject.survey.is_whole:
        notes.append(f"Only the first {MAX_VALUES:,} values of the document are looked at.")
    if any(len(of_rule) == _MAX_FINDINGS for of_rule in found):
        notes.append(f"Only the first {_MAX_FINDINGS:,} findings of a rule are told.")
    if len(changes) > _MAX_CHANGES:
        notes.append(f"Only {_MAX_CHANGES:,} texts are mended at once: lint again with --overlay.")
        changes = dict(islice(changes.items(), _MAX_CHANGES))
    return Advice(subject, replace(report, notes=tuple(notes)), findings, changes)


def _changes(subject: Subject, repairs: Iterable[Repair]) -> dict[Place, str]:
    """Return the new text of each place that changes; an empty one is not written anew."""
    by_place: dict[Place, dict[int, Repair]] = {}
    for one in repairs:
        by_place.setdefault(one.place, {})[one.step] = one
    changes: dict[Place, str] = {}
    for place, steps in by_place.items():
        before = after = _text_at(subject, place)
        for step in sorted(steps):
            after = steps[step].mend(after)
        if after != before:
            changes[place] = after
    return changes


def _text_at(subject: Subject, place: Place) -> str:
    node: JsonValue = subject.source.written
    for key in place:
        if isinstance(node, dict) and isinstance(key, str):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int):
            node = node[key]
        else:
            return ""
    return node if isinstance(node, str) else ""
