"""Tools that cost more tokens than they should."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dragoman.lint.finding import Finding, Repair, Rule
from dragoman.lint.subject import Examined, Subject
from dragoman.lint.survey import FIELD_LIMIT
from dragoman.tools.prose import bounded

__all__ = ["TOKEN_BUDGET"]

BUDGET = 500
"""Tokens of one tool: twice what the median tool of a large API needs."""

_OPERATION_LIMIT = 400
"""Characters of an operation's own description."""

_TRIM = 3


def _over_budget(subject: Subject) -> Iterator[Finding]:
    found = [
        (subject.sizes[one.name], one) for one in subject.operations if one.name in subject.tools
    ]
    over = [(size, one) for size, one in found if size.tokens > BUDGET]
    for size, one in sorted(over, key=lambda pair: -pair[0].tokens):
        yield Finding(
            TOKEN_BUDGET.name,
            one.place,
            f"The tool of {one.name} is {size}; {BUDGET:,} are the budget.",
            one.name,
            frozenset({one.name}),
            share=1 - BUDGET / size.tokens,
            repairs=tuple(_trims(subject, one)),
        )


def _trims(subject: Subject, one: Examined) -> Iterator[Repair]:
    """Yield a repair for each long description that the request of an operation is described by."""
    own = (*one.place, "description")
    for place in sorted(subject.reached[one.name], key=str):
        part = subject.survey.parts.get(place)
        for text in part.long if part else ():
            limit = _OPERATION_LIMIT if text.place == own else FIELD_LIMIT
            if len(text.text) > limit and subject.can_be_mended(text.place):
                yield Repair(text.place, _TRIM, partial(_trimmed, limit=limit))


def _trimmed(text: str, limit: int) -> str:
    return bounded(text, limit) if len(text) > limit else text


TOKEN_BUDGET = Rule(
    name="token-budget",
    effect="It is paid for in every turn that offers it, and crowds out other tools.",
    example="post: {requestBody: …} with 200 members, each described by a paragraph",
    advice=f"Keep a tool under {BUDGET:,} tokens: describe an argument in one sentence, and what "
    f"few need in an operation of its own. `--fix` shortens descriptions to {FIELD_LIMIT} "
    f"characters, those of operations to {_OPERATION_LIMIT}, at the end of a sentence.",
    weight=15,
    find=_over_budget,
)
