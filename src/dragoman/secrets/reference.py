"""Text that names secrets instead of holding them: `${NAME}`, `${env:NAME}`, `${file:PATH}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Reference", "Template", "parse_template"]

_REFERENCE = re.compile(
    r"\$\{(?:(?P<store>[a-z]+):(?!-))?(?P<name>[^}]*?)(?::-(?P<default>[^}]*))?\}"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where one value is kept: the store's prefix, the name in it, and what stands in if unset."""

    store: str
    name: str
    default: str | None = None

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

    def __str__(self) -> str:
        """Return it as an owner writes it."""
        return "".join(str(part) for part in self.parts)


def parse_template(text: str) -> Template:
    """Split text into literal parts and references; text without any is one literal part."""
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        parts.append(Reference(match["store"] or "env", match["name"], match["default"]))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return Template(tuple(parts))
