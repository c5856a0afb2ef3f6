"""Values as text, and text as it may stand in an address, a header or a form.

Nothing here decides where a value goes; it decides that the value arrives as what was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeGuard
from urllib.parse import quote

from dragoman.errors import ArgumentError
from dragoman.exact_json import encode_text
from dragoman.operation import JsonValue

__all__ = [
    "Encode",
    "as_utf8",
    "in_cookie",
    "in_form",
    "in_header",
    "in_json",
    "in_query",
    "in_query_reserved",
    "in_url",
    "is_list",
    "kind_of",
    "scalar",
]

Encode: TypeAlias = "Callable[[str], str]"

# RFC 3986 3.4 without what has a meaning of its own in a query: & = + # [ ] and the percent sign.
_QUERY_RESERVED = ":/?@!$'()*,;"

# RFC 9110 5.5; tab is allowed, but no sender needs it and some receivers fold it.
_NOT_IN_HEADER = re.compile(r"[\x00-\x1f\x7f]")

# All but the cookie-octets of RFC 6265 4.1.1.
_NOT_IN_COOKIE = re.compile(r"[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]")

_PLAIN_DIGITS = 40


def scalar(value: JsonValue, name: str) -> str:
    """Return a value that is neither list nor object as text, numbers digit for digit.

    Raises `ArgumentError` for null, for what is no number, and for lists and objects: of those
    inside others no style says how they are written.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number(value, name)
    raise ArgumentError(f"{name} holds {kind_of(value)}, which cannot be written there.")


def _number(value: float | Decimal, name: str) -> str:
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _PLAIN_DIGITS:
        return format(value, "f")
    try:
        return encode_text(value)
    except ValueError as error:
        raise ArgumentError(f"{name} is no number that can be sent: {error}.") from None


def in_json(value: JsonValue, name: str) -> str:
    """Return a value as JSON text; raises `ArgumentError` for what JSON cannot say."""
    try:
        return encode_text(value)
    except UnicodeEncodeError as error:
        raise _half_character(error, name) from None
    except ValueError as error:
        raise ArgumentError(f"{name} cannot be written as JSON: {error}.") from None


def as_utf8(text: str, name: str) -> bytes:
    """Return text in UTF-8; raises `ArgumentError` for half a character."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _half_character(error, name) from None


def in_url(text: str) -> str:
    """Percent-encode all but the unreserved characters (RFC 3986 2.3)."""
    return _quoted(text, "")


in_query = in_url


def in_query_reserved(text: str) -> str:
    """Leave reserved characters as they are (`allowReserved`), save those that end a value."""
    return _quoted(text, _QUERY_RESERVED)


def in_form(text: str) -> str:
    """Encode for application/x-www-form-urlencoded, where a space is a plus sign."""
    return _quoted(text, " *").replace(" ", "+").replace("~", "%7E")


def in_header(text: str, name: str) -> str:
    """Return text that may be the value of a header, unchanged.

    Raises `ArgumentError` for control characters, and for spaces at its ends, which a receiver
    takes away.
    """
    if found := _NOT_IN_HEADER.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise ArgumentError(f"{name} holds the character {code}, which no header may hold.")
    if text != text.strip(" "):
        raise ArgumentError(f"{name} begins or ends with a space, which a header loses.")
    as_utf8(text, name)
    return text


def in_cookie(text: str, name: str) -> str:
    """Return text that may be the value of a cookie, unchanged (RFC 6265, section 4.1.1).

    Raises `ArgumentError` for spaces, quotes, commas, semicolons, backslashes and what is not
    ASCII: the style `cookie` of OpenAPI 3.2 wants them escaped by whoever gives the value.
    """
    if found := _NOT_IN_COOKIE.search(text):
        raise ArgumentError(
            f"{name} holds {found[0]!a}, which no cookie may hold as it is.",
            hint=f"Give {name} as the API wants it escaped.",
        )
    return text


def kind_of(value: JsonValue) -> str:
    """Return what a value is, in words: `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, Sequence) else "a number"


def is_list(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    """Whether a value is a list; text is none."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def _quoted(text: str, safe: str) -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise _half_character(error, "an argument") from None


def _half_character(error: UnicodeEncodeError, name: str) -> ArgumentError:
    code = f"U+{ord(error.object[error.start]):04X}"
    return ArgumentError(f"{name} holds half a character ({code}), which cannot be sent.")
