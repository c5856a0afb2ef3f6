"""Values that nobody expects, and documents that have been tampered with, part by part."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from torture.choices import Choices
from torture.words import KEYS, NUMBERS, TEXTS

__all__ = ["as_json", "mutated", "value"]

_RAW = re.compile(r'"@@([^"@]*)@@"')

Place: TypeAlias = "tuple[Any, Any]"
"""A list or object, and the index or name of a value in it."""


def value(choices: Choices, depth: int = 0) -> Any:
    """Return a hostile value, JSON or nearly so."""
    match choices.below(12 if depth < 3 else 6):
        case 0 | 1:
            return choices.pick(TEXTS)
        case 2:
            return choices.pick(NUMBERS)
        case 3:
            return choices.pick((None, True, False, {}, []))
        case 4:
            return choices.text()
        case 5:
            return choices.pick(_LARGE)()
        case 6 | 7:
            return [value(choices, depth + 1) for _ in range(choices.below(4))]
        case _:
            count = choices.below(4)
            return {choices.pick(KEYS): value(choices, depth + 1) for _ in range(count)}


def _nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    inner: Any = {}
    for _ in range(depth):
        inner = wrap(inner)
    return inner


_LARGE: tuple[Callable[[], Any], ...] = (
    lambda: "y" * 70_000,
    lambda: ".." + "/.." * 300,
    lambda: "[" * 3_000,
    lambda: "(" * 3_000,
    lambda: "${" * 3_000,
    lambda: _nested(70, lambda inner: [inner]),
    lambda: _nested(150, lambda inner: {"a": inner}),
    lambda: _nested(300, lambda inner: [inner]),
    lambda: _nested(60, lambda inner: {"type": "array", "items": inner}),
    lambda: _nested(8, lambda inner: {"allOf": [inner, copy.deepcopy(inner)]}),
    lambda: list(range(3_000)),
    lambda: {f"k{number}": {} for number in range(500)},
)


def mutated(root: Any, choices: Choices) -> Any:
    """Return a document after one to six changes of its parts; the document itself is changed."""
    for _ in range(1 + choices.below(6)):
        places = list(_places(root))
        if not places:
            return value(choices)
        with suppress(RecursionError):  # a copy of what is nested very deeply
            choices.pick(_CHANGES)(root, places, choices)
    return root


def as_json(root: Any) -> bytes:
    """Return a document as JSON text, with numbers that no JSON writer would write."""
    try:
        text = json.dumps(root, default=lambda number: f"@@{number}@@")
    except RecursionError:
        return b"[" * 10_000
    return _RAW.sub(r"\1", text).encode()


def _places(root: Any) -> Iterator[Place]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        members = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, inner in members:
            yield node, key
            if isinstance(inner, dict | list):
                waiting.append(inner)


def _replace(_: Any, places: list[Place], choices: Choices) -> None:
    node, key = choices.pick(places)
    node[key] = value(choices)


def _delete(_: Any, places: list[Place], choices: Choices) -> None:
    node, key = choices.pick(places)
    del node[key]


def _copy(_: Any, places: list[Place], choices: Choices) -> None:
    """Put a copy of one part in the place of another."""
    (node, key), (other, name) = choices.pick(places), choices.pick(places)
    node[key] = copy.deepcopy(other[name])


def _duplicate(_: Any, places: list[Place], choices: Choices) -> None:
    node, key = choices.pick(places)
    twin = copy.deepcopy(node[key])
    if isinstance(node, list):
        node.append(twin)
    else:
        node[choices.pick(KEYS)] = twin


def _swap(_: Any, places: list[Place], choices: Choices) -> None:
    """Exchange two parts, which are copied: one may lie in the other."""
    (node, key), (other, name) = choices.pick(places), choices.pick(places)
    one, two = copy.deepcopy(node[key]), copy.deepcopy(other[name])
    node[key] = two
    other[name] = one


def _rename(_: Any, places: list[Place], choices: Choices) -> None:
    node, key = choices.pick(places)
    if isinstance(node, dict):
        new = choices.pick(KEYS) if choices.below(2) else choices.pick(TEXTS)
        node[new] = node.pop(key)


def _wrap(_: Any, places: list[Place], choices: Choices) -> None:
    node, key = choices.pick(places)
    inner = node[key]
    node[key] = [inner] if choices.below(3) == 0 else {choices.pick(KEYS): inner}


def _refer(root: Any, places: list[Place], choices: Choices) -> None:
    """Make a part a reference to another, which may contain it."""
    node, key = choices.pick(places)
    pointer, inside = "#", root
    for _ in range(choices.below(7)):
        if not isinstance(inside, dict | list) or not inside:
            break
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        name = choices.pick(keys)
        pointer += "/" + str(name).replace("~", "~0").replace("/", "~1")
        inside = inside[name]
    node[key] = {"$ref": pointer}


_CHANGES = (_replace, _replace, _delete, _copy, _duplicate, _swap, _rename, _wrap, _refer)
