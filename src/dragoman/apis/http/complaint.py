"""What an API says in an error, as far as it may be told on (promise 3): a few members, bounded.

The text is a stranger's. It is not redacted here: that needs the whole words, and so nothing is
cut in the middle of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from dragoman.apis.http.text import is_list
from dragoman.exact_json import decode
from dragoman.operation import JsonValue

__all__ = ["MAX_CHARACTERS", "complaint", "printable"]

MAX_CHARACTERS = 500
"""Of all that is told on of one error."""

_MAX_BODY = 64 * 1024
_MAX_ITEMS = 20
_TOLD = ("title", "detail", "message", "error", "errors", "code", "type")
_NO_TYPE = "about:blank"  # RFC 9457, section 4.2.1: no more is said than by the status.


def complaint(body: bytes) -> str:
    """Return what the members of a JSON error say, joined by semicolons; nothing for other bodies.

    A body that is larger than 64 KiB is no message and is not read.
    """
    if len(body) > _MAX_BODY or not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    try:
        value = decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, ArithmeticError):
        return ""
    if not isinstance(value, Mapping):
        return ""
    said = (printable(text) for text in _texts(value))
    return _shortened("; ".join(dict.fromkeys(text for text in said if text)), MAX_CHARACTERS)


def printable(text: str, limit: int | None = None) -> str:
    """Return text on one line, without anything that is not seen; over `limit` its first words."""
    line = "".join(filter(str.isprintable, " ".join(text.split())))
    return line if limit is None else _shortened(line, limit)


def _texts(members: Mapping[str, JsonValue]) -> Iterator[str]:
    for name in _TOLD:
        value = members.get(name)
        if name in {"error", "errors"}:
            yield from _inside(value, by_field=name == "errors")
        else:
            yield from _said(name, value)


def _inside(value: JsonValue, *, by_field: bool) -> Iterator[str]:
    """Go into `error` and `errors`: an object, or a list of texts and objects.

    `errors` by the name of a field is what many frameworks answer to arguments that do not fit.
    """
    for item in list(value)[:_MAX_ITEMS] if is_list(value) else [value]:
        if not isinstance(item, Mapping):
            yield from _said("", item)
            continue
        for name in _TOLD:
            yield from _said(name, item.get(name))
        if by_field and not is_list(value):
            yield from _fields(item)


def _fields(members: Mapping[str, JsonValue]) -> Iterator[str]:
    named = [(name, value) for name, value in members.items() if name not in _TOLD]
    for name, value in named[:_MAX_ITEMS]:
        for item in list(value)[:_MAX_ITEMS] if is_list(value) else [value]:
            yield from (f"{name}: {text}" for text in _said("", item))


def _said(name: str, value: JsonValue) -> Iterator[str]:
    """Yield a plain value as text; a code or a type is named, for alone it says nothing.

    A type that is an address says nothing to whoever reads the title beside it.
    """
    text = _text(value)
    if text and not (name == "type" and (text == _NO_TYPE or "://" in text)):
        yield f"{name}: {text}" if name in {"code", "type"} else text


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ""
    return str(value)


def _shortened(text: str, limit: int) -> str:
    """Cut between words: half a secret would not be known as one by whoever redacts."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rpartition(' ')[0]}…".lstrip()
