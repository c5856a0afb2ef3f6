"""A toolset as documents for the GPT editor, with all that is said beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dragoman.apis.description import Description
from dragoman.config.settings import ApiSettings
from dragoman.operation import JsonValue, Operation
from dragoman.tools.actions.check import Finding
from dragoman.tools.actions.checks import examine
from dragoman.tools.actions.direct import direct
from dragoman.tools.actions.document import Published, publish
from dragoman.tools.actions.guide import Fields, Guide, guide_of, title_of
from dragoman.tools.actions.schemes import Schemes, fields_of
from dragoman.tools.actions.served import frame_of, served, server_of
from dragoman.tools.prose import bounded, plain

__all__ = ["Export", "Selection", "export"]

_MAX_ABOUT = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: a toolset with its operations, and what the owner says of them.

    `fill` gives the arguments that the owner fills; `callers` are those of the file who may use
    all of the operations.
    """

    toolset: str
    operations: Sequence[Operation]
    apis: Mapping[str, ApiSettings]
    descriptions: Mapping[str, Description]
    fill: Callable[[Operation], Mapping[str, JsonValue]]
    instructions: str = ""
    callers: Sequence[str] = ()

    @property
    def about(self) -> dict[str, str]:
        """What each API is for: in the owner's words, or else in those of its description."""
        return {
            name: api.description or _described(self.descriptions.get(name))
            for name, api in self.apis.items()
        }


@dataclass(frozen=True)
class Export:
    """The documents, why operations are in none, and the guide to them."""

    documents: tuple[Published, ...]
    left_out: Mapping[str, str]
    guide: Guide

    @cached_property
    def findings(self) -> list[Finding]:
        """What the editor would say against the documents."""
        return [finding for one in self.documents for finding in examine(one.document)]

    @property
    def losses(self) -> dict[str, tuple[str, ...]]:
        """By operation, what its action does not tell ChatGPT."""
        actions = [action for one in self.documents for action in one.actions]
        return {action.operation.id: action.losses for action in actions if action.losses}

    def as_json(self) -> dict[str, JsonValue]:
        """Return the object that `export actions --json` prints."""
        return {
            "documents": [one.document for one in self.documents],
            "guide": self.guide.as_json(),
            "operations": [
                {"operation": one.operation.id, "document": number, "losses": list(one.losses)}
                for number, published in enumerate(self.documents)
                for one in published.actions
            ],
            "left_out": [{"operation": id_, "reason": why} for id_, why in self.left_out.items()],
            "findings": [dict(finding.as_json()) for finding in self.findings],
        }


def export(selection: Selection, server: str | None) -> Export:
    """Return a toolset for our server at an address, or, without one, for the APIs' own.

    Raises `ConfigurationError` for what is no address.
    """
    title = title_of(selection.toolset)
    if server is None:
        documents, left_out = direct(
            selection.operations,
            title=title,
            about=selection.about,
            fill=selection.fill,
            schemes={
                name: Schemes(one.schemes, selection.apis[name].auth)
                for name, one in selection.descriptions.items()
            },
        )
    else:
        actions, left_out = served(selection.operations, selection.toolset, selection.fill)
        documents = publish(actions, frame_of(server_of(server), title, selection.about))
    operations = [action.operation for one in documents for action in one.actions]
    used = {operation.api for operation in operations}
    guide = guide_of(
        selection.toolset,
        operations,
        {name: api for name, api in selection.apis.items() if name in used},
        instructions=selection.instructions,
        auth=_auth(documents, selection, direct=server is None),
        documents=len(documents),
        direct=server is None,
    )
    return Export(documents, left_out, guide)


def _auth(
    documents: Sequence[Published], selection: Selection, *, direct: bool
) -> dict[str, Fields]:
    """Return the fields of each server."""
    found: dict[str, Fields] = {}
    for one in documents:
        api = one.actions[0].operation.api
        whose = f"your own, of {api}" if direct else _caller_key(selection.callers)
        server, scheme = _server_and_scheme(one)
        found[server] = fields_of(scheme, whose)
    return found


def _server_and_scheme(published: Published) -> tuple[str, Mapping[str, JsonValue]]:
    frame = published.frame
    scheme = next(iter(frame.schemes.values()), {})
    return frame.server, scheme if isinstance(scheme, Mapping) else {}


def _caller_key(callers: Sequence[str]) -> str:
    """Say where the key of a caller comes from."""
    if callers:
        return f"of the caller {callers[0]}: dragoman keys create {callers[0]}"
    return (
        "of a caller whose scopes cover these operations: write one under callers:, "
        "then dragoman keys create NAME"
    )


def _described(description: Description | None) -> str:
    if description is None:
        return ""
    return bounded(plain(description.description), _MAX_ABOUT) or bounded(description.title, 80)
