"""Who is wrong where Prism refuses: a rule for each cause that is not ours, and its proof.

A rule looks at what was sent, at the arguments, and at the document as it was published. It reads
requests with the standard library alone, never with the code that wrote them. What no rule
explains is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from judge.case import Case
from judge.decode import as_text, members_of, nested
from judge.prism import Refusal

__all__ = ["OURS", "RULES", "Rule", "blamed"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A cause: whose fault it is, why, and how a case of it is known."""

    name: str
    who: str
    why: str
    proves: Callable[[Case], bool]


OURS = Rule("unexplained", "ours", "No rule says that another is wrong.", lambda _: True)


def _made_up(case: Case) -> bool:
    place, _, inner = case.complaint.place.partition(".")
    if place == "query":
        is_required, sent = case.parameter("query").get("required", False), case.query()
    elif place == "body" and "form" in case.content_type:
        is_required = case.member in case.resolve(case.body()[1]).get("required", ())
        sent = case.fields()
    else:
        return False
    names = {name.partition("[")[0] for name in sent} | set(case.refusal.argued.arguments)
    return bool(inner) and not is_required and case.member not in names


def _repeated(case: Case) -> bool:
    if "must be array" not in case.complaint.message or "form" not in case.content_type:
        return False
    return case.fields().get(case.member) == [as_text(one) for one in case.argument(case.member)]


def _json_part(case: Case) -> bool:
    if "must be object" not in case.complaint.message or "multipart" not in case.content_type:
        return False
    (text,) = case.fields().get(case.member, [""])
    return bool(json.loads(text) == case.argument(case.member))


def _nested_lists(case: Case) -> bool:
    if case.complaint.code != "INVALID_CONTENT_TYPE" or "JSON object array" not in str(
        case.complaint.message
    ):
        return False
    given = case.refusal.argued.arguments
    return all(
        case.is_deep(name) and members_of(case.fields(), name) == nested(value)
        for name, value in given.items()
        if any(isinstance(one, Mapping) for one in (value if isinstance(value, list) else ()))
    )


def _bracketed(case: Case) -> bool:
    value = case.argument(case.member)
    sent = case.query() if case.complaint.place.startswith("query.") else case.fields()
    is_nested = isinstance(value, Mapping | list) and case.is_deep(case.member)
    return is_nested and members_of(sent, case.member) == nested(value)


def _plus_for_space(case: Case) -> bool:
    text = case.argument(case.member)
    return (
        "Reserved characters" in case.complaint.message
        and case.content_type.startswith("application/x-www-form-urlencoded")
        and " " in text
        and case.fields()[case.member] == [text]
        and quote_plus(text).encode() in (case.prepared.body or b"")
    )


def _exploded_object(case: Case) -> bool:
    parameter = case.parameter("query")
    value = case.refusal.argued.arguments.get(parameter.get("name", ""))
    is_form = parameter.get("style", "form") == "form" and parameter.get("explode", True)
    if not isinstance(value, Mapping) or not is_form:
        return False
    return all(case.query().get(name) == [as_text(one)] for name, one in value.items())


def _both_in_path(case: Case) -> bool:
    kinds = {case.resolve(one).get("type") for one in case.schema("path").get("oneOf", ())}
    text = as_text(case.refusal.argued.arguments.get(case.parameter("path").get("name", "")))
    return case.complaint.code == "oneOf" and kinds == {"integer", "string"} and text.isdigit()


def _enum_of_other_type(case: Case) -> bool:
    schema = case.schema("query")
    values = schema.get("enum", ())
    return (
        case.complaint.code == "enum"
        and schema.get("type") == "string"
        and not any(isinstance(one, str) for one in values)
        and case.query().get(case.member, [""])[0] in map(as_text, values)
    )


def _two_content_types(case: Case) -> bool:
    wanted = case.schema("header").get("enum", ())
    consumed = case.refusal.node.get("consumes", case.root.get("consumes", ()))
    return case.member == "content-type" and not set(wanted) & set(consumed)


def _beside_reference(case: Case) -> bool:
    _, schema = case.body()
    is_3_0 = str(case.root.get("openapi", "")).startswith("3.0")
    return case.complaint.code == "required" and is_3_0 and {"$ref", "required"} <= schema.keys()


def _byte_for_binary(case: Case) -> bool:
    sent, schema = case.body()
    is_byte = case.resolve(schema).get("format") == "byte"
    words = str(case.resolve(case.refusal.node["requestBody"]).get("description", ""))
    is_raw = sent == "application/octet-stream" and "byte array of file" in words.lower()
    return case.complaint.place == "body" and is_byte and is_raw


def _closed_against_its_parts(case: Case) -> bool:
    """Whether a body requires what it forbids: no value fits it by the letter."""
    schema = case.resolve(case.body()[1])
    own = schema.get("properties", {})
    parts = [
        case.resolve(one) for word in ("allOf", "oneOf", "anyOf") for one in schema.get(word, ())
    ]
    found = case.complaint.message.rpartition("found ")[2].strip("'")
    is_listed = found not in own and any(found in part.get("properties", {}) for part in parts)
    forbids = "additional properties" in case.complaint.message and is_listed
    return bool(
        forbids
        and schema.get("additionalProperties") is False
        and set(schema.get("required", ())) - set(own)
    )


def _read_only_required(case: Case) -> bool:
    """Whether Prism misses what only answers hold, or says so of the choice around it."""
    schemas = case.root.get("components", {}).get("schemas", {}).values()
    read_only = {
        name
        for schema in schemas
        for name, one in schema.get("properties", {}).items()
        if case.resolve(one).get("readOnly") is True
    }
    missed = [
        one.place
        for one in case.refusal.complaints
        if one.code == "required" and _quoted(one.message) in read_only
    ]
    if case.complaint.place in missed and _quoted(case.complaint.message) in read_only:
        return True
    choices = [case.resolve(one) for one in case.resolve(case.body()[1]).get("oneOf", ())]
    of_choice = case.complaint.code == "oneOf" or any(
        _quoted(case.complaint.message) in one.get("required", ()) for one in choices
    )
    given = set(case.refusal.argued.arguments.get("body", ()))
    taken = [one for one in choices if set(one.get("required", ())) <= given]
    inner = any(place.startswith(f"{case.complaint.place}.") for place in missed)
    return of_choice and inner and len(taken) == 1


def _quoted(message: str) -> str:
    """Return the name that a message of Prism ends with, in quotes."""
    return message.rpartition(" ")[2].strip("'")


def _format_too_long(case: Case) -> bool:
    """Whether a value stops at its longest and so cannot be of the format that is wanted."""
    value: Any = case.refusal.argued.arguments
    for part in case.complaint.place.split(".")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return 'format "uuid"' in case.complaint.message and len(value) < 36


RULES = (
    Rule(
        "absent member", "Prism",
        "It takes a member of a form or query that was not sent, and that is not required, for an"
        " empty object, and then misses what that object requires.",
        _made_up,
    ),
    Rule(
        "repeated name", "Prism",
        "A list in a form repeats its name (style form, explode: the default). Every value is"
        " there; of equal names Prism keeps the last.",
        _repeated,
    ),
    Rule(
        "object in a part", "Prism",
        "An object in multipart/form-data is a part of JSON (OpenAPI 3.0.4, 4.8.15). The part"
        " holds exactly the argument; Prism reads every part as text.",
        _json_part,
    ),
    Rule(
        "list of objects in brackets", "Prism",
        "The document asks for deepObject, and the brackets hold exactly the argument. Prism"
        " wants a list of objects as JSON text, which the document does not say.",
        _nested_lists,
    ),
    Rule(
        "plus for space", "Prism",
        "In application/x-www-form-urlencoded a plus is a space (WHATWG URL, 5.2). Every reserved"
        " character is encoded; Prism takes the plus for one, and reads it as a space later.",
        _plus_for_space,
    ),
    Rule(
        "brackets", "Prism",
        "The document asks for deepObject, and the brackets hold exactly the argument. Deeper in"
        " it, Prism makes up members that were not sent, and does not see lists (`a[b][]`).",
        _bracketed,
    ),
    Rule(
        "object in the query", "Prism",
        "The members of an exploded object are parameters of their own (style form). All are"
        " there; Prism finds none where the schema is a choice.",
        _exploded_object,
    ),
    Rule(
        "number or text in a path", "Prism",
        "The schema is a number or a text (oneOf). A path holds text: Prism turns it into a"
        " number as well and says that both fit.",
        _both_in_path,
    ),
    Rule(
        "enum of another type", "document",
        "It wants a string, and lists numbers: no value is both. Ours sends the text of one of"
        " them, the one thing that a query can hold.",
        _enum_of_other_type,
    ),
    Rule(
        "two content types", "document",
        "It wants one Content-Type as a header and consumes another: no request has both.",
        _two_content_types,
    ),
    Rule(
        "beside a reference", "document",
        "It requires a member beside a $ref. In OpenAPI 3.0 what stands there is ignored (3.0.4,"
        " 4.8.23); Prism heeds it.",
        _beside_reference,
    ),
    Rule(
        "byte for binary", "document",
        "It says format: byte (base64) of an application/octet-stream that its own words call the"
        " byte array of a file: it means binary. Ours sends the bytes of the file.",
        _byte_for_binary,
    ),
    Rule(
        "read only and required", "Prism",
        "What is readOnly is required of answers alone (OpenAPI 3.0.4, 4.7.24.2). Inside of a"
        " choice Prism misses it in a request, and then finds no choice that fits.",
        _read_only_required,
    ),
    Rule(
        "closed against its parts", "document",
        "It says additionalProperties: false and requires members that only its allOf and oneOf"
        " list: by the letter no value fits. Ours sends what these parts list.",
        _closed_against_its_parts,
    ),
    Rule(
        "format and length", "document",
        "It wants a UUID, which has 36 characters, and allows fewer.",
        _format_too_long,
    ),
)  # fmt: skip


def blamed(refusal: Refusal, root: Mapping[str, Any]) -> list[Rule]:
    """Return the rules that explain a refusal; `OURS` is among them where one complaint is left."""
    found: dict[str, Rule] = {}
    for complaint in refusal.complaints:
        case = Case(complaint, refusal, root)
        rule = next((one for one in RULES if _proves(one, case)), OURS)
        found[rule.name] = rule
    return list(found.values())


def _proves(rule: Rule, case: Case) -> bool:
    try:
        return rule.proves(case)
    except (KeyError, IndexError, TypeError, ValueError):
        return False
