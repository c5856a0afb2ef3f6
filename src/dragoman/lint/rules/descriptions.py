"""What an operation says of itself: its description, and its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dragoman.apis.openapi.document import text_of
from dragoman.apis.openapi.names import names_of
from dragoman.lint.finding import Finding, Repair, Rule
from dragoman.lint.subject import Examined, Subject
from dragoman.lint.words import folded
from dragoman.tools.prose import bounded, visible

__all__ = ["DESCRIPTION", "MADE", "OPERATION_ID"]

MADE = "(Made of method and path: the document does not describe it.)"
"""Ends a description that we made, so that nobody takes it for the API owner's word."""

_MAX_ROUTE = 300
_FILL = 2
_NAME = 1


def _descriptions(subject: Subject) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for one in subject.operations:
        summary = visible(subject.cleaned(one.operation.summary))
        description = visible(subject.cleaned(one.operation.description))
        if not summary and not description:
            yield _finding(one, "has no description", repairs=_filled(one))
            continue
        said = f"{summary} {description}"
        if said.rstrip().endswith(MADE):
            yield _finding(one, "is described by its method and path alone", share=0.5)
        elif folded(said) == folded(one.name) or said.strip() == one.operation.route:
            yield _finding(one, "is described by its own name")
        elif description:
            origin = first.setdefault(" ".join(description.lower().split()), one.name)
            if origin != one.name:
                yield _finding(one, f"has the description of {origin}")


def _filled(one: Examined) -> tuple[Repair, ...]:
    if not one.can_be_mended or not isinstance(one.node.get("description") or "", str):
        return ()
    made = f"{bounded(one.operation.route, _MAX_ROUTE)} {MADE}"
    return (Repair((*one.place, "description"), _FILL, lambda text: text or made),)


def _finding(
    one: Examined, message: str, share: float = 1.0, repairs: tuple[Repair, ...] = ()
) -> Finding:
    names = frozenset({one.name})
    return Finding(
        DESCRIPTION.name, one.place, f"{one.name} {message}.", one.name, names, share, repairs
    )


def _operation_ids(subject: Subject) -> Iterator[Finding]:
    given = Counter(text_of(one.node, "operationId") for one in subject.operations)
    for one in subject.operations:
        own = text_of(one.node, "operationId")
        if own and given[own] == 1:
            continue
        told = f"shares the operationId {own[:80]}" if own else "has no operationId"
        names = frozenset({one.name})
        message = f"{one.operation.route} {told}; it is called {one.name}."
        yield Finding(OPERATION_ID.name, one.place, message, one.name, names, repairs=_named(one))


def _named(one: Examined) -> tuple[Repair, ...]:
    """Give it the name that it has already: only where that reads back as itself."""
    method, _, path = one.operation.route.partition(" ")
    is_absent = one.node.get("operationId") is None
    is_text = isinstance(one.node.get("operationId"), str)
    if not one.can_be_mended or not (is_absent or is_text):
        return ()
    if names_of([(one.name, method, path)]) != [one.name]:
        return ()
    return (Repair((*one.place, "operationId"), _NAME, lambda _: one.name),)


DESCRIPTION = Rule(
    name="description",
    effect="The model chooses among tools by what they say, and cannot tell this one apart.",
    example="get: {operationId: getOrder}",
    advice="Say in a sentence what the operation does and when to use it; a summary is enough. "
    "`--fix` writes method "
    "and path where there is nothing, marked as made; that counts half.",
    weight=20,
    find=_descriptions,
)

OPERATION_ID = Rule(
    name="operation-id",
    effect="The tool is called by method and path, a name that says less and may change.",
    example="get: {summary: Read an order}",
    advice="Give every operation an operationId of its own, a verb and a noun. `--fix` writes the "
    "name down that it has today.",
    weight=8,
    find=_operation_ids,
)
