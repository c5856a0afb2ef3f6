"""Text that names secrets instead of holding them: `${NAME}`, `${env:NAME}`, `${file:PATH}`.

`${NAME:-default}` says what stands in for it, and `$${` is the two characters `${` themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Reference", "Template", "parse_template"]

_REFERENCE = re.compile(
    r"\$(?P<escaped>\$\{)"
    r"|\$\{(?:(?P<store>[a-z]+):(?!-))?(?P<name>[^{}]*?)(?::-(?P<default>[^{}]*))?\}"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where one value is kept: the store's prefix, the name in it, and what stands in if unset."""

    store: str
    name: str
    default: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return it as an owner writes it, without the default."""
        return f"${{{self.name}}}" if self.store == "env" else f"${{{self.store}:{self.name}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """Text in which references stand for values: `Basic ${TOKEN}`. Printing it shows no value."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references in it, in order."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    @property
    def is_at_hand(self) -> bool:
        """Whether its values are variables of this process, so that nothing has to be read."""
        return all(isinstance(part, str) or part.store == "env" for part in self.parts)

    def __str__(self) -> str:
        """Return it as an owner writes it."""
        return "".join(
            part.replace("${", "$${") if isinstance(part, str) else str(part) for part in self.parts
        )


def parse_template(text: str) -> Template:
    """Split text into literal parts and references; text without any is one literal part.

    Raises `ValueError` for a reference that does not end, or that names nothing.
    """
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        _add_literal(parts, text[end : match.start()])
        end = match.end()
        if match["escaped"]:
            parts.append(match["escaped"])
            continue
        if not match["name"].strip():
            raise ValueError(f"holds {match[0]}, which names nothing")
        parts.append(Reference(match["store"] or "env", match["name"], match["default"]))
    _add_literal(parts, text[end:])
    return Template(tuple(parts))


def _add_literal(parts: list[str | Reference], text: str) -> None:
    if "${" in text:
        raise ValueError("holds a ${ that is no reference: ${NAME}, or $${ for the characters")
    if text:
        parts.append(text)
