"""What is written where: results to stdout; progress, prompts and complaints to stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import TextIO, cast

from dragoman.exact_json import encode
from dragoman.operation import JsonValue

__all__ = [
    "bold",
    "can_ask",
    "complain",
    "duration",
    "mark",
    "neutral",
    "note",
    "one_line",
    "pretty",
    "print_json",
    "print_json_line",
    "print_members",
    "progress",
    "size",
    "table",
    "until_then",
    "warn",
]

# Controls but tab and line feed (ECMA-48), and the bidirectional marks of UAX #9, which can make
# one amount look like another.
_HIDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_RED, _YELLOW, _GREEN, _DIM, _BOLD = "31", "33", "32", "2", "1"


def complain(text: str) -> None:
    """Say on stderr what went wrong and what to do."""
    print(f"{_colour('✗', _RED, sys.stderr)} {neutral(text)}", file=sys.stderr)


def warn(text: str) -> None:
    """Say on stderr what one should know though nothing has failed."""
    print(f"{_colour('!', _YELLOW, sys.stderr)} {neutral(text)}", file=sys.stderr)


def mark(text: str) -> None:
    """Say on stdout that something is right."""
    print(f"{_colour('✓', _GREEN, sys.stdout)} {neutral(text)}")


def note(text: str) -> None:
    """Write a line of lesser weight to stdout."""
    print(_colour(neutral(text), _DIM, sys.stdout))


def bold(text: str) -> str:
    """Return a line that stands out on a terminal."""
    return _colour(text, _BOLD, sys.stdout)


def progress(text: str) -> None:
    """Write a line of progress to stderr, where a person watches."""
    if sys.stderr.isatty():
        print(_colour(neutral(text), _DIM, sys.stderr), file=sys.stderr)


def can_ask() -> bool:
    """Whether a person can be asked: no terminal never means yes."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def neutral(text: str) -> str:
    """Return text without what moves a terminal's cursor, hides text or turns its direction."""
    return _HIDING.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Return text as one line that nothing in it can break or hide."""
    return neutral(" ".join(text.split()))


def pretty(value: JsonValue) -> str:
    """Return a value as indented JSON, numbers exact."""
    import msgspec  # noqa: PLC0415 - at first output

    return msgspec.json.format(encode(value), indent=2).decode("utf-8")


def print_json(value: object) -> None:
    """Write one JSON object to stdout, for `--json`; what would act on a terminal is escaped."""
    print(_escaped(pretty(cast("JsonValue", value))))


def print_json_line(value: object) -> None:
    """Write one JSON object as a line, at once: what is read while it grows."""
    print(_escaped(encode(cast("JsonValue", value)).decode("utf-8")), flush=True)


def _escaped(text: str) -> str:
    return _HIDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_members(members: Mapping[str, JsonValue]) -> None:
    """Write named values under each other, empty ones left out."""
    width = max(map(len, members))
    for name, value in members.items():
        if value is None or value in ("", {}):
            continue
        text = value if isinstance(value, str) else pretty(value)
        lines = neutral(text).splitlines() or [""]
        print(f"{name:<{width}}  {lines[0]}")
        for line in lines[1:]:
            print(f"{'':<{width}}  {line}")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows in aligned columns; numbers stand to the right, the last column is open."""
    texts = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(len(r[i]) for r in [list(header), *texts]) for i in range(len(header))]
    numeric = [
        all(isinstance(row[i], int | float | Decimal) for row in rows) for i in range(len(header))
    ]
    lines = [_line(list(header), widths, numeric)] if any(header) else []
    lines += [_line(row, widths, numeric) for row in texts]
    return "\n".join(line.rstrip() for line in lines)


def duration(seconds: float) -> str:
    """Return a time as people read it: 12 ms, 1.3 s."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def until_then(seconds: float) -> str:
    """Return a wait as people plan it, never shorter than it is: 55 s, 12 min, 6 h 38 min."""
    whole = ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(ceil(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def size(count: int) -> str:
    """Return a number of bytes as people read it: 812 B, 1.2 KB."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(padded)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return one_line(str(value))


def _colour(text: str, code: str, stream: TextIO) -> str:
    """Colour for a terminal, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return text
    return f"\x1b[{code}m{text}\x1b[0m"
