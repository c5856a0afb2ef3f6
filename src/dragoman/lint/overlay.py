"""What a fix changes, as an OpenAPI Overlay 1.0 in YAML, which `overlays:` of an API takes.

Each action names an operation, a component, or one place in a list, by a JSONPath of RFC 9535, and
updates texts: descriptions, summaries, titles and operationIds. None of them is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from dragoman.lint.finding import Place
from dragoman.operation import JsonValue

__all__ = ["overlay_text", "path_of"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSEEN = re.compile(r"[^\n -~]")
_INDENT = "  "


def overlay_text(changes: Mapping[Place, str], title: str) -> str:
    """Return the overlay that makes these changes, the same text for the same changes."""
    lines = [
        "overlay: 1.0.0",
        "info:",
        f"  title: {_quoted(title)}",
        "  version: 1.0.0",
        "actions:",
    ]
    for target, update in _actions(changes).items():
        lines.append(f"  - target: {_quoted(path_of(target))}")
        lines.append("    update:")
        lines += _members(update, 3)
    return "\n".join(lines) + "\n"


def path_of(place: Place) -> str:
    """Return a place as a normalized JSONPath (RFC 9535, section 2.7), plain names with a dot."""
    return "$" + "".join(map(_step, place))


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if _PLAIN.fullmatch(key):
        return f".{key}"
    escaped = json.dumps(key)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"['{escaped}']"


def _actions(changes: Mapping[Place, str]) -> dict[Place, dict[str, JsonValue]]:
    """Gather changes into one update for each operation, component or item of a list."""
    found: dict[Place, dict[str, JsonValue]] = {}
    for place, text in changes.items():
        numbers = [index for index, key in enumerate(place) if isinstance(key, int)]
        size = numbers[-1] + 1 if numbers else min(len(place) - 1, 3)
        update = found.setdefault(place[:size], {})
        for key in place[size:-1]:
            update = update.setdefault(str(key), {})  # type: ignore[assignment]
        update[str(place[-1])] = text
    return found


def _members(update: Mapping[str, JsonValue], depth: int) -> Iterator[str]:
    for key, value in update.items():
        name = key if _PLAIN.fullmatch(key) else _quoted(key)
        if isinstance(value, Mapping):
            yield f"{_INDENT * depth}{name}:"
            yield from _members(value, depth + 1)
        else:
            yield f"{_INDENT * depth}{name}: {_quoted(str(value))}"


def _quoted(text: str) -> str:
    """Return text as YAML in double quotes (YAML 1.2.2, section 7.3.1), all of it visible."""
    return _UNSEEN.sub(
        lambda match: match[0] if match[0].isprintable() else f"\\U{ord(match[0]):08x}",
        json.dumps(text, ensure_ascii=False),
    )
