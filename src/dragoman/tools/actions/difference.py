"""What was published and what would be now: told by operations, and by what breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dragoman.tools.actions.check import Node
from dragoman.tools.actions.parts import listed, mapped, operations, text

__all__ = ["Change", "compare"]

_MAX_DEPTH = 40
_PROSE = ("description", "title", "default", "example", "examples")
_ABOUT = ("summary", "description")
_CONSEQUENTIAL = "x-openai-isConsequential"


@dataclass(frozen=True, slots=True)
class Change:
    """One operation, or the whole: what became of it, and whether a GPT made before now fails."""

    kind: Literal["added", "removed", "changed"]
    subject: str
    breaks: bool
    what: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        told = f": {self.what}" if self.what else ""
        return f"{self.kind} {self.subject}{told}{' (breaks)' if self.breaks else ''}"

    def as_json(self) -> dict[str, object]:
        """Return its members for `--json`."""
        members = {"kind": self.kind, "subject": self.subject, "what": self.what}
        return {**members, "breaks": self.breaks}


def compare(published: Sequence[Node], now: Sequence[Node]) -> list[Change]:
    """Return how what would be published now differs from what was, in a fixed order.

    What was published is anybody's JSON. Prose never breaks anything.
    """
    old, new = _by_id(published), _by_id(now)
    changes = list(_whole(published, now))
    changes += [Change("removed", name, breaks=True) for name in old if name not in new]
    changes += [Change("added", name, breaks=False) for name in new if name not in old]
    for name, (place, node) in old.items():
        if name in new:
            changes += _operation(name, (place, node), new[name])
    if not changes and list(published) != list(now):
        changes.append(Change("changed", "the documents", breaks=False, what="order or components"))
    return changes


def _by_id(documents: Sequence[Node]) -> dict[str, tuple[str, Node]]:
    """Return operations by their id, each with where it is called."""
    found = {}
    for document in documents:
        for at, node in operations(document):
            path, _, method = at.removeprefix("/paths/").rpartition("/")
            place = f"{method.upper()} {path.replace('~1', '/').replace('~0', '~')}"
            found[text(node, "operationId") or place] = (place, node)
    return found


def _whole(published: Sequence[Node], now: Sequence[Node]) -> Iterator[Change]:
    if len(published) != len(now):
        what = f"{len(published)} before, {len(now)} now"
        yield Change("changed", "the number of documents", breaks=False, what=what)
    hosts = [sorted({_server(one) for one in documents}) for documents in (published, now)]
    if hosts[0] != hosts[1]:
        what = f"{', '.join(hosts[0])} became {', '.join(hosts[1])}"
        yield Change("changed", "the server", breaks=True, what=what)
    if _schemes(published) != _schemes(now):
        yield Change("changed", "the authentication", breaks=True)


def _server(document: Node) -> str:
    return text(mapped(next(iter(listed(document.get("servers"))), None)), "url")[:200]


def _schemes(documents: Sequence[Node]) -> list[Any]:
    found = [mapped(one.get("components")).get("securitySchemes") for one in documents]
    return [one for number, one in enumerate(found) if one not in found[:number]]


def _operation(name: str, old: tuple[str, Node], new: tuple[str, Node]) -> list[Change]:
    """Return one change for all that differs in an operation."""
    told: list[tuple[str, bool]] = []
    if old[0] != new[0]:
        told.append((f"{old[0]} became {new[0]}", True))
    told += _schema(_arguments(old[1]), _arguments(new[1]), "", 0)
    if old[1].get(_CONSEQUENTIAL) != new[1].get(_CONSEQUENTIAL):
        told.append(("whether ChatGPT asks before it calls", False))
    if any(old[1].get(key) != new[1].get(key) for key in _ABOUT):
        told.append(("its description", False))
    if not told and old[1] != new[1]:
        told.append(("what it answers", False))
    if not told:
        return []
    what = "; ".join(dict.fromkeys(text for text, _ in told))
    return [Change("changed", name, breaks=any(breaks for _, breaks in told), what=what)]


def _arguments(node: Node) -> Node:
    """Return parameters and body as one schema."""
    content = mapped(mapped(node.get("requestBody")).get("content"))
    body = mapped(mapped(content.get("application/json")).get("schema"))
    found = [mapped(one) for one in listed(node.get("parameters"))]
    parameters = {f"{one.get('in')} {one.get('name')}": one for one in found}
    return {
        "type": "object",
        "properties": {
            **{name: mapped(one.get("schema")) for name, one in parameters.items()},
            **mapped(body.get("properties")),
        },
        "required": [
            *(name for name, one in parameters.items() if one.get("required")),
            *listed(body.get("required")),
        ],
    }


def _schema(old: Node, new: Node, at: str, depth: int) -> Iterator[tuple[str, bool]]:
    """Yield what differs in a schema, and whether something that was right is refused now."""
    name = at or "its arguments"
    if old == new or depth > _MAX_DEPTH:
        return
    if old.get("type") != new.get("type"):
        yield f"{name} is another type", True
        return
    yield from _members(old, new, at, depth)
    if "items" in old or "items" in new:
        inner = mapped(old.get("items")), mapped(new.get("items"))
        yield from _schema(*inner, f"{at}[]", depth + 1)
    before, after = listed(old.get("enum")), listed(new.get("enum"))
    if list(before) != list(after):
        lost = [one for one in before if one not in after] if after else []
        yield f"{name} has other values", bool(lost) or not before
    known = {"type", "properties", "required", "items", "enum", *_PROSE}
    for key in sorted({*old, *new} - known, key=str):
        if old.get(key) != new.get(key):
            yield f"{name} has another {key}", key in new
    if any(old.get(key) != new.get(key) for key in _PROSE):
        yield f"the description of {name}", False


def _members(old: Node, new: Node, at: str, depth: int) -> Iterator[tuple[str, bool]]:
    before, after = mapped(old.get("properties")), mapped(new.get("properties"))
    needed_before, needed = listed(old.get("required")), listed(new.get("required"))
    for name in [*before, *(one for one in after if one not in before)]:
        place = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield f"{place} is gone", True
        elif name not in before:
            yield f"{place} is new", name in needed
        else:
            if name in needed and name not in needed_before:
                yield f"{place} is required now", True
            elif name in needed_before and name not in needed:
                yield f"{place} is optional now", False
            yield from _schema(mapped(before[name]), mapped(after[name]), place, depth + 1)
