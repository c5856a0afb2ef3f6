"""Bodies: the arguments that belong into one, and its bytes by media type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dragoman.apis.http.binding import Body, Encoding
from dragoman.apis.http.media import is_form, is_json
from dragoman.apis.http.serialize import form_pairs
from dragoman.apis.http.text import in_form, in_json, kind_of
from dragoman.errors import ArgumentError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["build_body", "encoder_of"]

_DEFAULT = Encoding()

Encoder = Callable[[JsonValue, Body], bytes]


def build_body(body: Body, arguments: JsonObject) -> bytes | None:
    """Return the bytes of the body, or None where none is sent.

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
    """Return what writes bodies of a media type, or None where nothing here does."""
    if is_json(media_type):
        return _json
    return _form if is_form(media_type) else None


def _encoded(value: JsonValue, body: Body) -> bytes:
    encoder = encoder_of(body.media_type)
    if encoder is None:
        raise ArgumentError(f"A body of the type {body.media_type} cannot be written.")
    return encoder(value, body)


def _json(value: JsonValue, body: Body) -> bytes:
    return in_json(value, body.whole or "the body").encode()


def _form(value: JsonValue, body: Body) -> bytes:
    """Write a form: names and values encoded alike, members in the order of the arguments."""
    if not isinstance(value, Mapping):
        name = body.whole or "the body"
        raise ArgumentError(f"{name} is {kind_of(value)}, and a form is made of an object.")
    written: dict[str, str] = {}
    pieces: list[str] = []
    for name, member in value.items():
        for key, text in form_pairs(name, member, body.encodings.get(name, _DEFAULT), in_form):
            if written.setdefault(key, name) != name or (key != name and key in value):
                raise ArgumentError(f"{name} and another argument would both be sent as {key}.")
            pieces.append(f"{in_form(key)}={text}")
    return "&".join(pieces).encode("ascii")
