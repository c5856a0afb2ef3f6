"""Media types: what they say of the bytes beneath them (RFC 6838, RFC 9110 8.3)."""

from __future__ import annotations

import re

__all__ = ["FORM", "charset_of", "essence", "is_form", "is_json", "is_text"]

FORM = "application/x-www-form-urlencoded"

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
_TEXTUAL = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        FORM,
    }
)


def essence(media_type: str) -> str:
    """Return type and subtype in lower case, without parameters."""
    return media_type.partition(";")[0].strip().lower()


def charset_of(media_type: str) -> str:
    """Return the charset parameter, or nothing."""
    match = _CHARSET.search(media_type)
    return match[1] if match else ""


def is_json(media_type: str) -> bool:
    """Whether the bytes are one JSON text: application/json, text/json and any +json."""
    name = essence(media_type)
    return name in {"application/json", "text/json"} or name.endswith("+json")


def is_form(media_type: str) -> bool:
    """Whether the bytes are an encoded form."""
    return essence(media_type) == FORM


def is_text(media_type: str) -> bool:
    """Whether the bytes are characters that a person may read."""
    name = essence(media_type)
    return name.startswith("text/") or name in _TEXTUAL or name.endswith(("+xml", "+yaml"))
