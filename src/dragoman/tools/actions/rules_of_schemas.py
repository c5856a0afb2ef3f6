"""Rules of the GPT editor on schemas, and on the document as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from graphlib import CycleError, TopologicalSorter

from dragoman.exact_json import glimpse
from dragoman.tools.actions.check import Breach, Check, Node
from dragoman.tools.actions.parts import (
    mapped,
    operations,
    references,
    request_schemas,
    schemas,
    text,
)

__all__ = ["CHECKS", "MAX_PRETTY_BYTES", "pretty_size"]

MAX_PRETTY_BYTES = 800_000

_COMPONENT = "#/components/schemas/"
_IN_COMPOSITION = re.compile(r"/(?:all|any|one)Of/\d+\Z")
_NOT_COMMON = (
    *("const", "nullable", "$defs", "definitions", "if", "then", "else", "prefixItems"),
    *("contains", "propertyNames", "patternProperties", "dependentSchemas", "examples"),
    *("dependentRequired", "unevaluatedProperties", "unevaluatedItems", "contentEncoding"),
    *("contentMediaType", "exclusiveMinimum", "exclusiveMaximum", "$schema", "$dynamicRef"),
)


def _openapi_version(document: Node) -> Iterator[Breach]:
    version = document.get("openapi")
    if not (isinstance(version, str) and version.startswith(("3.0.", "3.1."))):
        yield "/openapi", f"it is {str(version)[:20]}"


def _info(key: str, document: Node) -> Iterator[Breach]:
    if not text(mapped(document.get("info")), key).strip():
        yield f"/info/{key}", "there is none"


def _no_operation(document: Node) -> Iterator[Breach]:
    if next(operations(document), None) is None:
        yield "/paths", "there is none"


def _document_size(document: Node) -> Iterator[Breach]:
    """As the editor measures: written out, and with what a reference names in its place."""
    size = pretty_size(document)
    if size > MAX_PRETTY_BYTES:
        yield "", f"it has {size:,} bytes"


def pretty_size(document: Node) -> int:
    """Return the bytes of a document as indented JSON, and once more what references name."""
    import msgspec  # noqa: PLC0415 - at first use

    written = glimpse(dict(document))
    if written is None:
        return MAX_PRETTY_BYTES + 1
    size = len(msgspec.json.format(written, indent=2))
    components = mapped(mapped(document.get("components")).get("schemas"))
    sizes = {
        name: len(msgspec.json.format(glimpse(one) or b"0", indent=2))
        for name, one in components.items()
    }
    counts = Counter(target.removeprefix(_COMPONENT) for _, target in references(document))
    return size + sum(sizes.get(name, 0) * count for name, count in counts.items())


def _body_object(document: Node) -> Iterator[Breach]:
    for at, node in request_schemas(document):
        if node.get("type") != "object":
            yield at, f"it is {str(node.get('type', 'of no type'))[:40]}"


def _object_properties(document: Node) -> Iterator[Breach]:
    for at, node in schemas(document):
        if node.get("type") == "object" and not isinstance(node.get("properties"), Mapping):
            yield at, "it has none"


def _components_schemas(document: Node) -> Iterator[Breach]:
    if not isinstance(mapped(document.get("components")).get("schemas"), Mapping):
        yield "/components/schemas", "it is missing"


def _known_component(document: Node) -> Iterator[Breach]:
    known = mapped(mapped(document.get("components")).get("schemas"))
    for at, target in references(document):
        if target.removeprefix(_COMPONENT) not in known or not target.startswith(_COMPONENT):
            yield at, f"{target[:80]} is none"


def _nested_reference(document: Node) -> Iterator[Breach]:
    known = mapped(mapped(document.get("components")).get("schemas"))
    circle = _circle(document)
    for at, target in references(document):
        name = target.removeprefix(_COMPONENT)
        is_within = at.startswith("/components/") or _IN_COMPOSITION.search(at)
        if is_within and name in known and name not in circle:
            yield at, f"it is {target[:80]}"


def _circular_components(document: Node) -> Iterator[Breach]:
    if circle := _circle(document):
        yield f"/components/schemas/{circle[0]}", f"it leads to {', '.join(circle[1:6])}"


def _circle(document: Node) -> list[str]:
    """Return the components of one circle, the first of them at its end again."""
    outgoing: dict[str, set[str]] = {}
    for at, target in references(document):
        if at.startswith("/components/schemas/"):
            name = at.split("/")[3].replace("~1", "/").replace("~0", "~")
            outgoing.setdefault(name, set()).add(target.removeprefix(_COMPONENT))
    try:
        TopologicalSorter(outgoing).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _common_subset(document: Node) -> Iterator[Breach]:
    for at, node in schemas(document):
        for keyword in _NOT_COMMON:
            if keyword in node:
                yield f"{at}/{keyword}", "it is used"
        if isinstance(node.get("type"), list):
            yield f"{at}/type", "it is a list"


CHECKS = (
    Check(
        "openapi-version",
        "reported",
        "the version is 3.0 or 3.1",
        "Write openapi: 3.1.0.",
        _openapi_version,
    ),
    Check(
        "info-title",
        "documented",
        "info has a title",
        "Name what the actions are for.",
        partial(_info, "title"),
    ),
    Check(
        "info-description",
        "documented",
        "info.description tells ChatGPT when the actions are of use",
        "Say in a sentence what they are for.",
        partial(_info, "description"),
    ),
    Check(
        "operations",
        "reported",
        "there is an operation",
        "Choose at least one.",
        _no_operation,
    ),
    Check(
        "document-size",
        "reported",
        "a document stays below 1 MB once it is written out: 800,000 bytes are safe",
        "Make several documents.",
        _document_size,
    ),
    Check(
        "body-object",
        "reported",
        "a body is an object",
        "Put it into a member of an object.",
        _body_object,
    ),
    Check(
        "object-properties",
        "reported",
        "an object lists its properties",
        "List them, or take JSON text.",
        _object_properties,
    ),
    Check(
        "components-schemas",
        "reported",
        "components.schemas is an object",
        "Write it, if need be empty.",
        _components_schemas,
    ),
    Check(
        "known-component",
        "reported",
        "a reference names a component of the document",
        "Name one that is there.",
        _known_component,
    ),
    Check(
        "nested-reference",
        "reported",
        "components and compositions hold no references: what they name is read as empty",
        "Write it out.",
        _nested_reference,
    ),
    Check(
        "circular-components",
        "reported",
        "no component holds itself",
        "Cut the circle.",
        _circular_components,
    ),
    Check(
        "common-subset",
        "reported",
        "only what OpenAPI 3.0 and 3.1 have in common is used",
        "Leave it out, or say it in words.",
        _common_subset,
    ),
)
