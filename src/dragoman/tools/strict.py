"""A tool's parameters in the subset of JSON Schema that OpenAI holds a model to.

The subset is that of the Structured Outputs guide: objects are closed and require all that they
list, so what is optional may be null, and null is dropped again on the call path. That is done
only where nothing is refused that the API accepts; otherwise there is a reason, and the tool is
not strict. What the subset cannot say goes into descriptions, and is enforced by *validate*.

`format` becomes words too: it is an annotation (JSON Schema 2020-12, section 7.2.1), and APIs take
an empty text for an e-mail address, or a date where date-time stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from dragoman.local_reference import definition_name
from dragoman.operation import JsonSchema, JsonValue
from dragoman.tools.constraints import in_words, is_plain_pattern
from dragoman.tools.merging import CannotMerge, closed, merged
from dragoman.tools.nulls import accepts_null
from dragoman.tools.strict_limits import beyond

__all__ = ["MAX_OPTIONAL", "strict"]

MAX_OPTIONAL = 30
"""Optional members of a strict tool. A model writes each as null in every call, about five tokens
of output: above this, what is gained costs more than it is worth."""

_MAX_PARTS = 10_000
"""Schemas that are looked at for one tool: alternatives and references multiply."""

_ANNOTATIONS = frozenset({"$defs", "default", "deprecated", "description", "title"})
_NUMERIC = ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_KEPT = {"integer": _NUMERIC, "number": _NUMERIC, "array": ("minItems", "maxItems")}
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
_LOST = ("if", "then", "else", "not", "dependentSchemas", "patternProperties")
_NULL: JsonSchema = {"type": "null"}

Node = dict[str, JsonValue]


class _NotStrict(Exception):  # noqa: N818 - no error: the tool is offered without
    """The reason, as a sentence on one part of the schema."""


def strict(schema: JsonSchema) -> tuple[JsonSchema | None, str]:
    """Return the input schema of a tool as OpenAI takes it under `strict`, or None and why not."""
    try:
        walk = _Walk(schema)
        result = walk.run()
    except _NotStrict as found:
        return None, str(found)
    except RecursionError:
        return None, "it is nested too deeply"
    if walk.optional > MAX_OPTIONAL:
        written = f"{walk.optional} of its arguments may be absent"
        return None, f"{written}; a strict call would write each of them"
    reason = beyond(result)
    return (None, reason) if reason else (result, "")


@dataclass(slots=True)
class _Walk:
    root: JsonSchema
    optional: int = 0
    parts: int = 0
    definitions: Node = field(default_factory=dict)
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def run(self) -> JsonSchema:
        form = self.value(self.root, "", is_reached=True)
        if form.get("type") != "object":
            raise _NotStrict("its arguments are alternatives, not one object")
        return {**form, "$defs": self.definitions} if self.definitions else form

    def value(self, schema: JsonValue, at: str, *, is_reached: bool) -> Node:
        """Return the strict form of one schema.

        `is_reached` says whether *fill* finds its way here, and can drop the nulls of an object.
        """
        self.parts += 1
        if self.parts > _MAX_PARTS:
            raise _NotStrict("it has too many parts to look at")
        if not isinstance(schema, Mapping):
            raise _NotStrict(f"{_name(at)} takes any value")
        if "$ref" in schema and not schema.keys() - _ANNOTATIONS - {"$ref"}:
            return self._reference(schema, at, is_reached=is_reached)
        try:
            whole = merged(schema, self.root)
        except CannotMerge as reason:
            raise _NotStrict(f"{_name(at)} {reason}") from None
        is_reached = is_reached and not {"allOf", "$ref"} & schema.keys()
        for keyword in _LOST:
            if keyword in whole:
                raise _NotStrict(f"{_name(at)} uses {keyword}")
        for keyword in ("anyOf", "oneOf"):
            if keyword in whole:
                return self._alternatives(keyword, whole, at, is_reached=is_reached)
        return _described(self._typed(whole, at, is_reached=is_reached), whole)

    def _reference(self, schema: JsonSchema, at: str, *, is_reached: bool) -> Node:
        reference = cast("str", schema["$ref"])
        name = definition_name(reference) or ""
        if (name, is_reached) not in self.seen:
            self.seen.add((name, is_reached))
            target = cast("JsonSchema", self.root["$defs"])[name]
            self.definitions[name] = self.value(target, at or name, is_reached=is_reached)
        form: Node = {"$ref": reference}
        # Siblings of a reference are refused.
        words = _described({}, schema)
        return {"anyOf": [form], **words} if words else form

    def _alternatives(self, keyword: str, whole: Node, at: str, *, is_reached: bool) -> Node:
        base = {k: v for k, v in whole.items() if k != keyword and k not in _ANNOTATIONS}
        branches = cast("list[JsonValue]", whole[keyword])
        if base and (needed := _needed(branches)):
            form = self._typed(closed(base), at, is_reached=is_reached)
            return _described(form, whole, f"needs {needed}")
        ending = {k: base.pop(k) for k in ("unevaluatedProperties",) if k in base}
        if ending and keyword == "anyOf" and len(branches) > 1:
            raise _NotStrict(f"{_name(at)} takes the members of several alternatives together")
        joined: list[JsonValue] = [
            {"allOf": [base, one], **ending} if base or ending else one for one in branches
        ]
        forms = [self.value(one, at, is_reached=False) for one in joined if one is not False]
        if not forms:
            raise _NotStrict(f"{_name(at)} takes no value at all")
        return _described({"anyOf": list(forms)}, whole)

    def _typed(self, schema: Node, at: str, *, is_reached: bool) -> Node:
        if "enum" in schema or "const" in schema:
            return _choices(schema, at)
        kinds = _kinds(schema)
        if not kinds:
            raise _NotStrict(f"{_name(at)} takes any value")
        if len(kinds) > 1 and _SCALARS.issuperset(kinds) and not _kept(schema, kinds):
            return {"type": list[JsonValue](kinds)}
        forms = [self._kind(kind, schema, at, is_reached=is_reached) for kind in kinds]
        if len(forms) == 1:
            return forms[0]
        return _with_null(forms[0]) if kinds[1:] == ["null"] else {"anyOf": list(forms)}

    def _kind(self, kind: str, schema: Node, at: str, *, is_reached: bool) -> Node:
        if kind == "object":
            return self._object(schema, at, is_reached=is_reached)
        form: Node = {"type": kind, **_kept(schema, [kind])}
        if kind == "array":
            if "prefixItems" in schema or "items" not in schema:
                raise _NotStrict(f"{_name(at)} takes items of any kind")
            form["items"] = self.value(schema["items"], f"{at}[]", is_reached=is_reached)
        return form

    def _object(self, schema: Node, at: str, *, is_reached: bool) -> Node:
        if schema.get("additionalProperties") is not False:
            raise _NotStrict(f"{_name(at)} takes members of any name")
        required = cast("list[str]", schema.get("required", ()))
        members = cast("JsonSchema", schema.get("properties", {}))
        properties: Node = {}
        for name, member in members.items():
            inner = f"{at}.{name}" if at else name
            if member is False and name not in required:
                continue
            if name in required:
                properties[name] = self.value(member, inner, is_reached=is_reached)
            else:
                properties[name] = self._optional(member, inner, is_reached=is_reached)
        if missing := [name for name in required if name not in properties]:
            raise _NotStrict(f"{_name(at)} requires {missing[0]} and does not describe it")
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _optional(self, member: JsonValue, at: str, *, is_reached: bool) -> Node:
        """Return the form of what may be absent, which is null here."""
        form = self.value(member, at, is_reached=is_reached)
        if accepts_null(member, self.root):
            raise _NotStrict(f"{at} may be absent or null, which mean different things")
        if not is_reached:
            raise _NotStrict(f"{at} may be absent within alternatives")
        self.optional += 1
        return _with_null(form)


def _needed(branches: list[JsonValue]) -> str:
    """Return in words what alternatives need that only require members, "" for others.

    To leave them out only widens the schema.
    """
    groups = []
    for branch in branches:
        if not isinstance(branch, Mapping) or branch.keys() != {"required"}:
            return ""
        groups.append(" and ".join(cast("list[str]", branch["required"])))
    return ", or ".join(groups)


def _name(at: str) -> str:
    return at or "the object of arguments"


def _kinds(schema: JsonSchema) -> list[str]:
    declared = schema.get("type", ())
    return [declared] if isinstance(declared, str) else list(cast("list[str]", declared))


def _kept(schema: JsonSchema, kinds: list[str]) -> Node:
    """Return the constraints of these kinds that the subset has."""
    kept = {key: schema[key] for kind in kinds for key in _KEPT.get(kind, ()) if key in schema}
    if "string" in kinds and is_plain_pattern(schema.get("pattern")):
        kept["pattern"] = schema["pattern"]
    return kept


def _choices(schema: Node, at: str) -> Node:
    listed = cast("list[JsonValue]", schema.get("enum", [schema.get("const")]))
    if any(_kind_of(choice) is None for choice in listed):
        raise _NotStrict(f"{_name(at)} takes one of several objects")
    allowed = set(_kinds(schema)) or _SCALARS
    allowed |= {"integer", "number"} if allowed & {"integer", "number"} else set()
    kept = [choice for choice in listed if _kind_of(choice) in allowed]
    if not kept:
        raise _NotStrict(f"{_name(at)} takes no value at all")
    types = list(dict.fromkeys(str(_kind_of(choice)) for choice in kept))
    return {"type": types[0] if len(types) == 1 else list[JsonValue](types), "enum": kept}


def _kind_of(value: JsonValue) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    return None if isinstance(value, Mapping | list | tuple) else "number"


def _described(form: Node, schema: JsonSchema, extra: str = "") -> Node:
    """Return the form with the description, and in words what it does not say itself."""
    words = "; ".join(filter(None, [*in_words(schema, form), extra]))
    text = str(schema.get("description") or schema.get("title") or "")
    if words:
        text = f"{text} ({words})" if text else words
    return {**form, "description": text} if text else form


def _with_null(form: Node) -> Node:
    if "type" in form and form["type"] not in ("object", "array"):
        kinds = _kinds(form)
        if "null" in kinds:
            return form
        result: Node = {**form, "type": [*kinds, "null"]}
        if "enum" in form:
            result["enum"] = [*cast("list[JsonValue]", form["enum"]), None]
        return result
    about = {key: form[key] for key in ("description",) if key in form}
    bare = {key: value for key, value in form.items() if key not in about}
    branches = cast("list[JsonValue]", bare["anyOf"]) if bare.keys() == {"anyOf"} else [bare]
    return {"anyOf": [*branches, *([] if _NULL in branches else [_NULL])], **about}
