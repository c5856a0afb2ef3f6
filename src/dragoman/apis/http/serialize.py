"""Parameters by style and explode, as the tables of OpenAPI 3.0.4 and 3.1.1 have them.

Where a table says nothing, RFC 6570 decides (`simple`, `label`, `matrix` and `form` are its
expansions). What cannot be told from something else on the wire is refused, never guessed:
an empty list, a separator inside of a value that is not encoded, a bracket in a deepObject key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from dragoman.apis.http.binding import Encoding, Style
from dragoman.apis.http.media import is_json
from dragoman.apis.http.text import (
    Encode,
    in_header,
    in_json,
    in_url,
    is_list,
    kind_of,
    scalar,
)
from dragoman.errors import ArgumentError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Pair", "form_pairs", "header_value", "path_text", "query_pairs"]

Pair: TypeAlias = tuple[str, str]
"""A name as the receiver reads it, and a value in its encoding."""

_MAX_DEPTH = 64
_SEPARATORS: Mapping[str, tuple[str, str]] = {
    "spaceDelimited": (" ", "a space"),
    "pipeDelimited": ("|", "a bar"),
    "tabDelimited": ("\t", "a tab"),
}


def path_text(name: str, value: JsonValue, style: Style, *, explode: bool) -> str:
    """Return what stands in the hole of a path template, encoded."""
    if not _is_composite(value):
        text = in_url(scalar(value, name))
        prefix = {"label": ".", "matrix": f";{in_url(name)}"}.get(style, "")
        return f"{prefix}={text}" if style == "matrix" and text else prefix + text
    if style == "matrix":
        return _matrix(name, value, explode=explode)
    if style != "label":
        return ",".join(_pieces(name, value, in_url, equals=explode))
    separator = "." if explode else ","
    # A dot is an unreserved character, which encoding leaves as it is.
    encode = _parted_by(separator, "a dot", name, in_url) if explode else in_url
    return "." + separator.join(_pieces(name, value, encode, equals=explode))


def _matrix(name: str, value: JsonValue, *, explode: bool) -> str:
    pieces = _pieces(name, value, in_url, equals=explode)
    if not explode:
        pieces = [f"{in_url(name)}={','.join(pieces)}"]
    elif not isinstance(value, Mapping):
        pieces = [f"{in_url(name)}={piece}" for piece in pieces]
    # A name without a value has no equals sign either (RFC 6570, section 3.2.7).
    return "".join(f";{piece.removesuffix('=')}" for piece in pieces)


def header_value(name: str, value: JsonValue, *, explode: bool) -> str:
    """Return the value of a header (style `simple`), which nothing encodes."""

    def checked(text: str) -> str:
        if _is_composite(value) and ("," in text or ("=" in text and isinstance(value, Mapping))):
            raise ArgumentError(f"{name} holds {text!r}, which its header would take for several.")
        return in_header(text, name)

    if not _is_composite(value):
        return checked(scalar(value, name))
    return ",".join(_pieces(name, value, checked, equals=explode))


def query_pairs(
    name: str, value: JsonValue, style: Style, encode: Encode, *, explode: bool
) -> list[Pair]:
    """Return the pairs of one parameter in a query, a cookie or a form."""
    if style == "deepObject":
        return [(key, encode(text)) for key, text in _deep(name, value, name, 0)]
    if style in _SEPARATORS and (explode or not _is_composite(value)):
        raise _without_form(name, value, style, explode=explode)
    if not _is_composite(value):
        return [(name, encode(scalar(value, name)))]
    if explode:
        if isinstance(value, Mapping):
            pairs = _members(name, value)
            return [(key, encode(scalar(member, name))) for key, member in pairs]
        items = _items(name, value)
        return [(name, encode(scalar(item, name))) for item in items]
    if style in _SEPARATORS:
        return [(name, _delimited(name, value, style, encode))]
    encode = _parted_by(",", "a comma", name, encode)
    return [(name, ",".join(_pieces(name, value, encode, equals=False)))]


def form_pairs(name: str, value: JsonValue, encoding: Encoding, encode: Encode) -> list[Pair]:
    """Return the pairs of one member of a form (OpenAPI Encoding Object, 3.1.1 section 4.8.15)."""
    if encoding.style is not None:
        return query_pairs(name, value, encoding.style, encode, explode=encoding.explode)
    if isinstance(value, Mapping) or is_json(encoding.content_type or ""):
        return [(name, encode(in_json(value, name)))]
    items = _items(name, value) if is_list(value) else [value]
    return [
        (name, encode(in_json(item, name) if _is_composite(item) else scalar(item, name)))
        for item in items
    ]


def _is_composite(value: JsonValue) -> bool:
    return isinstance(value, Mapping) or is_list(value)


def _items(name: str, value: JsonValue) -> Sequence[JsonValue]:
    items = cast("Sequence[JsonValue]", value)
    if not items:
        raise _empty(name, value)
    return items


def _members(name: str, value: JsonObject) -> list[tuple[str, JsonValue]]:
    if not value:
        raise _empty(name, value)
    return list(value.items())


def _empty(name: str, value: JsonValue) -> ArgumentError:
    return ArgumentError(
        f"{name} is {kind_of(value)} with nothing in it, which cannot be written there.",
        hint=f"Leave {name} out.",
    )


def _without_form(name: str, value: JsonValue, style: Style, *, explode: bool) -> ArgumentError:
    # The cells that say n/a (OpenAPI 3.1.1, section 4.8.12.4).
    exploded = ", exploded" if explode else ""
    return ArgumentError(
        f"{name} is {kind_of(value)}, for which the style {style}{exploded} has no form.",
        hint=f"Leave {name} out." if explode else f"Give {name} as a list.",
    )


def _pieces(name: str, value: JsonValue, encode: Encode, *, equals: bool) -> list[str]:
    """Return the encoded parts of a list or an object; with `equals` a member is one part."""
    if not isinstance(value, Mapping):
        return [encode(scalar(item, name)) for item in _items(name, value)]
    pairs = [(encode(key), encode(scalar(item, name))) for key, item in _members(name, value)]
    if equals:
        return [f"{key}={text}" for key, text in pairs]
    return [part for pair in pairs for part in pair]


def _delimited(name: str, value: JsonValue, style: Style, encode: Encode) -> str:
    separator, shown = _SEPARATORS[style]
    checked = _parted_by(separator, shown, name, str)
    # Not allowed in an address as they are (RFC 3986 3.4), so encoded whatever the value is.
    parts = _pieces(name, value, lambda text: encode(checked(text)), equals=False)
    return in_url(separator).join(parts)


def _parted_by(separator: str, shown: str, name: str, encode: Encode) -> Encode:
    """Refuse a value that would still hold, once it is encoded, what separates values."""

    def checked(text: str) -> str:
        encoded = encode(text)
        if separator in encoded:
            raise ArgumentError(
                f"{name} holds {shown} in {text[:80]!r}, which separates its values."
            )
        return encoded

    return checked


def _deep(key: str, value: JsonValue, name: str, depth: int) -> Iterator[Pair]:
    """Write `a[b]=`, and beyond the specification `a[b][c]=`, `a[]=` and `a[0][b]=`.

    So do the vendors who use it (Stripe's documentation, 2026): a list of plain values repeats
    `a[]`, one that holds objects counts.
    """
    if depth > _MAX_DEPTH:
        raise ArgumentError(f"{name} is nested deeper than {_MAX_DEPTH}.")
    if isinstance(value, Mapping):
        for inner, member in _members(name, value):
            if not inner or "[" in inner or "]" in inner:
                raise ArgumentError(f"{name} has a member named {inner!r}, which cannot be sent.")
            yield from _deep(f"{key}[{inner}]", member, name, depth + 1)
    elif is_list(value):
        items = _items(name, value)
        counted = any(_is_composite(item) for item in items)
        for index, item in enumerate(items):
            yield from _deep(f"{key}[{index if counted else ''}]", item, name, depth + 1)
    else:
        yield key, scalar(value, name)
