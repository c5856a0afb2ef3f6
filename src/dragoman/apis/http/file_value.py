"""A file as an argument: `{name, media_type, base64}`, for parts of forms and whole bodies."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.apis.http.text import kind_of
from dragoman.errors import ArgumentError

if TYPE_CHECKING:
    from dragoman.operation import JsonSchema, JsonValue

__all__ = ["FILE_SCHEMA", "MAX_FILE", "FileValue", "is_file_value", "read_file_value"]

MAX_FILE = 10 * 1024 * 1024
"""Bytes of one file."""

_MAX_BASE64 = 4 * -(-MAX_FILE // 3)
_MAX_NAME = 255
_MAX_MEDIA_TYPE = 127
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(; ?{_WORD}=({_WORD}|"[ !#-\[\]-~]*"))*')
"""RFC 9110, section 8.3.1."""

FILE_SCHEMA: JsonSchema = {
    "type": "object",
    "description": "A file.",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": _MAX_NAME},
        "media_type": {"type": "string", "minLength": 3, "maxLength": _MAX_MEDIA_TYPE},
        "base64": {"type": "string", "contentEncoding": "base64", "maxLength": _MAX_BASE64},
    },
    "required": ["name", "base64"],
    "additionalProperties": False,
}
"""What a file looks like among the arguments; without `media_type` nothing is said of its bytes."""


@dataclass(frozen=True, slots=True)
class FileValue:
    """A file with its bytes; `name` is no path, and `media_type` is empty where none was given."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


def is_file_value(value: JsonValue) -> bool:
    """Whether a value has the members of a file and no others."""
    if not isinstance(value, Mapping):
        return False
    return {"name", "base64"} <= value.keys() <= {"name", "media_type", "base64"}


def read_file_value(value: JsonValue, argument: str) -> FileValue:
    """Return the file in an argument.

    Raises `ArgumentError` for what is none: bad base64, a name that is a path or holds what is not
    seen, a media type that is none, more than `MAX_FILE` bytes.
    """
    if not isinstance(value, Mapping) or not is_file_value(value):
        raise ArgumentError(
            f"{argument} is {kind_of(value)}, and a file is wanted there.",
            hint=f"Give {argument} as {{name, media_type, base64}}.",
        )
    return FileValue(
        _name(value["name"], argument),
        _media_type(value.get("media_type"), argument),
        _data(value["base64"], argument),
    )


def _name(name: JsonValue, argument: str) -> str:
    if not isinstance(name, str) or not name or len(name.encode("utf-8", "replace")) > _MAX_NAME:
        raise ArgumentError(f"{argument}.name must be a name of 1 to {_MAX_NAME} bytes.")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise ArgumentError(f"{argument}.name is a path: {name[:80]!r}.", hint="Give a name only.")
    if not name.isprintable():
        raise ArgumentError(f"{argument}.name holds a character that is not seen: {name[:80]!a}.")
    return name


def _media_type(media_type: JsonValue, argument: str) -> str:
    if media_type is None:
        return ""
    fits = isinstance(media_type, str) and len(media_type) <= _MAX_MEDIA_TYPE
    if not fits or not _MEDIA_TYPE.fullmatch(str(media_type)) or "*" in str(media_type):
        raise ArgumentError(
            f"{argument}.media_type is no media type.", hint="Such as image/png, or leave it out."
        )
    return str(media_type)


def _data(text: JsonValue, argument: str) -> bytes:
    if not isinstance(text, str):
        raise ArgumentError(f"{argument}.base64 is {kind_of(text)}, not text.")
    if len(text) > _MAX_BASE64:
        raise ArgumentError(f"{argument} is larger than {MAX_FILE // 2**20} MiB.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ArgumentError(
            f"{argument}.base64 is not base64 (RFC 4648, section 4).",
            hint="Without line breaks, and padded with =.",
        ) from None
