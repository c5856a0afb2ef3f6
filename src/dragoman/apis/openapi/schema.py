"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schema 2020-12, self-contained.

OpenAPI 3.0 has a dialect of its own: `nullable`, a boolean `exclusiveMinimum`, references whose
siblings do not count. It becomes the plain one here (OpenAPI 3.0.4, section 4.7.24; the migration
notes of 3.1). What a reference names becomes a definition, made once for the whole document and
shared by all operations that reach it, so recursion stays finite and memory small.

An object that lists properties and is silent on others is read as closed, at every depth. One
that is composed of parts is closed as a whole, by `unevaluatedProperties`: its parts must not
refuse each other's members. So a schema may be needed in two forms, closed and as a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dragoman.apis.openapi.beside import WORDS, told_beside
from dragoman.apis.openapi.composition import is_contradicted, members_named, read_only_members
from dragoman.apis.openapi.document import Document, list_of, object_of
from dragoman.apis.openapi.keywords import checked
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["CLOSED", "Form", "Key", "Translation"]

_MAX_DEPTH = 60
_CHOICES = ("anyOf", "oneOf")
_COMPOSED = ("allOf", *_CHOICES)
_APPLIED = (*_COMPOSED, "if", "then", "else", "dependentSchemas", "$ref")
_INNER = ("items", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties")
_SAYS_MEMBERS = frozenset(
    {"additionalProperties", "allOf", "patternProperties", "properties", "unevaluatedProperties"}
)
_CONDITIONS = ("not", "if", "then", "else")
_WITH_SCHEMAS = frozenset(
    {*_APPLIED, *_INNER, *_CONDITIONS, "additionalProperties", "patternProperties", "prefixItems"}
    | {"properties"}
)
_ANNOTATIONS = WORDS | {"readOnly"}
_LETS_IN = "additionalProperties: false lets in what the parts beside it list"
_SAID = ("description", "title", "deprecated", "examples", "default")

Schema = dict[str, JsonValue]


class Form(NamedTuple):
    """How a schema is needed: as a whole that may be closed, or as a part of one.

    `without` names members of the whole that only answers hold: no part may ask for them. `opened`
    is a part whose own word that it is closed forbids what the parts beside it list.
    """

    closed: bool = True
    without: frozenset[str] = frozenset()
    opened: bool = False


class Key(NamedTuple):
    """A definition: what a reference names, in one form."""

    reference: str
    form: Form


CLOSED = Form()
_PART = Form(closed=False)


@dataclass(slots=True)
class Translation:
    """Translates one schema; gathers the definitions that it refers to, and what was left out.

    `origin` is the reference that names the schema, where one does.
    """

    document: Document
    name_of: Mapping[Key, str]
    origin: str = ""
    references: dict[Key, None] = field(default_factory=dict)
    changes: dict[str, None] = field(default_factory=dict)

    def translate(self, schema: JsonValue, form: Form = CLOSED, depth: int = 0) -> JsonValue:
        """Return a schema in 2020-12; raises `DescriptionError` for one that cannot be followed."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise DescriptionError("a schema is neither an object nor true or false")
        if depth > _MAX_DEPTH:
            raise DescriptionError(f"a schema is nested deeper than {_MAX_DEPTH}")
        if isinstance(reference := schema.get("$ref"), str):
            return self._reference(reference, schema, form, depth)
        if "$dynamicRef" in schema:
            raise DescriptionError("a schema uses $dynamicRef, which is not followed")
        if "$recursiveRef" in schema:
            return self._reference(self._origin(), schema, form, depth)
        alone = _wrapped(schema) if "allOf" in schema else None
        if alone is not None:
            made = self.translate(alone, form, depth + 1)
            if isinstance(made, dict):
                made |= checked({k: v for k, v in schema.items() if k != "allOf"}, self.changes)
        else:
            made = self._plain(schema, form, depth)
        return self._nullable(schema, made)

    def _origin(self) -> str:
        """Return what `$recursiveRef: "#"` names: the schema around it (2019-09, 8.2.4.2.1)."""
        if not self.origin:
            raise DescriptionError("a schema uses $recursiveRef outside of a component")
        return self.origin

    def _reference(self, reference: str, schema: JsonObject, form: Form, depth: int) -> JsonValue:
        siblings = {k: one for k, one in schema.items() if k not in ("$ref", "$recursiveRef")}
        others = [k for k in siblings if k not in _ANNOTATIONS and not k.startswith("x-")]
        if others and not self.document.is_3_0:
            # In 3.1 siblings count: together they are a composition (JSON Schema Core, 8.2.3.1).
            parts = [{"$ref": reference}, *list_of(siblings, "allOf")]
            return self.translate({**siblings, "allOf": parts}, form, depth + 1)
        self.document.follow(reference)
        if siblings and self.document.is_3_0:
            self.changes |= told_beside(self.document, {**siblings, "$ref": reference})
        key = Key(reference, form)
        self.references[key] = None
        said = checked({n: one for n, one in siblings.items() if n in _ANNOTATIONS}, self.changes)
        return {"$ref": f"#/$defs/{self.name_of[key]}", **said}

    def _plain(self, schema: JsonObject, form: Form, depth: int) -> Schema:
        """Translate an object that is no reference, keyword by keyword."""
        made = checked(schema, self.changes)
        without = form.without
        if _WITH_SCHEMAS.isdisjoint(schema):
            return _unrequired(made, without)
        if "properties" in schema or "allOf" in schema:
            without |= read_only_members(self.document, schema)
            self._members(schema, made, without, depth)
        for keyword in _INNER:
            if isinstance(inner := schema.get(keyword), dict | bool):
                made[keyword] = self.translate(inner, CLOSED, depth + 1)
        for keyword in _CONDITIONS:
            if isinstance(inner := schema.get(keyword), dict | bool):
                made[keyword] = self.translate(inner, _PART, depth + 1)
        self._by_name(schema, made, depth)
        self._compose(schema, made, form, without, depth)
        self._close(schema, made, form, depth)
        return _unrequired(made, without)

    def _members(
        self, schema: JsonObject, made: Schema, without: frozenset[str], depth: int
    ) -> None:
        members = schema.get("properties")
        if isinstance(members, dict):
            made["properties"] = {
                name: self.translate(one, CLOSED, depth + 1)
                for name, one in members.items()
                if name not in without
            }

    def _by_name(self, schema: JsonObject, made: Schema, depth: int) -> None:
        for keyword, form in (("patternProperties", CLOSED), ("dependentSchemas", _PART)):
            if members := object_of(schema, keyword):
                made[keyword] = {
                    name: self.translate(one, form, depth + 1) for name, one in members.items()
                }
        if not self.document.is_3_0 and (prefix := list_of(schema, "prefixItems")):
            made["prefixItems"] = [self.translate(one, CLOSED, depth + 1) for one in prefix]
        if isinstance(schema.get("items"), list):
            self.changes["a list under items does not count: any item is let through"] = None

    def _compose(
        self, schema: JsonObject, made: Schema, form: Form, without: frozenset[str], depth: int
    ) -> None:
        """Translate the parts, closed only where a schema does nothing but choose among them."""
        alone = not any(schema.get(keyword) is not None for keyword in _SAYS_MEMBERS)
        opened = form.opened or is_contradicted(self.document, schema)
        for keyword in _COMPOSED:
            parts = list_of(schema, keyword)
            if not parts:
                continue
            inner = Form(closed=False, without=without, opened=opened and keyword == "allOf")
            if alone and keyword != "allOf":
                inner = form
            made[keyword] = [self.translate(part, inner, depth + 1) for part in parts]

    def _close(self, schema: JsonObject, made: Schema, form: Form, depth: int) -> None:
        others = schema.get("additionalProperties")
        if others is False and form.opened:
            self.changes[_LETS_IN] = None
        elif others is False and any(keyword in made for keyword in _APPLIED):
            # By the letter it forbids what the parts beside it list, and no value would fit.
            self.changes[_LETS_IN] = None
            if form.closed:
                self._list_required(schema, made)
                made["unevaluatedProperties"] = False
        elif isinstance(others, dict | bool):
            made["additionalProperties"] = self.translate(others, CLOSED, depth + 1)
        elif form.closed and "unevaluatedProperties" not in made and self._lists(schema):
            self._list_required(schema, made)
            composed = any(keyword in made for keyword in _APPLIED)
            made["unevaluatedProperties" if composed else "additionalProperties"] = False

    def _lists(self, schema: JsonObject) -> bool:
        """Whether a schema is to be closed: it names members itself, or through `allOf`.

        Where it only chooses among others, those are closed themselves. One with a discriminator
        and no choice stands for all that build upon it (OpenAPI 3.0.4, section 4.7.25): open.
        """
        if "discriminator" in schema and not any(keyword in schema for keyword in _CHOICES):
            return False
        if object_of(schema, "properties") or object_of(schema, "patternProperties"):
            return True
        return "allOf" in schema and bool(members_named(self.document, schema))

    def _list_required(self, schema: JsonObject, made: Schema) -> None:
        """Let in what is required and not listed, or nothing would fit the closed object."""
        required, properties = list_of(made, "required"), made.get("properties")
        listed = properties if isinstance(properties, dict) else {}
        missing = [str(name) for name in required if name not in object_of(schema, "properties")]
        if missing and any(keyword in made for keyword in _APPLIED):
            named = members_named(self.document, schema)
            missing = [name for name in missing if name not in named]
        if missing and "patternProperties" not in schema:
            made["properties"] = {**listed, **dict.fromkeys(missing, True)}

    def _nullable(self, schema: JsonObject, made: JsonValue) -> JsonValue:
        """Let null in where 3.0 says `nullable` (2.0: the common `x-nullable`)."""
        if not self.document.is_3_0 or not isinstance(made, dict):
            return made
        if schema.get("nullable") is not True and schema.get("x-nullable") is not True:
            return made
        kind, enum = made.get("type"), made.get("enum")
        if any(keyword in made for keyword in (*_COMPOSED, "$ref", "not", "const")):
            said = {key: made.pop(key) for key in _SAID if key in made}
            return {"anyOf": [made, {"type": "null"}], **said}
        if isinstance(kind, str) and kind != "null":
            made["type"] = [kind, "null"]
        if isinstance(enum, list) and None not in enum:
            made["enum"] = [*enum, None]
        return made


def _wrapped(schema: JsonObject) -> JsonValue:
    """Return the only part of a schema that says nothing else: `allOf` with one reference."""
    parts = schema.get("allOf")
    if not isinstance(parts, list) or len(parts) != 1:
        return None
    others = schema.keys() - _ANNOTATIONS - {"allOf", "nullable"}
    return parts[0] if all(name.startswith("x-") for name in others) else None


def _unrequired(made: Schema, without: frozenset[str]) -> Schema:
    """Require nothing that only answers hold."""
    if without and isinstance(required := made.pop("required", None), list):
        kept = [name for name in required if name not in without]
        made |= {"required": kept} if kept else {}
    return made
