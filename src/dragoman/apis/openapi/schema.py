"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schema 2020-12, self-contained.

OpenAPI 3.0 has a dialect of its own: `nullable`, a boolean `exclusiveMinimum`, references whose
siblings do not count. It becomes the plain one here (OpenAPI 3.0.4, section 4.7.24; the migration
notes of 3.1). What a reference names becomes a member of `$defs`, once, so recursion stays finite.

An object that lists properties and is silent on others is read as closed, at every depth. One
that is composed of parts is closed as a whole, by `unevaluatedProperties`: its parts must not
refuse each other's members. So a schema may be needed in two forms, closed and as a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.keywords import checked
from dragoman.errors import DescriptionError
from dragoman.operation import JsonValue

__all__ = ["Form", "Translation"]

Form = Literal["closed", "part"]

_MAX_DEPTH = 60
_MAX_DEFINITIONS = 2_000
_COMPOSED = ("allOf", "anyOf", "oneOf")
_SCHEMAS_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_SCHEMA = ("items", "contains", "propertyNames", "not", "if", "then", "else", "unevaluatedItems")
_ANNOTATIONS = frozenset({"description", "title", "summary", "deprecated", "example", "examples"})

Schema = dict[str, JsonValue]


@dataclass(slots=True)
class Translation:
    """Translates the schemas of one operation, and gathers what they refer to in `definitions`.

    `changes` says what was left out because it is no JSON Schema.
    """

    document: Document
    definitions: dict[str, JsonValue] = field(default_factory=dict)
    changes: dict[str, None] = field(default_factory=dict)
    _names: dict[tuple[str, Form], str] = field(default_factory=dict)

    def translate(self, schema: JsonValue, form: Form = "closed", depth: int = 0) -> JsonValue:
        """Return a schema in 2020-12; raises `DescriptionError` for one that cannot be followed."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise DescriptionError("a schema is neither an object nor true or false")
        if depth > _MAX_DEPTH:
            raise DescriptionError(f"a schema is nested deeper than {_MAX_DEPTH}")
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._reference(reference, schema, form, depth)
        return self._nullable(schema, self._plain(schema, form, depth))

    def _reference(
        self, reference: str, schema: Mapping[str, JsonValue], form: Form, depth: int
    ) -> JsonValue:
        siblings = {name: one for name, one in schema.items() if name != "$ref"}
        said = checked({n: one for n, one in siblings.items() if n in _ANNOTATIONS}, self.changes)
        if self.document.is_3_0 or siblings.keys() <= _ANNOTATIONS:
            return {"$ref": self._definition(reference, form), **said}
        # In 3.1 siblings count: together they are a composition (JSON Schema 2020-12, 8.2.3.1).
        parts = siblings.get("allOf")
        others = list(parts) if isinstance(parts, Sequence) and not isinstance(parts, str) else []
        return self.translate({**siblings, "allOf": [{"$ref": reference}, *others]}, form, depth + 1)

    def _definition(self, reference: str, form: Form) -> str:
        """Return the reference to a definition, which is made at its first mention."""
        key = (reference, form)
        name = self._names.get(key)
        if name is None:
            if len(self.definitions) >= _MAX_DEFINITIONS:
                raise DescriptionError(f"it refers to more than {_MAX_DEFINITIONS:,} schemas")
            name = self._new_name(reference, form)
            self._names[key] = name
            self.definitions[name] = True
            self.definitions[name] = self.translate(self.document.at(reference), form)
        return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")

    def _new_name(self, reference: str, form: Form) -> str:
        last = reference.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~") or "schema"
        wanted = last if form == "closed" else f"{last} (part)"
        name, count = wanted, 1
        while name in self.definitions:
            count += 1
            name = f"{wanted} {count}"
        return name

    def _plain(self, schema: Mapping[str, JsonValue], form: Form, depth: int) -> Schema:
        """Translate an object that is no reference, keyword by keyword."""
        made = checked(schema, self.changes)
        if not self.document.is_3_0:
            made |= self._list_of_items(schema, depth)
        for keyword in _SCHEMAS_BY_NAME:
            members = schema.get(keyword)
            if isinstance(members, Mapping):
                made[keyword] = {
                    name: self.translate(one, "closed", depth + 1) for name, one in members.items()
                }
        for keyword in _SCHEMA:
            if isinstance(inner := schema.get(keyword), Mapping | bool):
                inner_form: Form = "part" if keyword in {"not", "if", "then", "else"} else "closed"
                made[keyword] = self.translate(inner, inner_form, depth + 1)
        self._compose(schema, made, form, depth)
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping | bool):
            made["additionalProperties"] = self.translate(others, "closed", depth + 1)
        elif form == "closed" and self._lists_properties(schema):
            composed = any(keyword in made for keyword in _COMPOSED)
            made["unevaluatedProperties" if composed else "additionalProperties"] = False
        if "$ref" not in made:
            self._unrequire(schema, made)
        return made

    def _list_of_items(self, schema: Mapping[str, JsonValue], depth: int) -> Schema:
        prefix = schema.get("prefixItems")
        if not isinstance(prefix, list):
            return {}
        return {"prefixItems": [self.translate(one, "closed", depth + 1) for one in prefix]}

    def _compose(self, schema: Mapping[str, JsonValue], made: Schema, form: Form, depth: int) -> None:
        """Translate the parts: as parts where the whole will be closed, closed where they choose."""
        alone = "allOf" not in schema and not schema.get("properties")
        for keyword in _COMPOSED:
            parts = schema.get(keyword)
            if not isinstance(parts, list) or not parts:
                continue
            inner: Form = form if alone and keyword != "allOf" else "part"
            made[keyword] = [self.translate(part, inner, depth + 1) for part in parts]

    def _lists_properties(self, schema: Mapping[str, JsonValue]) -> bool:
        """Whether a schema is to be closed: it names members itself, or through `allOf`.

        Where it only chooses among others, those are closed themselves.
        """
        return self._names_members(schema, 0) and not self._is_open(schema, 0)

    def _names_members(self, schema: JsonValue, depth: int) -> bool:
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return False
        if isinstance(reference := schema.get("$ref"), str):
            return self._names_members(self.document.at(reference), depth + 1)
        if schema.get("properties"):
            return True
        parts = schema.get("allOf")
        return isinstance(parts, list) and any(self._names_members(one, depth + 1) for one in parts)

    def _is_open(self, schema: JsonValue, depth: int) -> bool:
        """Whether a part lets any member in: the whole is not silent on others then."""
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return False
        if isinstance(reference := schema.get("$ref"), str):
            return self._is_open(self.document.at(reference), depth + 1)
        if schema.get("additionalProperties") not in (None, False):
            return True
        parts = [one for key in _COMPOSED for one in _list(schema.get(key))]
        return any(self._is_open(one, depth + 1) for one in parts)

    def _unrequire(self, schema: Mapping[str, JsonValue], made: Schema) -> None:
        """Require nothing that only answers hold (`readOnly`; OpenAPI 3.0.4, section 4.7.24.2)."""
        required, properties = made.get("required"), schema.get("properties")
        if not isinstance(required, list) or not isinstance(properties, Mapping):
            return
        kept = [name for name in required if not self._is_read_only(properties.get(str(name)))]
        made.pop("required")
        if kept:
            made["required"] = kept

    def _is_read_only(self, schema: JsonValue) -> bool:
        if not isinstance(schema, Mapping):
            return False
        if not self.document.is_3_0 or "$ref" not in schema:
            return schema.get("readOnly") is True
        return False

    def _nullable(self, schema: Mapping[str, JsonValue], made: Schema) -> JsonValue:
        """Let null in where 3.0 says `nullable`."""
        if not self.document.is_3_0 or schema.get("nullable") is not True:
            return made
        kind = made.get("type")
        composed = any(keyword in made for keyword in _COMPOSED)
        if composed or (kind is None and ("enum" in made or "const" in made)):
            return {"anyOf": [made, {"type": "null"}]}
        if isinstance(kind, str):
            made["type"] = [kind, "null"]
            enum = made.get("enum")
            if isinstance(enum, list) and None not in enum:
                made["enum"] = [*enum, None]
        return made


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
