"""OpenAPI documents for the GPT editor: actions put together, and apart where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragoman.operation import Effect, JsonObject, JsonValue, Operation
from dragoman.tools.actions.rules_of_operations import MAX_OPERATIONS, MAX_SUMMARY
from dragoman.tools.actions.rules_of_schemas import MAX_PRETTY_BYTES, pretty_size
from dragoman.tools.actions.writing import JsonText
from dragoman.tools.prose import bounded, plain, visible

__all__ = ["Action", "Frame", "Published", "publish", "said_of"]

_MAX_ABOUT = 500
"""Characters of `info.description`."""

_MAX_SHORT = 120
_ENDINGS = {
    Effect.READ: "",
    Effect.WRITE: "This changes data.",
    Effect.DESTRUCTIVE: "This deletes or overwrites data for good.",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One operation in a document: where it stands, and its Operation Object.

    `texts` are the arguments that arrive as JSON text; `losses` what ChatGPT is not told.
    """

    operation: Operation
    path: str
    method: str
    node: JsonObject
    texts: tuple[JsonText, ...] = ()
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What all documents of one export share.

    `about` are the words of the owner on each API; `schemes` and `schemas` are components.
    """

    server: str
    title: str
    about: Mapping[str, str]
    schemes: JsonObject
    schemas: JsonObject


@dataclass(frozen=True, slots=True)
class Published:
    """One document, the actions in it, and what it shares with others."""

    document: JsonObject
    actions: tuple[Action, ...]
    frame: Frame


def publish(actions: Sequence[Action], frame: Frame) -> tuple[Published, ...]:
    """Return the documents: one, or as many as the bounds of the editor need.

    Several are filled with whole tags in the order of the catalog, so that an operation that is
    added moves others only where its tag no longer fits.
    """
    if not actions:
        return ()
    groups = _packed(actions, frame)
    titles = [frame.title] if len(groups) == 1 else _titles(groups, frame.title)
    return tuple(
        Published(_document(group, frame, title), tuple(group), frame)
        for group, title in zip(groups, titles, strict=True)
    )


def said_of(operation: Operation) -> dict[str, JsonValue]:
    """Return summary and description of an operation; what it does to the world is never cut."""
    summary, description = (visible(plain(t)) for t in (operation.summary, operation.description))
    text = description or summary or visible(operation.route) or visible(operation.name) or "It"
    ending = _ENDINGS[operation.effect]
    if operation.deprecated:
        ending = f"{ending} It is deprecated: prefer another.".strip()
    text = bounded(text, MAX_SUMMARY - len(ending) - 1)
    text = f"{text}." if text[-1:].isalnum() else text
    return {
        "summary": bounded(summary or text, _MAX_SHORT),
        "description": f"{text} {ending}".strip(),
        "x-openai-isConsequential": operation.effect is not Effect.READ,
    }


def _packed(actions: Sequence[Action], frame: Frame) -> list[list[Action]]:
    bare = pretty_size(_document((), frame, frame.title))
    left = MAX_PRETTY_BYTES - bare - _MAX_ABOUT
    sizes = {id(one): pretty_size(_document((one,), frame, frame.title)) - bare for one in actions}
    if len(actions) <= MAX_OPERATIONS and sum(sizes.values()) <= left:
        return [list(actions)]
    packed: list[list[Action]] = []
    room = 0
    for group in _by_tag(actions):
        size = sum(sizes[id(one)] for one in group)
        is_full = not packed or size > room or len(packed[-1]) + len(group) > MAX_OPERATIONS
        for one in group:
            if is_full or len(packed[-1]) == MAX_OPERATIONS or sizes[id(one)] > room:
                packed.append([])
                room, is_full = left, False
            packed[-1].append(one)
            room -= sizes[id(one)]
    return packed


def _by_tag(actions: Sequence[Action]) -> list[list[Action]]:
    groups: dict[tuple[str, str], list[Action]] = {}
    for one in actions:
        groups.setdefault((one.operation.api, _tag(one)), []).append(one)
    return list(groups.values())


def _tag(action: Action) -> str:
    return next(iter(action.operation.tags), "")


def _titles(groups: Sequence[Sequence[Action]], title: str) -> list[str]:
    return [f"{title} ({number} of {len(groups)})" for number in range(1, len(groups) + 1)]


def _document(actions: Sequence[Action], frame: Frame, title: str) -> dict[str, JsonValue]:
    paths: dict[str, dict[str, JsonValue]] = {}
    for one in actions:
        paths.setdefault(one.path, {})[one.method] = one.node
    components: dict[str, JsonValue] = {"schemas": frame.schemas}
    if frame.schemes:
        components["securitySchemes"] = frame.schemes
    document: dict[str, JsonValue] = {
        "openapi": "3.1.0",
        "info": {"title": title, "description": _about(actions, frame), "version": "1"},
        "servers": [{"url": frame.server}],
        "paths": paths,
        "components": components,
    }
    if frame.schemes:
        document["security"] = [{name: []} for name in frame.schemes]
    return document


def _about(actions: Sequence[Action], frame: Frame) -> str:
    """Say what the actions are for, by which ChatGPT judges whether they are of use."""
    apis = dict.fromkeys(one.operation.api for one in actions)
    words = " ".join(text for api in apis if (text := visible(frame.about.get(api, ""))))
    tags = ", ".join(dict.fromkeys(visible(tag)[:40] for one in actions if (tag := _tag(one))))
    text = words or f"Actions of {', '.join(apis)}."
    return bounded(f"{text} Here: {tags}." if tags else text, _MAX_ABOUT)
