"""Forms in parts: multipart/form-data (RFC 7578), the same bytes for the same values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from dragoman.apis.http.binding import Encoding
from dragoman.apis.http.content_type import first_concrete, of_file
from dragoman.apis.http.file_value import is_file_value, read_file_value
from dragoman.apis.http.media import MULTIPART, is_json
from dragoman.apis.http.serialize import query_pairs
from dragoman.apis.http.text import as_utf8, in_json, in_url, is_list, kind_of, scalar
from dragoman.errors import ArgumentError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["write_multipart"]

_DEFAULT = Encoding()
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

# A backslash is an escape to some who read a quoted string and not to others (RFC 9110 5.6.4).
_UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f\\\u2028\u2029]")
_MAX_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    content_type: str
    data: bytes
    filename: str | None = None

    @property
    def head(self) -> bytes:
        """The headers of the part (RFC 7578, sections 4.2 and 4.4); names are in UTF-8."""
        line = f'Content-Disposition: form-data; name="{_quoted(self.name)}"'
        if self.filename is not None:
            line += f'; filename="{_quoted(self.filename)}"'
        return f"{line}\r\nContent-Type: {self.content_type}\r\n\r\n".encode()


def write_multipart(value: JsonObject, encodings: Mapping[str, Encoding]) -> tuple[str, bytes]:
    """Return the Content-Type, which holds the boundary, and the body.

    A list becomes a part for each item, an object a part of JSON, `{name, media_type, base64}` a
    file (OpenAPI 3.1.1, section 4.8.15.3). The boundary comes from the content, so that equal
    values give equal bytes. Raises `ArgumentError` for what no part can hold.
    """
    parts = [
        part
        for name, member in value.items()
        for part in _parts(name, member, encodings.get(name, _DEFAULT))
    ]
    if len(parts) > _MAX_PARTS:
        raise ArgumentError(f"The form would have {len(parts):,} parts; {_MAX_PARTS:,} go.")
    boundary = _boundary(parts)
    mark = f"--{boundary}".encode("ascii")
    pieces = [mark + b"\r\n" + part.head + part.data + b"\r\n" for part in parts]
    return f"{MULTIPART}; boundary={boundary}", b"".join([*pieces, mark, b"--\r\n"])


def _parts(name: str, value: JsonValue, encoding: Encoding) -> Iterator[_Part]:
    _check_name(name)
    if encoding.style is not None:
        for key, text in query_pairs(name, value, encoding.style, in_url, explode=encoding.explode):
            _check_name(key)
            # A part is not percent-encoded: what the style has written is read back.
            yield _Part(key, _TEXT, as_utf8(unquote(text), name))
    elif is_list(value) and not is_json(encoding.content_type or ""):
        items = list(value)
        if not items:
            raise ArgumentError(
                f"{name} is a list with nothing in it, which no form can say.",
                hint=f"Leave {name} out.",
            )
        for item in items:
            yield _part(name, item, encoding)
    else:
        yield _part(name, value, encoding)


def _part(name: str, value: JsonValue, encoding: Encoding) -> _Part:
    described = encoding.content_type or ""
    wanted = first_concrete(described)
    if is_json(wanted):
        return _Part(name, wanted, in_json(value, name).encode())
    if is_file_value(value):
        file = read_file_value(value, name)
        return _Part(name, of_file(described, file.media_type, name), file.data, file.name)
    if isinstance(value, Mapping) or is_list(value):
        if described:
            raise ArgumentError(f"{name} is {kind_of(value)}, which cannot be sent as {described}.")
        return _Part(name, _JSON, in_json(value, name).encode())
    content_type = wanted if wanted and wanted != "text/plain" else _TEXT
    return _Part(name, content_type, as_utf8(scalar(value, name), name))


def _check_name(name: str) -> None:
    if found := _UNSAFE_NAME.search(name):
        code = f"U+{ord(found[0]):04X}"
        raise ArgumentError(f"{name[:80]!a} holds {code}, which no name of a form may hold.")
    as_utf8(name, "a name of the form")


def _quoted(text: str) -> str:
    """Escape what would end a quoted string, as browsers do (WHATWG HTML, section 4.10.22.8)."""
    return text.replace('"', "%22")


def _boundary(parts: list[_Part]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:%d:" % (len(part.head), len(part.data)))
        digest.update(part.head)
        digest.update(part.data)
    for attempt in range(_MAX_PARTS):
        digest.update(b"%d" % attempt)
        boundary = f"dragoman-{digest.hexdigest()[:40]}"
        mark = boundary.encode("ascii")
        if not any(mark in part.data or mark in part.head for part in parts):
            return boundary
    raise ArgumentError("No boundary could be found for the form.")
