"""What a model gets back: errors that it can act on, and lists that end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.errors import DescriptionError
from dragoman.lint.finding import Finding, Rule
from dragoman.lint.subject import Examined, Subject
from dragoman.lint.words import folded, words_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["ERROR_SCHEMA", "PAGINATION"]

_FEW = 100

# Field terms for a part of a list: by page, by number, and by where the last part ended.
_PAGES = frozenset(
    {"after", "before", "count", "cursor", "first", "from", "last", "limit", "marker", "max"}
    | {"offset", "page", "pages", "paging", "pagination", "per", "rows", "since", "size", "skip"}
    | {"start", "starting", "ending", "take", "top"}
)
_HOLDERS = frozenset(
    {"content", "data", "elements", "entries", "items", "list", "objects", "records", "resources"}
    | {"results", "rows", "value", "values"}
)
"""Names that lists go by in an object around them, beside the last word of the path."""

_WHOLE = re.compile(r"(?:page|next|continuation|sync).?token|continue|maxresults|pagesize|perpage")


def _no_error_schema(subject: Subject) -> Iterator[Finding]:
    for one in subject.operations:
        responses = object_of(one.node, "responses")
        errors = [
            answer
            for status, answer in responses.items()
            if status == "default" or status[:1] in ("4", "5")
        ]
        if not any(_schema(subject.document, answer) is not None for answer in errors):
            told = "describes no error" if not errors else "describes errors without a schema"
            yield _finding(ERROR_SCHEMA, one, told)


def _no_pagination(subject: Subject) -> Iterator[Finding]:
    for one in subject.operations:
        if one.listed.method != "GET" or any(_is_page(text_of(p, "name")) for p in one.parameters):
            continue
        responses = object_of(one.node, "responses")
        answers = [answer for status, answer in responses.items() if status[:1] == "2"]
        if any(_is_list(subject.document, answer, one.listed.path) for answer in answers):
            yield _finding(
                PAGINATION, one, "answers with a list and takes no page, limit or cursor"
            )


def _is_page(name: str) -> bool:
    return not _PAGES.isdisjoint(words_of(name)) or bool(_WHOLE.search(name.lower()))


def _is_list(document: Document, answer: JsonValue, path: str) -> bool:
    """Whether an answer is a list without end: bare, or in an object of a path of many."""
    schema = _resolved(document, _schema(document, answer))
    if schema.get("type") == "array":
        most = schema.get("maxItems")
        return not (isinstance(most, int) and most <= _FEW)
    if path.rstrip("/").endswith("}"):
        return False
    parts = [schema, *(_resolved(document, part) for part in list_of(schema, "allOf"))]
    members = {name: one for part in parts for name, one in object_of(part, "properties").items()}
    segment = folded(path.rstrip("/").rpartition("/")[2])
    return any(
        (name.lower() in _HOLDERS or folded(name) == segment)
        and _resolved(document, one).get("type") == "array"
        for name, one in members.items()
    )


def _schema(document: Document, answer: JsonValue) -> JsonValue:
    """Return the schema of the first form of an answer that has one."""
    content = object_of(_resolved(document, answer), "content")
    schemas = (one.get("schema") for one in content.values() if isinstance(one, dict))
    return next((schema for schema in schemas if schema is not None), None)


def _resolved(document: Document, node: JsonValue) -> JsonObject:
    try:
        return document.resolve(node)
    except DescriptionError:
        return {}


def _finding(rule: Rule, one: Examined, told: str) -> Finding:
    names = frozenset({one.name})
    return Finding(rule.name, one.place, f"{one.name} {told}.", one.name, names)


ERROR_SCHEMA = Rule(
    name="error-schema",
    effect="Nobody knows what an error says, so the model repeats the call instead of mending it.",
    example='responses: {"200": …} and no "4XX" or default',
    advice="Describe errors once, such as application/problem+json (RFC 9457), and refer to that "
    "from every operation.",
    weight=6,
    find=_no_error_schema,
)

PAGINATION = Rule(
    name="pagination",
    effect="The whole list comes back; most of it is cut away before the model reads it.",
    example="get: {responses: {'200': {content: {application/json: {schema: {type: array}}}}}}",
    advice="Take a limit and a cursor, or say how many there are at most (`maxItems`).",
    weight=6,
    find=_no_pagination,
)
