"""Rules of the GPT editor on operations and their parameters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

from dragoman.tools.actions.check import Breach, Check, Node
from dragoman.tools.actions.parts import (
    mapped,
    operations,
    parameters,
    request_schemas,
    schemas,
    text,
)

__all__ = ["CHECKS", "MAX_OPERATIONS", "MAX_PARAMETER_TEXT", "MAX_SUMMARY"]

MAX_OPERATIONS = 30
MAX_SUMMARY = 300
MAX_PARAMETER_TEXT = 700

_OPERATION_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def _too_long(key: str, document: Node) -> Iterator[Breach]:
    for at, node in operations(document):
        length = len(text(node, key))
        if length > MAX_SUMMARY:
            yield f"{at}/{key}", f"it has {length:,}"


def _operation_id(document: Node) -> Iterator[Breach]:
    for at, node in operations(document):
        if not _OPERATION_ID.fullmatch(text(node, "operationId")):
            yield f"{at}/operationId", f"it is {text(node, 'operationId')[:80] or 'missing'}"


def _operation_id_unique(document: Node) -> Iterator[Breach]:
    names = Counter(text(node, "operationId") for _, node in operations(document))
    for name, count in names.items():
        if name and count > 1:
            yield "/paths", f"{name[:80]} stands {count:,} times"


def _consequential(document: Node) -> Iterator[Breach]:
    for at, node in operations(document):
        if not isinstance(node.get("x-openai-isConsequential", True), bool):
            yield f"{at}/x-openai-isConsequential", "it is neither"


def _text_only(document: Node) -> Iterator[Breach]:
    for at, node in operations(document):
        holders = {"requestBody": mapped(node.get("requestBody"))}
        for status, one in mapped(node.get("responses")).items():
            holders[f"responses/{status}"] = mapped(one)
        for name, holder in holders.items():
            for media_type in mapped(holder.get("content")):
                if str(media_type).startswith(("image/", "video/")):
                    yield f"{at}/{name}", f"it is {str(media_type)[:80]}"


def _operation_count(document: Node) -> Iterator[Breach]:
    count = sum(1 for _ in operations(document))
    if count > MAX_OPERATIONS:
        yield "/paths", f"there are {count:,}"


def _parameter_reference(document: Node) -> Iterator[Breach]:
    for operation, found in parameters(document):
        for at, node in found:
            if "$ref" in node:
                yield at, f"it is {text(node, '$ref')[:80]}, for {operation.at[:80]}"


def _parameter_name(document: Node) -> Iterator[Breach]:
    for _, found in parameters(document):
        for at, node in found:
            if "$ref" not in node and not text(node, "name"):
                yield at, "there is none"


def _duplicate_parameter(document: Node) -> Iterator[Breach]:
    for operation, found in parameters(document):
        names = Counter(text(node, "name") for _, node in found)
        for name, count in names.items():
            if name and count > 1:
                yield operation.at, f"{name[:80]} stands {count:,} times"


def _header_parameter(document: Node) -> Iterator[Breach]:
    for _, found in parameters(document):
        for at, node in found:
            if node.get("in") in ("header", "cookie"):
                yield at, f"{text(node, 'name')[:80]} goes into a {node['in']}"


def _exploded_query(document: Node) -> Iterator[Breach]:
    for _, found in parameters(document):
        for at, node in found:
            kind = text(mapped(node.get("schema")), "type")
            is_exploded = node.get("explode", node.get("style", "form") == "form")
            if node.get("in") == "query" and kind in ("array", "object") and is_exploded:
                yield at, f"{text(node, 'name')[:80]} is an {kind}"


def _parameter_text(document: Node) -> Iterator[Breach]:
    for _, found in parameters(document):
        for at, node in found:
            length = len(text(node, "description"))
            if length > MAX_PARAMETER_TEXT:
                yield f"{at}/description", f"it has {length:,}"
    for at, node in schemas(document):
        length = len(text(node, "description"))
        if length > MAX_PARAMETER_TEXT:
            yield f"{at}/description", f"it has {length:,}"


def _file_parameter(document: Node) -> Iterator[Breach]:
    for at, node in request_schemas(document):
        declared = mapped(node.get("properties")).get("openaiFileIdRefs")
        if declared is not None and not _is_list_of(declared, "string"):
            yield f"{at}/properties/openaiFileIdRefs", "it is another type"


def _file_response(document: Node) -> Iterator[Breach]:
    for at, node in schemas(document):
        declared = mapped(node.get("properties")).get("openaiFileResponse")
        if declared is not None and mapped(declared).get("type") != "array":
            yield f"{at}/properties/openaiFileResponse", "it is another type"


def _is_list_of(schema: object, kind: str) -> bool:
    node = mapped(schema)
    return node.get("type") == "array" and mapped(node.get("items")).get("type") == kind


CHECKS = (
    Check(
        "operation-count",
        "reported",
        "a document has 30 operations at the most",
        "Make several documents.",
        _operation_count,
    ),
    Check(
        "operation-id",
        "reported",
        "an operationId is 1 to 64 letters, digits, - and _",
        "Name the operation so.",
        _operation_id,
    ),
    Check(
        "operation-id-unique",
        "reported",
        "each operationId stands once",
        "Give each its own.",
        _operation_id_unique,
    ),
    Check(
        "summary-length",
        "documented",
        "a summary has 300 characters at the most",
        "Shorten it.",
        partial(_too_long, "summary"),
    ),
    Check(
        "description-length",
        "documented",
        "the description of an operation has 300 characters at the most",
        "Shorten it.",
        partial(_too_long, "description"),
    ),
    Check(
        "consequential",
        "documented",
        "x-openai-isConsequential is true or false",
        "Write true for what changes something.",
        _consequential,
    ),
    Check(
        "text-only",
        "documented",
        "bodies and answers are text, not images or videos",
        "Answer with an address of it.",
        _text_only,
    ),
    Check(
        "parameter-reference",
        "reported",
        "a parameter is written out: references among them are not followed",
        "Write it where it is used.",
        _parameter_reference,
    ),
    Check(
        "parameter-name",
        "reported",
        "a parameter has a name",
        "Name it.",
        _parameter_name,
    ),
    Check(
        "duplicate-parameter",
        "reported",
        "a name stands once among the parameters of an operation and its path",
        "Rename one.",
        _duplicate_parameter,
    ),
    Check(
        "header-parameter",
        "documented",
        "no parameter goes into a header or cookie",
        "Take it in the query or body.",
        _header_parameter,
    ),
    Check(
        "query-list",
        "reported",
        "lists in the query are not repeated: they arrive as one value",
        "Take a list with commas (explode: false), or a body.",
        _exploded_query,
    ),
    Check(
        "parameter-text",
        "documented",
        "the description of a parameter has 700 characters at the most",
        "Shorten it.",
        _parameter_text,
    ),
    Check(
        "file-parameter",
        "documented",
        "openaiFileIdRefs is a list of texts",
        "Declare it as an array of string.",
        _file_parameter,
    ),
    Check(
        "file-response",
        "documented",
        "openaiFileResponse is a list",
        "Declare it as an array.",
        _file_response,
    ),
)
