"""Parameters of Swagger 2.0, where bodies and forms are parameters too."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.apis.http.media import FORM, MULTIPART, essence
from dragoman.apis.openapi.document import Document, text_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["body_of", "is_of_body", "merged", "parameter_of"]

_AROUND = frozenset(
    {"name", "in", "description", "required", "allowEmptyValue", "collectionFormat", "schema"}
)
_FORMS = (FORM, MULTIPART)
_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_SIMPLE = ("path", "header")

Node = dict[str, JsonValue]


def merged(document: Document, *owners: JsonObject) -> list[JsonObject]:
    """Return the parameters of a path and of an operation, those of the operation first in right.

    One that cannot be read is kept as it is.
    """
    found: dict[tuple[str, str], JsonObject] = {}
    for owner in owners:
        nodes = owner.get("parameters")
        if nodes is None:
            continue
        for index, node in enumerate(nodes if isinstance(nodes, list) else [nodes]):
            one = _resolved(document, node)
            name, place = text_of(one, "name"), text_of(one, "in")
            # There is one body, whatever its name.
            key = ("body", "") if place == "body" else (place, name or f" {index}")
            found[key] = one
    return list(found.values())


def _resolved(document: Document, node: JsonValue) -> JsonObject:
    try:
        return document.resolve(node)
    except DescriptionError:
        return node if isinstance(node, dict) else {}


def is_of_body(one: JsonObject) -> bool:
    """Whether a parameter is the body or a member of a form."""
    return one.get("in") in ("body", "formData")


def parameter_of(one: JsonObject) -> Node:
    """Return a parameter in the form of 3.0; `collectionFormat` becomes a style."""
    made: Node = {
        key: one[key]
        for key in ("$ref", "name", "in", "description", "required", "allowEmptyValue")
        if key in one
    }
    made["schema"] = _schema(one)
    if one.get("type") == "array":
        made |= _style(one, text_of(one, "in"))
    return made


def _style(one: JsonObject, place: str) -> Node:
    """Return style and explode for a `collectionFormat` (Swagger 2.0, Parameter Object)."""
    wanted = text_of(one, "collectionFormat") or "csv"
    if wanted == "csv":
        return {"style": "simple" if place in _SIMPLE else "form", "explode": False}
    if wanted == "multi":
        return {"style": "form", "explode": True}
    return {"style": _STYLES.get(wanted, wanted), "explode": False}


def _schema(one: JsonObject) -> JsonValue:
    if isinstance(one.get("schema"), dict):
        return one["schema"]
    schema: Node = {key: value for key, value in one.items() if key not in _AROUND}
    schema.pop("$ref", None)
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    return schema


def body_of(parameters: Sequence[JsonObject], consumes: Sequence[str]) -> Node | None:
    """Return the body that these parameters make, or None where there are none."""
    for one in parameters:
        if one.get("in") == "body":
            content = {kind: {"schema": one.get("schema", True)} for kind in consumes}
            return {
                "description": text_of(one, "description"),
                "required": one.get("required") is True,
                "content": content or {"application/json": {"schema": one.get("schema", True)}},
            }
    return _form(parameters, consumes) if parameters else None


def _form(parameters: Sequence[JsonObject], consumes: Sequence[str]) -> Node:
    members: Node = {}
    encoding: Node = {}
    required: list[JsonValue] = []
    for one in parameters:
        name = text_of(one, "name")
        schema = _schema(one)
        if isinstance(schema, dict) and (description := text_of(one, "description")):
            schema = {**schema, "description": description}
        members[name] = schema
        if one.get("required") is True:
            required.append(name)
        if one.get("type") == "array":
            encoding[name] = _style(one, "formData")
    has_file = any(one.get("type") == "file" for one in parameters)
    kinds = [kind for kind in consumes if essence(kind) in _FORMS]
    if has_file:
        kinds = [kind for kind in kinds if essence(kind) == MULTIPART] or [MULTIPART]
    schema = {"type": "object", "properties": members, "required": required}
    holder: Node = {"schema": schema, "encoding": encoding}
    return {"required": bool(required), "content": dict.fromkeys(kinds or [FORM], holder)}
