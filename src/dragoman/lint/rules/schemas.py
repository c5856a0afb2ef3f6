"""Arguments and members that do not say what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.lint.finding import Finding, Place, Rule
from dragoman.lint.subject import Subject
from dragoman.lint.survey import Named, Part
from dragoman.lint.words import cryptic_words, prose_words, singular, words_of
from dragoman.tools.prose import visible

__all__ = ["CRYPTIC_NAME", "UNTYPED_OBJECT"]

_SHOWN = 3

_OF_THE_SPECIFICATION = frozenset({"http", "id", "idn", "iri", "json", "ref", "uri", "url", "xml"})
"""Words without a spoken syllable that keywords and formats of OpenAPI and JSON Schema have: who
reads a description knows them."""


def _untyped(subject: Subject) -> Iterator[Finding]:
    for part in subject.survey.parts.values():
        if part.untyped and part.place in subject.requests:
            told = "does not say what it holds", "do not say what they hold"
            touches = subject.requests[part.place]
            yield Finding(UNTYPED_OBJECT.name, *_said(subject, part, part.untyped, told), touches)


def _cryptic(subject: Subject) -> Iterator[Finding]:
    """Yield the parts with names that neither a description nor the document's words explain."""
    candidates = [part for part in subject.survey.parts.values() if part.undescribed]
    if not candidates:
        return
    known = _vocabulary(subject)
    for part in candidates:
        unclear = [one for one in part.undescribed if not known.issuperset(cryptic_words(one.text))]
        if unclear and part.place in subject.users:
            told = "is explained nowhere", "are explained nowhere"
            touches = subject.users[part.place]
            yield Finding(CRYPTIC_NAME.name, *_said(subject, part, unclear, told), touches)


def _vocabulary(subject: Subject) -> frozenset[str]:
    """Return the words that a document uses in prose, paths and tags: what it says, it explains."""
    found = prose_words(subject.survey.prose) | _OF_THE_SPECIFICATION
    for one in subject.operations:
        found.update(map(singular, words_of(one.listed.path)))
        found.update(singular(word) for tag in one.listed.tags for word in words_of(tag))
    return frozenset(found)


def _said(
    subject: Subject, part: Part, named: Sequence[Named], told: tuple[str, str]
) -> tuple[Place, str, str]:
    """Return the first place, the message and the operation: `told` is for one name or several."""
    names = list(dict.fromkeys(visible(one.text)[:60] for one in named))
    shown = ", ".join(names[:_SHOWN])
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    operation = subject.operation_at(part.place)
    name = operation.name if operation else ""
    whose = name or visible(str(part.place[-1]))[:60]
    of = "" if shown == whose else f" of {whose}"
    return named[0].place, f"{shown}{more}{of} {told[len(names) > 1]}.", name


UNTYPED_OBJECT = Rule(
    name="untyped-object",
    effect="The model guesses what to send, and the API refuses it.",
    example="metadata: {type: object}",
    advice="List the properties, or say what values any name may have "
    "(`additionalProperties: {type: string}`).",
    weight=8,
    find=_untyped,
)

CRYPTIC_NAME = Rule(
    name="cryptic-name",
    effect="The model cannot know what it stands for: it sends something else, or reads the "
    "answer wrong.",
    example="edd: {type: string, format: date}",
    advice="Describe it (`description: Estimated delivery date`). A name is cryptic if a word of "
    "it has no vowel, or if it is one word of up to three letters that cannot be spoken (no vowel "
    "follows a consonant), and if neither a sentence, path or tag of the document nor OpenAPI "
    "itself uses that word.",
    weight=7,
    find=_cryptic,
)
