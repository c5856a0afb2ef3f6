"""Actions at the API's own address: ChatGPT calls it by itself, with the API's own credential.

Only the prose of an operation is shortened. One that the editor would refuse, or that would not
reach the API as it is described, is left out with the check that it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlsplit

from dragoman.apis.http.binding import Binding, Body, Hole, Parameter
from dragoman.errors import DragomanError
from dragoman.operation import JsonObject, JsonValue, Operation
from dragoman.tools.actions.checks import check_named, examine
from dragoman.tools.actions.document import Action, Frame, Published, publish, said_of
from dragoman.tools.actions.form import Form, form_of
from dragoman.tools.actions.gathering import NotCarried
from dragoman.tools.actions.schemes import Schemes
from dragoman.tools.naming import tool_name
from dragoman.tools.slim import slim

__all__ = ["direct"]

_JSON = "application/json"
_SCHEME = "ApiCredential"
_UNFIT = {
    "any": "may be any value",
    "object-properties": "lists none",
    "circular-components": "does",
    "document-size": "is too large",
}
_NAMED_AGAIN = "another operation of the document has its operationId or its place"

Fill = Callable[[Operation], Mapping[str, JsonValue]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An action, the origin it is called at, and the schemes of which one opens it."""

    action: Action
    origin: str
    alternatives: tuple[tuple[str, ...], ...]


def direct(
    operations: Sequence[Operation],
    *,
    title: str,
    about: Mapping[str, str],
    fill: Fill,
    schemes: Mapping[str, Schemes],
) -> tuple[tuple[Published, ...], dict[str, str]]:
    """Return documents for the addresses of the APIs, and why operations are left out.

    `schemes` are those of each API. A document is of one API and one host.
    """
    left_out: dict[str, str] = {}
    groups: dict[tuple[str, str], list[_Candidate]] = {}
    for operation in operations:
        try:
            one = _candidate(operation, fill(operation))
        except NotCarried as why:
            left_out[operation.id] = str(why)
        except DragomanError as error:
            left_out[operation.id] = error.detail
        else:
            groups.setdefault((operation.api, one.origin), []).append(one)
    documents: list[Published] = []
    for (api, origin), group in groups.items():
        scheme = schemes[api].best((one.alternatives for one in group), origin)
        named = {} if scheme is None else {_SCHEME: schemes[api].described(scheme)}
        frame = Frame(origin, title, about, cast("JsonObject", named), {})
        documents += publish(_opened(group, frame, scheme, left_out), frame)
    return tuple(documents), left_out


def _opened(
    group: Sequence[_Candidate], frame: Frame, scheme: str | None, left_out: dict[str, str]
) -> list[Action]:
    """Return what opens with the scheme, or without any, and passes the checks by itself."""
    kept: list[Action] = []
    taken: set[str] = set()
    for one in group:
        action = one.action
        is_open = not one.alternatives or () in one.alternatives
        if is_open and scheme is not None and (scheme,) not in one.alternatives:
            action = replace(action, node={**action.node, "security": []})
        names = {str(action.node["operationId"]), f"{action.method} {action.path}"}
        reason = _NAMED_AGAIN if names & taken else _refusal(one, action, frame, scheme)
        if reason:
            left_out[action.operation.id] = reason
        else:
            taken |= names
            kept.append(action)
    return kept


def _refusal(one: _Candidate, action: Action, frame: Frame, scheme: str | None) -> str:
    """Return the first rule that the action would break, or nothing."""
    opening = [(), (scheme,)]
    if one.alternatives and not any(names in opening for names in one.alternatives):
        wanted = " or ".join(" with ".join(names) for names in one.alternatives)
        return f"{_rule('one-scheme')}; it needs {wanted}"
    (alone,) = publish([action], frame)
    for finding in examine(alone.document):
        return f"{_rule(finding.check.name)}; {finding.what}"
    return ""


def _rule(name: str) -> str:
    return f"{name}: {check_named(name).rule}"


def _candidate(operation: Operation, fill: Mapping[str, JsonValue]) -> _Candidate:
    contract = operation.contract
    if contract.unsupported:
        raise NotCarried(contract.unsupported)
    binding = contract.binding
    if not isinstance(binding, Binding):
        raise NotCarried("it is no call over HTTP")
    if binding.query:
        raise NotCarried("its path has a query")
    media_type = binding.body.media_type if binding.body else _JSON
    if media_type.partition(";")[0].strip().lower() != _JSON:
        raise NotCarried(f"its body is {media_type[:80]}; ChatGPT is known to send JSON alone")
    slimmed = slim(contract.input_schema)
    form = form_of(slimmed.schema)
    if filled := [name for name in fill if name in form.properties]:
        raise NotCarried(f"{filled[0]} is filled by Dragoman, which ChatGPT would go around")
    for text in form.texts:
        rule = _rule("object-properties" if text.check == "any" else text.check)
        raise NotCarried(f"{rule}; {text.at} {_UNFIT[text.check]}")
    server = urlsplit(binding.server)
    holes = [f"{{{one.name}}}" if isinstance(one, Hole) else one for one in binding.path]
    node: dict[str, JsonValue] = {"operationId": _operation_id(operation), **said_of(operation)}
    if binding.parameters:
        node["parameters"] = [_parameter(one, form) for one in binding.parameters]
    if binding.body is not None:
        node["requestBody"] = _body(binding.body, form)
    node["responses"] = {"200": {"description": "What the API answers."}}
    return _Candidate(
        Action(
            operation=operation,
            path=f"{server.path}{''.join(holes)}",
            method=binding.method.lower(),
            node=node,
            losses=(*map(str, form.losses), *slimmed.notes),
        ),
        f"{server.scheme}://{server.netloc}",
        contract.security,
    )


def _operation_id(operation: Operation) -> str:
    check = check_named("operation-id")
    probe = {"paths": {"/": {"get": {"operationId": operation.name}}}}
    return tool_name(operation.id) if any(check.breaches(probe)) else operation.name


def _parameter(parameter: Parameter, form: Form) -> JsonValue:
    if parameter.as_json:
        raise NotCarried(f"{parameter.name} goes as JSON text into the {parameter.place}")
    schema = dict(cast("JsonObject", form.properties.get(parameter.argument, {"type": "string"})))
    node: dict[str, JsonValue] = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
    }
    if "description" in schema:
        node["description"] = schema.pop("description")
    usual = "form" if parameter.place in ("query", "cookie") else "simple"
    if parameter.style != usual:
        node["style"] = parameter.style
    if parameter.explode != (parameter.style == "form"):
        node["explode"] = parameter.explode
    return {**node, "schema": schema}


def _body(body: Body, form: Form) -> JsonValue:
    schema = form.properties.get(body.whole or "", {})
    if body.whole is None:
        required = cast("Sequence[str]", form.schema.get("required", ()))
        schema = {
            "type": "object",
            "properties": {
                name: form.properties[argument]
                for argument, name in body.members.items()
                if argument in form.properties
            },
        }
        if needed := [name for argument, name in body.members.items() if argument in required]:
            schema["required"] = needed
    return {"required": body.required, "content": {_JSON: {"schema": schema}}}
