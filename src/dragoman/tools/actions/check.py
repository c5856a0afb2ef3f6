"""What a check of the GPT editor is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Breach", "Check", "Finding", "Node"]

Node: TypeAlias = Mapping[str, Any]
"""A part of a document that anybody may have written: nothing in it has the type it should have."""

Breach: TypeAlias = tuple[str, str]
"""Where a rule is broken (RFC 6901), and what stands there."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the GPT editor, and how to keep it.

    `level` is *documented* where OpenAI writes it, and *reported* where people have met it: the
    editor may have changed since.
    """

    name: str
    level: Literal["documented", "reported"]
    rule: str
    fix: str
    breaches: Callable[[Node], Iterable[Breach]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a document breaks, at one place."""

    check: Check
    at: str
    what: str

    def __str__(self) -> str:
        """Return it as one line: which rule, where, what stands there, and what would work."""
        place = f"{self.at}: " if self.at else ""
        check = self.check
        return f"{check.name} ({check.level}): {place}{check.rule}; {self.what}. {check.fix}"

    def as_json(self) -> dict[str, str]:
        """Return its members for `--json`."""
        check = self.check
        return {
            "check": check.name,
            "level": check.level,
            "at": self.at,
            "message": f"{check.rule}; {self.what}.",
            "fix": check.fix,
        }
