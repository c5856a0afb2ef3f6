"""The documents that are judged, and the copy of each that Prism is given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dragoman.config import yaml12

__all__ = ["paths_of", "read_document", "requests_only"]

_NONE = {"200": {"description": "What comes back is not judged."}}
_SECTIONS = ("schemas", "parameters", "requestBodies", "responses", "examples", "headers")


def paths_of(folder: Path, names: list[str]) -> list[Path]:
    """Return the documents of a folder, or those whose names begin with one of these."""
    found = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".yaml"})
    return [path.resolve() for path in found if not names or path.name.startswith(tuple(names))]


def read_document(path: Path) -> dict[str, Any]:
    """Return a document as its vendor publishes it."""
    text = path.read_text("utf-8")
    value: Any = json.loads(text) if path.suffix == ".json" else yaml12.parse(text, path.name)
    return dict(value)


def requests_only(root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document without its responses, and without what only they refer to.

    Prism would answer from them: with examples that it then finds wrong, with redirects, and
    with headers that no client can read. It does not start at all with those of Stripe.
    """
    named = {
        tuple(p[1:3]) for p in _pointers(root["paths"]) if p[0] == "paths" and "responses" in p
    }
    paths = {
        path: {key: _emptied(node, keep=(path, key) in named) for key, node in item.items()}
        for path, item in root["paths"].items()
    }
    bare = {key: value for key, value in root.items() if not key.startswith("x-")}
    kept = {**bare, "paths": paths, "responses": {}, "definitions": root.get("definitions", {})}
    if "swagger" not in root:
        components = {**root.get("components", {}), "callbacks": {}, "links": {}}
        kept = {**bare, "paths": paths, "webhooks": {}, "components": components}
    return _reachable(kept)


def _emptied(node: Any, *, keep: bool) -> Any:
    """Return an operation without responses, unless a request is described by one of them."""
    if not isinstance(node, dict) or "responses" not in node:
        return node
    responses = node["responses"] if keep else _NONE
    return {**{k: v for k, v in node.items() if k != "callbacks"}, "responses": responses}


def _reachable(root: dict[str, Any]) -> dict[str, Any]:
    """Drop the components that nothing refers to any more."""
    sections = root["components"] if "components" in root else {"schemas": root["definitions"]}
    named = {
        (section, name): node
        for section in _SECTIONS
        for name, node in sections.get(section, {}).items()
    }
    seen: set[tuple[str, str]] = set()
    waiting = _references(root["paths"])
    while waiting:
        found = waiting.pop()
        if found in named and found not in seen:
            seen.add(found)
            waiting |= _references(named[found])
    kept = {
        section: {name: node for name, node in nodes.items() if (section, name) in seen}
        if section in _SECTIONS
        else nodes
        for section, nodes in sections.items()
    }
    if "components" in root:
        return {**root, "components": kept}
    return {**root, "definitions": kept["schemas"]}


def _references(node: Any) -> set[tuple[str, str]]:
    """Return the components that a part of the document refers to, by section and name."""
    found = set()
    for parts in _pointers(node):
        place = parts[1:3] if parts[0] == "components" else ["schemas", *parts[1:2]]
        found.add((place[0], place[-1]))
    return found


def _pointers(node: Any) -> Iterator[list[str]]:
    """Yield the references of a part of the document within it, each in its parts."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting.extend(current)
        elif isinstance(current, dict):
            waiting.extend(current.values())
            pointer = current.get("$ref")
            if isinstance(pointer, str) and pointer.startswith("#/"):
                yield [
                    unquote(part).replace("~1", "/").replace("~0", "~")
                    for part in pointer[2:].split("/")
                ]
