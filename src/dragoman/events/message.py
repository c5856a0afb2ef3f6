"""What somebody is told of an event: as data, and as plain words for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast, get_args

from dragoman.config.surroundings import EventName, NotifySettings
from dragoman.exact_json import encode_text
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Message", "subscribers"]

_MAX_TITLE = 200
_MAX_LINE = 2_000
_MAX_LINES = 60
_TITLES = {
    "approval.asked": "{operation} wants a yes",
    "approval.expired": "{operation} was not answered in time",
    "call.unknown": "{operation}: nobody knows whether it happened",
    "breaker.opened": "{subject} fails, and is not asked for now",
}


def subscribers(notify: Mapping[str, NotifySettings]) -> dict[str, frozenset[str]]:
    """Return of which events each destination is told."""
    return {name: frozenset(one.events or get_args(EventName)) for name, one in notify.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one destination, free of secrets.

    `address` is where somebody signs in to answer; `link` answers in somebody's name, so it is
    shown to that person only.
    """

    id: str
    event: str
    subject: str
    at: datetime
    payload: JsonObject
    address: str = ""
    link: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """What happened, in one line."""
        operation = str(self.payload.get("operation", self.subject))
        if self.event == "approval.answered":
            said = "approved" if self.payload.get("approved") else "denied"
            title = f"{operation} was {said} by {self.payload.get('by')}"
        else:
            known = _TITLES.get(self.event, f"{self.event}: {{subject}}")
            title = known.format(operation=operation, subject=self.subject)
        return one_line(title)[:_MAX_TITLE]

    @property
    def lines(self) -> list[str]:
        """All that is told, a line each; nothing of it can begin a line of its own."""
        return [one_line(line)[:_MAX_LINE] for line in self._lines()][:_MAX_LINES]

    def _lines(self) -> Iterator[str]:
        origins = cast("Mapping[str, JsonValue]", self.payload.get("origins") or {})
        for name, value in self.payload.items():
            if value in (None, "", [], {}) or name in {"origins", "operation"}:
                continue
            if name == "arguments" and isinstance(value, Mapping):
                yield from (
                    f"{key} = {_text(one)}{_from(origins, key)}" for key, one in value.items()
                )
            else:
                yield f"{name.replace('_', ' ')}: {_text(value)}"


def one_line(text: str) -> str:
    """Return text in one line in which nothing hides: what is not seen stands as its code."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in " ".join(text.split()))


def _from(origins: JsonValue, name: str) -> str:
    source = origins.get(name) if isinstance(origins, Mapping) else None
    return f"   from: {source}" if source else ""


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else encode_text(value)
