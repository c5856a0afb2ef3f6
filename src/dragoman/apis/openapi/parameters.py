"""Parameters outside the body: which are arguments, and how each is written (Parameter Object)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from dragoman.apis.http.binding import Parameter, Place, Style
from dragoman.apis.http.field_name import header_fault
from dragoman.apis.http.media import is_json
from dragoman.apis.openapi.arguments import Arguments
from dragoman.apis.openapi.beside import ignored_beside
from dragoman.apis.openapi.cookies import in_one_cookie
from dragoman.apis.openapi.definitions import Needs
from dragoman.apis.openapi.document import Document, object_of, text_of
from dragoman.apis.openapi.keywords import is_fit
from dragoman.apis.openapi.security import Credentials
from dragoman.errors import DescriptionError
from dragoman.local_reference import followed
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Declared", "bound", "declared", "described"]

_PLACES: tuple[Place, ...] = ("path", "query", "header", "cookie")
_STYLES: Mapping[Place, tuple[Style, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),  # The second is of OpenAPI 3.2 (3.2.0, section 4.12.2.3).
}
"""By place; the first is the default (OpenAPI 3.1.1, section 4.8.12.2)."""

_NOT_PARAMETERS = frozenset({"accept", "authorization", "content-type"})
"""Header parameters that the specification says to ignore (OpenAPI 3.1.1, section 4.8.12.2.1)."""

_SENT_ANYWAY = frozenset({"content-length", "host"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter of a document: its place, its name, and the object that describes it.

    `ignored` stands beside a reference to it, and does not count.
    """

    place: Place
    name: str
    node: JsonObject
    ignored: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether a request without it is none; in a path it always is."""
        return self.place == "path" or self.node.get("required") is True


def declared(document: Document, *owners: JsonObject) -> list[Declared]:
    """Return the parameters of a path and of an operation, merged by name and place.

    Those of the operation replace those of its path. Raises `DescriptionError` for one that
    cannot be read: a request without it may be another one.
    """
    found: dict[tuple[str, str], Declared] = {}
    for owner in owners:
        nodes = owner.get("parameters")
        if nodes is None:
            continue
        if not isinstance(nodes, list):
            raise DescriptionError("its parameters are no list")
        for node in nodes:
            one = _declared(document, node)
            found[one.place, one.name.lower() if one.place == "header" else one.name] = one
    return sorted(found.values(), key=lambda one: _PLACES.index(one.place))


def _declared(document: Document, node: JsonValue) -> Declared:
    try:
        resolved = document.resolve(node)
        ignored = ignored_beside(document, node)
    except DescriptionError as error:
        raise DescriptionError(f"one of its parameters cannot be read: {error.detail}") from None
    name, place = text_of(resolved, "name"), text_of(resolved, "in")
    if not name:
        raise DescriptionError("one of its parameters has no name")
    if place == "querystring":
        raise DescriptionError(
            f"its parameter {name[:_SHOWN]} is the whole query (in: querystring, OpenAPI 3.2),"
            " which is not built"
        )
    if place not in _PLACES:
        where = place[:_SHOWN] or "no place"
        raise DescriptionError(f"its parameter {name[:_SHOWN]} is in {where}")
    return Declared(place, name, resolved, tuple(ignored))


def bound(
    parameters: Sequence[Declared],
    arguments: Arguments,
    needs: Needs,
    credentials: Credentials,
    holes: Collection[str],
) -> tuple[Parameter, ...]:
    """Return how the parameters are written, and add their arguments.

    `holes` are the places in the path. Raises `DescriptionError` for a parameter that cannot be
    written as it is described.
    """
    made = []
    for one in parameters:
        if one.place == "path" and one.name not in holes:
            needs.changes[f"{one.name[:_SHOWN]} has no place in the path and is not sent"] = None
        elif _is_argument(one, needs, credentials):
            argument = arguments.claim(one.name, one.place)
            if argument is None:
                continue
            for key in one.ignored:
                told = f"{key} beside the $ref of {one.name[:_SHOWN]} does not count"
                needs.changes[told] = None
            parameter, schema = _parameter(one, argument, needs)
            arguments.add(argument, schema, required=one.required and parameter.fixed is None)
            made.append(parameter)
    return tuple(made)


def _is_argument(one: Declared, needs: Needs, credentials: Credentials) -> bool:
    """Whether a model may choose it; what says no is told."""
    name, told = one.name[:_SHOWN], needs.changes
    if (one.place, one.name.lower() if one.place == "header" else one.name) in credentials:
        told[f"{name} belongs to the credential and is no argument"] = None
        return False
    if one.place == "header" and one.name.lower() in _NOT_PARAMETERS:
        told[f"the header {name} is no argument: OpenAPI describes it elsewhere"] = None
        return False
    fault = header_fault(one.name) if one.place == "header" else ""
    if fault and one.required and one.name.lower() not in _SENT_ANYWAY:
        raise DescriptionError(f"its header {name} may not be written by an argument: {fault}")
    if fault:
        told[f"the header {name} is no argument: {fault}"] = None
    return not fault


def _parameter(one: Declared, argument: str, needs: Needs) -> tuple[Parameter, JsonValue]:
    name = one.name[:_SHOWN]
    if one.place == "cookie" and not _TOKEN.fullmatch(one.name):
        raise DescriptionError(f"its parameter {name!r} has a name that no cookie may have")
    parameter = _style(one, argument)
    content = object_of(one.node, "content")
    source = one.node.get("schema")
    if content:
        media_type, holder = next(iter(content.items()))
        parameter = replace(parameter, as_json=_as_json(one, media_type))
        source = holder.get("schema") if isinstance(holder, dict) else None
    if source is None:
        needs.changes[f"{name} has no schema: any value is let through"] = None
        source = True
    schema = _schema(one, source, needs)
    exploded = parameter.style == "form" and parameter.explode and not parameter.as_json
    if one.place == "cookie" and exploded:
        schema = in_one_cookie(one.name[:_SHOWN], schema, needs)
    schema = described(schema, one.node)
    if one.required:
        parameter = replace(parameter, fixed=_only_value(schema, needs.defs))
    return parameter, schema


def _schema(one: Declared, source: JsonValue, needs: Needs) -> JsonValue:
    try:
        schema = needs.schema(source)
    except DescriptionError as error:
        if one.required:
            raise DescriptionError(f"its parameter {one.name[:_SHOWN]}: {error.detail}") from None
        needs.changes[f"{one.name[:_SHOWN]} takes any value: {error.detail}"] = None
        return {}
    may_be_empty = one.place == "query" and one.node.get("allowEmptyValue") is True
    if may_be_empty and isinstance(schema, dict) and schema.get("type") != "string":
        return {"anyOf": [schema, {"const": ""}]}
    return schema


def _style(one: Declared, argument: str) -> Parameter:
    style = text_of(one.node, "style") or _STYLES[one.place][0]
    if style not in _STYLES[one.place]:
        raise DescriptionError(
            f"its parameter {one.name[:_SHOWN]} is written in the style {style[:_SHOWN]},"
            f" which there is not in a {one.place}"
        )
    explode = one.node.get("explode")
    if style == "deepObject" and explode is False:
        raise DescriptionError(
            f"its parameter {one.name[:_SHOWN]} is a deepObject without explode,"
            " for which there is no form"
        )
    return Parameter(
        argument,
        one.name,
        one.place,
        style,
        explode=explode if isinstance(explode, bool) else style in ("form", "cookie"),
        required=one.required,
        allow_reserved=one.node.get("allowReserved") is True,
    )


def _as_json(one: Declared, media_type: str) -> bool:
    if is_json(media_type):
        return True
    if media_type.lower().startswith("text/plain"):
        return False
    raise DescriptionError(
        f"its parameter {one.name[:_SHOWN]} is written as {media_type[:_SHOWN]}, which is not known"
    )


def described(schema: JsonValue, node: JsonObject) -> JsonValue:
    """Return a schema with what stands beside it in a parameter or body."""
    said: dict[str, JsonValue] = {}
    if text := text_of(node, "description"):
        said["description"] = text
    if node.get("deprecated") is True:
        said["deprecated"] = True
    if "example" in node and is_fit(node["example"]):
        said["examples"] = [node["example"]]
    if not said or schema is False:
        return schema
    return {**schema, **said} if isinstance(schema, dict) else said


def _only_value(schema: JsonValue, defs: JsonObject) -> JsonValue:
    """Return the one value that a schema allows, or None where there are more."""
    if not isinstance(schema, dict):
        return None
    schema = followed(schema, {"$defs": defs})
    enum = schema.get("enum")
    if isinstance(enum, list) and len(enum) == 1:
        return cast("JsonValue", enum[0])
    return schema.get("const")
