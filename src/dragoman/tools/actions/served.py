"""Actions through our own server: each is a POST, with its arguments as one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlsplit

from dragoman.errors import ConfigurationError, DragomanError
from dragoman.operation import JsonValue, Operation
from dragoman.tools.actions.document import Action, Frame, said_of
from dragoman.tools.actions.envelope import RESPONSES, SCHEMAS
from dragoman.tools.actions.form import NotCarried, form_of
from dragoman.tools.naming import tool_name
from dragoman.tools.slim import slim

__all__ = ["SCHEME", "frame_of", "served", "server_of"]

SCHEME = "DragomanKey"
_END_USER = "caller.user"
_NO_USER = (
    "{name} is filled from the end user, and a GPT with an API key has none: a call from ChatGPT "
    "could not be told from another person's"
)

Fill = Callable[[Operation], Mapping[str, JsonValue]]


def served(
    operations: Sequence[Operation], toolset: str, fill: Fill
) -> tuple[list[Action], dict[str, str]]:
    """Return the actions of operations, and why others have none.

    `fill` gives the arguments that the owner fills, and from what.
    """
    actions: dict[str, Action] = {}
    left_out: dict[str, str] = {}
    for operation in operations:
        try:
            action = _action(operation, toolset, fill(operation))
        except NotCarried as why:
            left_out[operation.id] = str(why)
        except DragomanError as error:
            left_out[operation.id] = error.detail
        else:
            first = actions.setdefault(action.path, action)
            if first is not action:
                reason = f"its action would be named as that of {first.operation.id}"
                left_out[operation.id] = reason
    return list(actions.values()), left_out


def _action(operation: Operation, toolset: str, fill: Mapping[str, JsonValue]) -> Action:
    contract = operation.contract
    if contract.unsupported:
        raise NotCarried(contract.unsupported)
    properties = contract.input_schema.get("properties")
    for filled, source in fill.items():
        if source == _END_USER and isinstance(properties, Mapping) and filled in properties:
            raise NotCarried(_NO_USER.format(name=filled))
    slimmed = slim(contract.input_schema, without=fill)
    form, name = form_of(slimmed.schema), tool_name(operation.id)
    node: dict[str, JsonValue] = {"operationId": name, **said_of(operation)}
    if form.properties:
        node["requestBody"] = {
            "required": bool(form.schema.get("required")),
            "content": {"application/json": {"schema": form.schema}},
        }
    return Action(
        operation=operation,
        path=f"/actions/{quote(toolset, safe='')}/{name}",
        method="post",
        node={**node, "responses": RESPONSES},
        texts=form.texts,
        losses=(*map(str, form.losses), *slimmed.notes),
    )


def frame_of(server: str, title: str, about: Mapping[str, str]) -> Frame:
    """Return the frame of documents for our server: its key is a bearer token."""
    schemes: dict[str, JsonValue] = {SCHEME: {"type": "http", "scheme": "bearer"}}
    return Frame(server, title, about, schemes, SCHEMAS)


def server_of(url: str) -> str:
    """Return the address of a server as it is published; raises `ConfigurationError` for none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ConfigurationError(
            f"--server {url[:120]} is no address. Write the public one, https://api.example.com"
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"--server {url[:120]} has a query or fragment: leave it out.")
    is_usual = port in (None, {"http": 80, "https": 443}[parts.scheme.lower()])
    host = parts.hostname if is_usual else f"{parts.hostname}:{port}"
    return f"{parts.scheme.lower()}://{host}{parts.path.rstrip('/')}"
