"""Media types: what they say of the bytes beneath them (RFC 6838, RFC 9110 8.3)."""

from __future__ import annotations

import codecs
import re

__all__ = [
    "FORM",
    "MULTIPART",
    "charset_of",
    "codec_of",
    "essence",
    "is_form",
    "is_json",
    "is_multipart",
    "is_text",
    "is_xml",
]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# The character encodings of the web (WHATWG Encoding, section 4.2), by the names Python has for
# them. Python knows more, and some of those compute instead of decoding (idna, unicode_escape).
_CODECS = re.compile(
    r"ascii|utf-8|utf-16(-[lb]e)?|iso8859-\d+|cp(125\d|866|874|932|949)|koi8-[ru]|mac-(roman|cyrillic)"
    r"|shift_jis|euc_(jp|kr)|iso2022_jp|gb(2312|k|18030)|big5(hkscs)?"
)

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
_TEXTUAL = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json-seq",
        "application/jsonl",
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


def codec_of(charset: str) -> str:
    """Return Python's name for the charset of a text, or nothing for one that is not known."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError):
        return ""
    return name if _CODECS.fullmatch(name) else ""


def is_json(media_type: str) -> bool:
    """Whether the bytes are one JSON text: application/json, text/json and any +json."""
    name = essence(media_type)
    return name in {"application/json", "text/json"} or name.endswith("+json")


def is_form(media_type: str) -> bool:
    """Whether the bytes are an encoded form."""
    return essence(media_type) == FORM


def is_multipart(media_type: str) -> bool:
    """Whether the bytes are a form in parts (RFC 7578)."""
    return essence(media_type) == MULTIPART


def is_xml(media_type: str) -> bool:
    """Whether the bytes are XML (RFC 7303)."""
    name = essence(media_type)
    return name in {"application/xml", "text/xml"} or name.endswith("+xml")


def is_text(media_type: str) -> bool:
    """Whether the bytes are characters that a person may read."""
    name = essence(media_type)
    return name.startswith("text/") or name in _TEXTUAL or name.endswith(("+xml", "+yaml"))
