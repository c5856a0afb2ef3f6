"""Operations that a model takes for each other."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.lint.finding import Finding, Rule
from dragoman.lint.subject import Subject
from dragoman.lint.words import folded, mixed_scripts
from dragoman.operation import Operation
from dragoman.tools.prose import visible

__all__ = ["LOOK_ALIKE", "look_alikes"]


def look_alikes(operations: list[Operation]) -> Iterator[tuple[Operation, str]]:
    """Yield each operation that looks like one before it, or like what it is not, and how."""
    names: dict[str, str] = {}
    summaries: dict[str, str] = {}
    for one in operations:
        like = names.setdefault(folded(one.name), one.name)
        summary = " ".join(visible(one.summary).casefold().split()).rstrip(".")
        same = summaries.setdefault(summary, one.name) if summary else one.name
        if scripts := mixed_scripts(one.name):
            yield one, f"mixes letters that look alike: {' and '.join(scripts)}"
        elif like != one.name:
            yield one, f"is {like} but for case, separators or plural"
        elif same != one.name:
            yield one, f"has the summary of {same}"


def _look_alikes(subject: Subject) -> Iterator[Finding]:
    operations = [one.operation for one in subject.operations]
    places = {one.name: one.place for one in subject.operations}
    for one, told in look_alikes(operations):
        message = f"{one.name} {told}."
        names = frozenset({one.name})
        yield Finding(LOOK_ALIKE.name, places[one.name], message, one.name, names)


LOOK_ALIKE = Rule(
    name="look-alike",
    effect="The model takes one of the two for the other, and calls the wrong one.",
    example="get: {operationId: getOrder} beside get: {operationId: get_orders}",
    advice="Name them apart by what they do (getOrder, listOrders), or serve only one of them "
    "(`exclude` in dragoman.yaml).",
    weight=10,
    find=_look_alikes,
)
