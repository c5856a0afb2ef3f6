"""Media types of requests and answers: what is sent where a description leaves a choice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dragoman.apis.http.media import MULTIPART, essence, is_form, is_json, is_multipart
from dragoman.apis.openapi.document import Document, object_of, text_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["accepted", "is_binary", "preference", "sent_as", "upgrades"]

JSON = "application/json"
OCTETS = "application/octet-stream"

# RFC 9110, section 8.3.1; the wildcards of a media range are let in.
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(\s*;\s*{_WORD}=({_WORD}|"[ !#-\[\]-~]*"))*')
_TEXTUAL = ("text/", "application/json")
_MAX_ACCEPTED = 8


def sent_as(media_type: str, holder: JsonObject) -> str:
    """Return the media type that is sent for one of a description; nothing for one that is none."""
    if not _MEDIA_TYPE.fullmatch(media_type) or len(media_type) > 200:
        return ""
    kind = essence(media_type)
    if kind == "multipart/*":
        return MULTIPART
    if kind not in ("*/*", "application/*"):
        return media_type
    schema = object_of(holder, "schema")
    return OCTETS if is_binary(schema, "") else JSON


def preference(media_type: str) -> int:
    """Return the rank of a media type for a body, the lower the better.

    A JSON Patch (RFC 6902) is a list of changes, so any other JSON is nearer to the schema of a
    thing; JSON Merge Patch (RFC 7396) comes before patches of one vendor.
    """
    kind = essence(media_type)
    if kind == JSON:
        return 0
    if kind == "application/json-patch+json":
        return 3
    if is_json(kind):
        return 1 if kind in ("text/json", "application/merge-patch+json") else 2
    if is_form(kind):
        return 4
    return 5 if is_multipart(kind) else 6


def is_binary(schema: JsonObject, content_type: str) -> bool:
    """Whether a schema describes bytes, which JSON Schema cannot (OpenAPI 3.1.1, 4.8.14.2-3).

    `content_type` is what an Encoding Object says of the part.
    """
    kind = schema.get("type")
    if kind not in (None, "string", "file") and kind != ["string", "null"]:
        return False
    if schema.get("format") == "binary" or kind == "file":
        return True
    if "contentEncoding" in schema or schema.get("format") in ("byte", "base64"):
        return False
    described = text_of(schema, "contentMediaType") or content_type
    if not described or described.startswith(_TEXTUAL) or is_json(described):
        return False
    return not any(key in schema for key in ("enum", "const", "pattern", "properties"))


def accepted(document: Document, responses: JsonObject) -> str:
    """Return the Accept header: the media types of success, JSON first; nothing where none."""
    found: dict[str, None] = {}
    for response in _successes(document, responses):
        for media_type in object_of(response, "content"):
            if _MEDIA_TYPE.fullmatch(media_type):
                found[media_type] = None
    if not found:
        return ""
    types = list(found)[:_MAX_ACCEPTED]
    as_json = next((one for one in found if is_json(one)), "")
    if as_json:
        return as_json
    if any(one.startswith(("*/*", "application/*")) for one in types):
        return f"{JSON}, */*;q=0.8"
    return ", ".join(types)


def _successes(document: Document, responses: JsonObject) -> Iterator[JsonObject]:
    """Yield the answers to a request that went well; `default` counts where there are no others."""
    statuses = [status for status in responses if str(status)[:1] == "2"]
    for status in statuses or ["default"]:
        try:
            yield document.resolve(responses.get(status))
        except DescriptionError:
            continue


def upgrades(responses: Mapping[str, JsonValue]) -> bool:
    """Whether the connection becomes another one (RFC 9110, section 15.2.2)."""
    return "101" in responses
