"""What lint finds: a rule, a place, what it does to a model, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from dragoman.lint.subject import Subject

__all__ = ["Finding", "Place", "Repair", "Rule", "pointer"]

Place = tuple[str | int, ...]
"""The way from the root of the document to a value: names of members and numbers in lists."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of one text of the document; `place` need not exist yet, its owner does.

    Several repairs of one text are done in the order of `step`: each gets what the one before
    left, and the first what is there, or an empty text.
    """

    place: Place
    step: int
    mend: Callable[[str], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that makes an API harder for a model.

    `operation` is the name of the operation that it is about, if it is about one. `touches` are
    the names of all that it makes worse, and `share` is by how much, from 0 to 1.
    """

    rule: str
    place: Place
    message: str
    operation: str = ""
    touches: frozenset[str] = frozenset()
    share: float = 1.0
    repairs: tuple[Repair, ...] = field(default=(), repr=False)

    def as_json(self, effect: str, tokens_saved: int) -> Mapping[str, JsonValue]:
        """Return the members that `lint --json` promises of a finding."""
        return {
            "rule": self.rule,
            "place": pointer(self.place),
            "operation": self.operation,
            "message": self.message,
            "effect": effect,
            "tokens_saved": tokens_saved,
            "fixable": bool(self.repairs),
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its stable name, what a breach of it does to a model, and what to do about it.

    `weight` is what the score loses where every operation breaks it, `least` the share of that
    which it loses for any finding at all.
    """

    name: str
    effect: str
    example: str
    advice: str
    weight: int
    find: Callable[[Subject], Iterable[Finding]] = field(repr=False)
    least: float = 0.0


def pointer(place: Place) -> str:
    """Return a place as a JSON pointer (RFC 6901, section 3)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in place)
