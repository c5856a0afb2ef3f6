"""Bodies of requests: the media type that is chosen, and the arguments that they are made of.

A body is spread over the arguments when, with `allOf` merged, it is an object with properties and
nothing at its root that speaks of it as a whole. Otherwise it is the one argument `body`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dragoman.apis.http.binding import Body
from dragoman.apis.http.body import encoder_of
from dragoman.apis.http.file_value import FILE_SCHEMA
from dragoman.apis.http.media import is_form, is_json, is_multipart, is_text
from dragoman.apis.openapi.arguments import Arguments
from dragoman.apis.openapi.definitions import Needs
from dragoman.apis.openapi.document import Document, object_of, text_of
from dragoman.apis.openapi.encodings import encodings_of
from dragoman.apis.openapi.files import file_schema, holds_file, mentions_file, text_or_file
from dragoman.apis.openapi.media_types import preference, sent_as
from dragoman.apis.openapi.members import flat, members_of
from dragoman.apis.openapi.parameters import described
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["bound_body"]

_SHOWN = 80
_WHOLE = "body"
_OF_3_2 = ("itemSchema", "prefixEncoding", "itemEncoding")


def bound_body(node: JsonObject, arguments: Arguments, needs: Needs) -> Body | None:
    """Return how the body is written, and add its arguments; None where none is ever sent.

    Raises `DescriptionError` for one that cannot be written as it is described.
    """
    content = object_of(node, "content")
    if not content:
        raise DescriptionError("its body names no media type")
    document = needs.definitions.document
    # OpenAPI 3.2, section 4.14: a media type may be a reference.
    content = {
        kind: document.resolve(one) if "$ref" in object_of(content, kind) else one
        for kind, one in content.items()
    }
    media_type, holder = _chosen(content, needs)
    for keyword in _OF_3_2:
        if keyword in holder:
            needs.changes[f"{keyword} of its body does not count: it is of OpenAPI 3.2"] = None
    required = node.get("required") is True
    if not required and _lists_nothing(holder.get("schema")):
        return None
    work = _Work(needs, arguments, media_type, holder, required=required)
    return work.spread() or work.whole(node)


def _chosen(content: JsonObject, needs: Needs) -> tuple[str, JsonObject]:
    """Return the media type to send: JSON, else a form, else one in parts, else the first.

    One that has no bytes comes last where its schema holds a file: only parts can carry it.
    """
    first = next(iter(content))
    names = ", ".join(content)[:_SHOWN]
    offered = [
        (sent, media_type, holder)
        for media_type, holder in content.items()
        if isinstance(holder, dict) and encoder_of(sent := sent_as(media_type, holder)) is not None
    ]
    if not offered:
        raise DescriptionError(f"its body is {names}, which cannot be written")
    document, in_parts = needs.definitions.document, any(is_multipart(one[0]) for one in offered)
    sent, media_type, holder = min(
        offered,
        key=lambda one: (in_parts and _lacks_bytes(document, one[0], one[2]), preference(one[0])),
    )
    if media_type != first or sent != media_type:
        needs.changes[f"of {names} its body is {sent}"] = None
    return sent, holder


def _lacks_bytes(document: Document, sent: str, holder: JsonObject) -> bool:
    """Whether a body has a file among its members, and a media type that holds text alone."""
    is_text_alone = is_json(sent) or is_form(sent)
    return is_text_alone and holds_file(document, holder.get("schema"), {})


def _lists_nothing(schema: JsonValue) -> bool:
    """Whether a schema is an object that lists its members, and has none: nothing is to be sent."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return False
    others = schema.keys() - {"type", "properties", "description", "title", "additionalProperties"}
    is_closed = schema.get("additionalProperties") in (None, False)
    return not others and is_closed and schema.get("properties") == {}


@dataclass(frozen=True, slots=True)
class _Work:
    """One body on its way to the arguments."""

    needs: Needs
    arguments: Arguments
    media_type: str
    holder: JsonObject
    required: bool

    @property
    def document(self) -> Document:
        """The document that describes it."""
        return self.needs.definitions.document

    @property
    def is_form(self) -> bool:
        """Whether it is made of members, each written by itself."""
        return is_form(self.media_type) or is_multipart(self.media_type)

    def spread(self) -> Body | None:
        """Return the body made of an argument for each member, None where it is kept whole."""
        if not (is_json(self.media_type) or self.is_form):
            return None
        members = members_of(self.document, self.holder.get("schema"))
        if members is None:
            return None
        self.needs.changes |= dict.fromkeys(members.ignored)
        names: dict[str, str] = {}
        needed = frozenset(members.required)
        for name, schema in members.schemas.items():
            argument = self.arguments.claim(name, _WHOLE)
            if argument is None:
                continue
            required = name in needed
            made = self._member(name, schema, required=required)
            self.arguments.add(argument, made, required=required and self.required)
            names[argument] = name
        if is_multipart(self.media_type):
            self._expect_file(names)
        if members.may_be_null:
            self.needs.changes["a body of null cannot be sent"] = None
        if not self.required:
            self._require_together(names, needed)
        return self._body(None, names, names.values())

    def _expect_file(self, names: Collection[str]) -> None:
        """Take a file for any text where a form in parts describes no file at all, as Stripe's."""
        members = self.arguments.properties
        if any(mentions_file(members[argument]) for argument in names):
            return
        for argument in names:
            either = text_or_file(members[argument])
            if either is not None:
                members[argument] = either
                self.needs.changes[f"{argument[:_SHOWN]} may be a file too"] = None

    def _require_together(self, names: Mapping[str, str], required: Collection[str]) -> None:
        """Ask for the required members once any is given: an optional body may be left out.

        Each asks for the next one, in a ring that every member leads into.
        """
        needed = [argument for argument, name in names.items() if name in required]
        if needed:
            after = dict(zip(needed, [*needed[1:], needed[0]], strict=True))
            asked = {argument: after.get(argument, needed[0]) for argument in names}
            self.arguments.dependent |= {
                argument: [other] for argument, other in asked.items() if other != argument
            }

    def _member(self, name: str, schema: JsonValue, *, required: bool) -> JsonValue:
        said = object_of(object_of(self.holder, "encoding"), name)
        try:
            if is_multipart(self.media_type):
                file = file_schema(self.needs, schema, text_of(said, "contentType"))
                if file is not None:
                    return file
            return self.needs.schema(schema)
        except DescriptionError as error:
            return self._anything(f"its {name[:_SHOWN]}", error, required=required)

    def _anything(self, what: str, error: DescriptionError, *, required: bool) -> JsonValue:
        """Let any value through where none is needed; what is needed must be understood."""
        if required:
            raise DescriptionError(f"{what}: {error.detail}") from None
        self.needs.changes[f"{what} takes any value: {error.detail}"] = None
        return {}

    def whole(self, node: JsonObject) -> Body | None:
        """Return the body made of the one argument `body`."""
        argument = self.arguments.claim(_WHOLE, _WHOLE)
        if argument is None:
            return None
        schema = described(self._whole_schema(), node)
        self.arguments.add(argument, schema, required=self.required)
        return self._body(argument, {}, object_of(self.holder, "encoding"))

    def _body(self, whole: str | None, names: Mapping[str, str], encoded: Collection[str]) -> Body:
        made = {}
        if self.is_form:
            made = encodings_of(object_of(self.holder, "encoding"), encoded, self.media_type)
        return Body(self.media_type, self.required, whole, names, made)

    def _whole_schema(self) -> JsonValue:
        source = self.holder.get("schema")
        if not is_json(self.media_type) and not self.is_form:
            return self._text(source) if is_text(self.media_type) else self._bytes(source)
        if source is None:
            self.needs.changes["its body has no schema: any value is let through"] = None
            return {"type": "object"} if self.is_form else {}
        encodings = object_of(self.holder, "encoding")
        if is_multipart(self.media_type) and holds_file(self.document, source, encodings):
            raise DescriptionError(
                "its body is a form with a file among members that depend on a choice or are open"
            )
        try:
            return self.needs.schema(source)
        except DescriptionError as error:
            return self._anything("its body", error, required=self.required)

    def _bytes(self, source: JsonValue) -> JsonValue:
        """Return the schema of a file; its bytes are sent as they are, whatever the schema says.

        Xero's document says `format: byte` of its attachments, and its API takes the raw bytes.
        """
        part = flat(self.document, source)
        if part.get("format") in ("byte", "base64") or "contentEncoding" in part:
            told = f"its body is the raw bytes of a file ({self.media_type}), not base64 text"
            self.needs.changes[told] = None
        return FILE_SCHEMA

    def _text(self, source: JsonValue) -> JsonValue:
        """Return the schema of a text; what describes an object in XML says nothing of the text."""
        if flat(self.document, source).get("type") == "string":
            return self.needs.schema(source)
        if source is not None:
            told = f"its body is text of the type {self.media_type}, which is not checked"
            self.needs.changes[told] = None
        return {"type": "string", "description": f"Text of the type {self.media_type}."}
