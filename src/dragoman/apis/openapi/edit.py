"""Changing a document at many places at once: what stays as it was is shared, never copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Merge", "Place", "changed", "kind_of", "without"]

Place = tuple[str | int, ...]
"""The way to a value: names of members and places in lists."""

Kind = Literal["an object", "a list", "a plain value"]

_MAX_DEPTH = 100
_MAX_ITEMS = 1_000_000


def changed(document: JsonObject, places: Iterable[Place], merge: Merge) -> JsonObject:
    """Return a document with the merge done at each place; all of them must be there."""
    return cast("JsonObject", _changed(document, _tree(places), merge))


def without(document: JsonObject, places: Iterable[Place]) -> JsonObject:
    """Return a document without what is at each place; the root is none of them."""
    return cast("JsonObject", _without(document, _tree(places)))


def kind_of(value: JsonValue) -> Kind:
    """Return which of the three kinds that a merge keeps apart a value is."""
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else "a plain value"


@dataclass(slots=True)
class _Branch:
    """Selected places as a tree; `chosen` tells that the value here is one of them."""

    chosen: bool = False
    below: dict[str | int, _Branch] = field(default_factory=dict)


def _tree(places: Iterable[Place]) -> _Branch:
    root = _Branch()
    for place in places:
        branch = root
        for key in place:
            branch = branch.below.setdefault(key, _Branch())
        branch.chosen = True
    return root


def _changed(value: JsonValue, branch: _Branch, merge: Merge) -> JsonValue:
    if branch.below:
        made = _shallow_copy(value)
        for key, below in branch.below.items():
            made[key] = _changed(made[key], below, merge)
        value = made
    return merge.into(value) if branch.chosen else value


def _without(value: JsonValue, branch: _Branch) -> JsonValue:
    made = _shallow_copy(value)
    for key, below in branch.below.items():
        if not below.chosen:
            made[key] = _without(made[key], below)
    gone = {key for key, below in branch.below.items() if below.chosen}
    if isinstance(made, list):
        return [item for number, item in enumerate(made) if number not in gone]
    return {key: item for key, item in made.items() if key not in gone}


def _shallow_copy(value: JsonValue) -> Any:  # a dict or a list: a place below it was found
    return dict(value) if isinstance(value, Mapping) else list(cast("list[JsonValue]", value))


@dataclass(frozen=True, slots=True)
class Merge:
    """What an update does to a value (Overlay 1.1.0, Action Object).

    Objects are merged member by member, lists are joined, and a plain value (null is one) takes
    the place of a plain value. `at` names the update for people.
    """

    at: str
    update: JsonValue

    def into(self, target: JsonValue) -> JsonValue:
        """Return the target with the update in it; raises `DescriptionError` if it does not fit.

        Into a list goes whatever the update is: another list item by item.
        """
        if isinstance(target, list) and not isinstance(self.update, list):
            return self._joined(target, [self.update], ())
        return self._merged(target, self.update, ())

    def _merged(self, target: JsonValue, update: JsonValue, path: Place) -> JsonValue:
        if len(path) > _MAX_DEPTH:
            raise DescriptionError(f"{self.at} is nested deeper than {_MAX_DEPTH}.")
        if (kind := kind_of(target)) != (other := kind_of(update)):
            raise DescriptionError(
                f"{self._place(path)} is {other}, and what it is to be merged into is {kind}.",
                hint="Remove that in an action before this one.",
            )
        if isinstance(target, Mapping) and isinstance(update, Mapping):
            made = dict(target)
            for key, value in update.items():
                inside = key in made
                made[key] = self._merged(made[key], value, (*path, key)) if inside else value
            return made
        if isinstance(target, list) and isinstance(update, list):
            return self._joined(target, update, path)
        return update

    def _joined(
        self, target: list[JsonValue], added: list[JsonValue], path: Place
    ) -> list[JsonValue]:
        if len(target) + len(added) > _MAX_ITEMS:
            raise DescriptionError(
                f"{self._place(path)} makes a list of more than {_MAX_ITEMS:,} items."
            )
        return [*target, *added]

    def _place(self, path: Place) -> str:
        return self.at + "".join(f"[{str(key)[:60]!r}]" for key in path[-5:])
