"""Bodies: the arguments that belong into one, and its bytes by media type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dragoman.apis.http.binding import Body, Encoding
from dragoman.apis.http.content_type import of_file
from dragoman.apis.http.file_value import read_file_value
from dragoman.apis.http.media import (
    charset_of,
    codec_of,
    essence,
    is_form,
    is_json,
    is_multipart,
    is_text,
)
from dragoman.apis.http.multipart import write_multipart
from dragoman.apis.http.serialize import form_pairs
from dragoman.apis.http.text import as_utf8, in_form, in_json, in_query_reserved, kind_of
from dragoman.errors import ArgumentError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Written", "build_body", "encoder_of"]

_DEFAULT = Encoding()


@dataclass(frozen=True, slots=True)
class Written:
    """A body as it is sent, with the Content-Type that describes it."""

    content_type: str
    data: bytes = field(repr=False)


Encoder = Callable[[JsonValue, Body], Written]


def build_body(body: Body, arguments: JsonObject) -> Written | None:
    """Return the body, or None where none is sent.

    Raises `ArgumentError` for a body that is required and not given, and for values that its
    media type cannot carry.
    """
    if body.whole is not None:
        if body.whole not in arguments:
            if body.required:
                raise ArgumentError(f"{body.whole} is required.")
            return None
        return _encoded(arguments[body.whole], body)
    given = {name: arguments[key] for key, name in body.members.items() if key in arguments}
    return _encoded(given, body) if given or body.required else None


def encoder_of(media_type: str) -> Encoder | None:
    """Return what writes bodies of a media type, or None where nothing here does.

    JSON takes any value, the two kinds of form an object, text a string, and everything else that
    is one piece a file.
    """
    if is_json(media_type):
        return _json
    if is_form(media_type):
        return _form
    if is_multipart(media_type):
        return _multipart
    if is_text(media_type):
        return _text
    kind, _, subtype = essence(media_type).partition("/")
    return _binary if subtype and kind not in {"multipart", "message"} else None


def _encoded(value: JsonValue, body: Body) -> Written:
    encoder = encoder_of(body.media_type)
    if encoder is None:
        raise ArgumentError(f"A body of the type {body.media_type} cannot be written.")
    return encoder(value, body)


def _json(value: JsonValue, body: Body) -> Written:
    return Written(body.media_type, in_json(value, body.whole or "the body").encode())


def _form(value: JsonValue, body: Body) -> Written:
    """Write a form: names and values encoded alike, members in the order of the arguments."""
    members = _members(value, body)
    written: dict[str, str] = {}
    pieces: list[str] = []
    for name, member in members.items():
        encoding = body.encodings.get(name, _DEFAULT)
        encode = in_query_reserved if encoding.allow_reserved else in_form
        for key, text in form_pairs(name, member, encoding, encode):
            if written.setdefault(key, name) != name or (key != name and key in members):
                raise ArgumentError(f"{name} and another argument would both be sent as {key}.")
            pieces.append(f"{in_form(key)}={text}")
    return Written(body.media_type, "&".join(pieces).encode("ascii"))


def _multipart(value: JsonValue, body: Body) -> Written:
    return Written(*write_multipart(_members(value, body), body.encodings))


def _members(value: JsonValue, body: Body) -> JsonObject:
    if isinstance(value, Mapping):
        return value
    name = body.whole or "the body"
    raise ArgumentError(f"{name} is {kind_of(value)}, and a form is made of an object.")


def _text(value: JsonValue, body: Body) -> Written:
    """Write text in the charset that the description names, else in UTF-8, and say so."""
    name = body.whole or "the body"
    if not isinstance(value, str):
        raise ArgumentError(f"{name} is {kind_of(value)}, and text is wanted there.")
    charset = charset_of(body.media_type)
    if charset and charset.lower() != "utf-8":
        return Written(body.media_type, _in_charset(value, charset, name))
    # Outside of text/* the parameter is not defined, and UTF-8 is understood (RFC 6838 4.2.1).
    says_so = charset or not essence(body.media_type).startswith("text/")
    content_type = body.media_type if says_so else f"{body.media_type}; charset=utf-8"
    return Written(content_type, as_utf8(value, name))


def _in_charset(text: str, charset: str, name: str) -> bytes:
    codec = codec_of(charset)
    if not codec:
        raise ArgumentError(f"{name} is wanted in {charset[:40]}, which is not known here.")
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        code = f"U+{ord(error.object[error.start]):04X}"
        raise ArgumentError(f"{name} holds {code}, which {charset[:40]} has not.") from None


def _binary(value: JsonValue, body: Body) -> Written:
    file = read_file_value(value, body.whole or "the body")
    return Written(of_file(body.media_type, file.media_type, body.whole or "the body"), file.data)
