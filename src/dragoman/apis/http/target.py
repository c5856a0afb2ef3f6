"""The path of a request: holes filled so that no value changes the shape of the path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from dragoman.apis.http.binding import Hole, Template
from dragoman.errors import ArgumentError

__all__ = ["fill_path", "parse_template"]

_HOLE = re.compile(r"\{([^{}]*)\}")
_SLASH = re.compile(r"[/\\]")
_END = re.compile(r"[;?#\x00]")
_LITERAL_SAFE = "/!$&'()*+,;=:@%-._~"
_MAX_DECODING = 4


def parse_template(template: str) -> Template:
    """Return a path template in pieces, its text encoded where it is not.

    Raises `ValueError` for one that does not begin with a slash, has a brace without its partner,
    a fragment, or a dot segment, which a server would resolve.
    """
    if not template.startswith("/"):
        raise ValueError("it does not begin with a slash")
    pieces: list[str | Hole] = []
    for index, piece in enumerate(_HOLE.split(template)):
        if index % 2:
            pieces.append(Hole(piece))
        elif piece:
            pieces.append(_literal(piece))
    shape = "".join(piece if isinstance(piece, str) else "x" for piece in pieces)
    if any(_is_dots(segment) for segment in shape.split("/")):
        raise ValueError("it has a segment of dots")
    return tuple(pieces)


def _literal(text: str) -> str:
    for character in "{}#?":
        if character in text:
            raise ValueError(f"it holds {character!r}")
    try:
        return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=_LITERAL_SAFE))
    except UnicodeEncodeError:
        raise ValueError("it holds half a character") from None


def fill_path(template: Template, texts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the path with every hole filled by its encoded text.

    `names` are the arguments by the names of the holes, for errors. Raises `ArgumentError` where
    a segment would be empty or would lead elsewhere: in a path, `..` is no value.
    """
    path: list[str] = [""]
    holes: list[list[str]] = [[]]
    for piece in template:
        if isinstance(piece, Hole):
            path[-1] += texts[piece.name]
            holes[-1].append(names[piece.name])
            continue
        first, *others = piece.split("/")
        path[-1] += first
        path.extend(others)
        holes.extend([] for _ in others)
    for segment, arguments in zip(path, holes, strict=True):
        if arguments:
            _check_segment(segment, arguments)
    return "/".join(path)


def _check_segment(segment: str, arguments: list[str]) -> None:
    name = " and ".join(arguments)
    if not segment:
        raise ArgumentError(
            f"{name} is empty, and without it the path would be another one.",
            hint=f"Give {name} a value.",
        )
    if leads_elsewhere(segment):
        raise ArgumentError(f"{name} would lead to another path ({unquote(segment)[:80]!r}).")


def leads_elsewhere(segment: str) -> bool:
    """Whether a server that decodes a segment, even more than once, finds dot segments in it.

    Servers and proxies differ in what they decode and when; some strip `;…` from a segment or end
    it at NUL, `?` or `#`, and some read a backslash as a slash. All are taken at their worst.
    """
    for _ in range(_MAX_DECODING):
        segment = unquote(segment)
        if any(_is_dots(_END.split(part, maxsplit=1)[0]) for part in _SLASH.split(segment)):
            return True
        if "%" not in segment:
            break
    return False


def _is_dots(segment: str) -> bool:
    return unquote(segment) in {".", ".."}
