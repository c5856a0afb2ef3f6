"""What changed of a description since it was accepted, and what of that breaks earlier calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from dragoman.catalog.lock import Pin
from dragoman.catalog.narrowing import Difference, Narrowing, texts_of
from dragoman.catalog.stated import Stated
from dragoman.catalog.withheld import is_same
from dragoman.operation import WHOLE_AUTH, Effect, JsonValue

__all__ = ["Change", "Kind", "Text", "arguments_of", "changes_of", "renames_of"]

_MAX_TEXTS = 100
_MAX_PAIRS = 10_000
_ALIKE = 0.6
"""How much of their names two operations share at least to count as one that was renamed."""


class Kind(StrEnum):
    """What became of an operation."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Text(NamedTuple):
    """A text that a model may read, before and now; empty where there is none."""

    where: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Change:
    """What changed of one operation, its breaking differences first."""

    id: str
    kind: Kind
    route: str
    effect: Effect
    differences: tuple[Difference, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def is_breaking(self) -> bool:
        """Whether a call that was right may now be wrong, or mean something else."""
        return self.kind is Kind.REMOVED or any(one.breaking for one in self.differences)


def changes_of(
    accepted: Mapping[str, Pin],
    reviewed: Mapping[str, Stated],
    now: Mapping[str, Stated],
    pins: Mapping[str, Pin],
    *,
    base_url: str | None,
) -> list[Change]:
    """Return the changes by operation, in the order of the ids.

    `accepted` and `pins` are what the lock file has and would have; `reviewed` and `now` are the
    operations themselves. Of one that is not in `reviewed` only that it changed can be told.
    """
    narrowing = Narrowing()
    found: list[Change] = []
    for name in sorted({*accepted, *pins}):
        old, new = accepted.get(name), pins.get(name)
        if new is None and old is not None:
            found.append(Change(name, Kind.REMOVED, old.route, old.effect))
        elif new is not None and old is None:
            found.append(Change(name, Kind.ADDED, new.route, new.effect, (), _words(now[name])))
        elif new is not None and old is not None and not is_same(old, new, base_url):
            pinned = list(_pinned_differences(old, new, base_url))
            before = reviewed.get(name)
            inner = [] if before is None else list(_differences(before, now[name], narrowing))
            texts = () if before is None else tuple(_texts(before, now[name]))
            found.append(_changed(new, [*pinned, *inner], texts))
    return found


def _changed(new: Pin, found: list[Difference], texts: tuple[Text, ...]) -> Change:
    if not found and not texts:
        found = [_breaking("it is not what was accepted, and what that was is not kept here")]
    differences = tuple(sorted(found, key=lambda one: not one.breaking))
    return Change(new.operation, Kind.CHANGED, new.route, new.effect, differences, texts)


def _pinned_differences(old: Pin, new: Pin, base_url: str | None) -> Iterator[Difference]:
    pairs = [("route", old.route, new.route), ("effect", old.effect, new.effect)]
    if base_url is None:
        pairs.append(("server", old.server or "none", new.server or "none"))
    pairs.append(("tags, which scopes go by,", ", ".join(old.tags), ", ".join(new.tags)))
    for what, one, other in pairs:
        if one != other:
            yield _breaking(f"{what} changed from {one or 'none'} to {other or 'none'}")


def _differences(before: Stated, after: Stated, narrowing: Narrowing) -> Iterator[Difference]:
    old, new = before.contract, after.contract
    if bool(old.unsupported) != bool(new.unsupported):
        if new.unsupported:
            yield _breaking(f"cannot be called any more: {new.unsupported}")
        else:
            yield Difference(breaking=False, text="can be called now, and could not before")
        return
    if old.security != new.security:
        yield _breaking(
            f"security changed from {_security(old.security)} to {_security(new.security)}"
        )
    elif before.schemes != after.schemes:
        yield _breaking("where its credential goes changed: the security scheme is another")
    yield from narrowing.between(old.input_schema, new.input_schema)
    shared = arguments_of(before) & arguments_of(after)
    if _written(before.binding, shared) != _written(after.binding, shared):
        yield _breaking("how its arguments are written into the request changed")
    if before.operation.deprecated != after.operation.deprecated:
        what = "is deprecated now" if after.operation.deprecated else "is not deprecated any more"
        yield Difference(breaking=False, text=what)


def arguments_of(stated: Stated) -> frozenset[str]:
    """Return the names of the arguments of an operation."""
    found = stated.contract.input_schema.get("properties")
    return frozenset(found if isinstance(found, Mapping) else ())


def _written(binding: JsonValue, shared: frozenset[str]) -> JsonValue:
    """Return how the arguments that are meant are written; the route is told of elsewhere."""
    if not isinstance(binding, dict):
        return binding
    kept: dict[str, JsonValue] = {}
    for key, value in binding.items():
        if key in ("members", "encodings") and isinstance(value, dict):
            kept[key] = {name: one for name, one in value.items() if name in shared}
        elif key == "parameters" and isinstance(value, list | tuple):
            parameters = [one for one in value if isinstance(one, dict)]
            kept[key] = [_written(one, shared) for one in parameters if one["argument"] in shared]
        elif key == "body" and not shared.intersection(_body_arguments(value)):
            continue
        elif key not in ("method", "path", "required"):
            kept[key] = _written(value, shared)
    return kept


def _body_arguments(body: JsonValue) -> Iterator[str]:
    if isinstance(body, dict):
        members = body.get("members")
        yield from members if isinstance(members, dict) else ()
        yield str(body.get("whole"))


def _breaking(text: str) -> Difference:
    return Difference(breaking=True, text=text)


def _security(alternatives: Sequence[Sequence[str]]) -> str:
    named = (" with ".join(one) or "none" for one in alternatives)
    return " or ".join(named).replace(WHOLE_AUTH, "all that you wrote under auth") or "none"


def _texts(before: Stated, after: Stated) -> Iterator[Text]:
    ours, theirs = _all_texts(before), _all_texts(after)
    differing = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    for name in differing[:_MAX_TEXTS]:
        yield Text(name, ours.get(name, ""), theirs.get(name, ""))


def _words(stated: Stated) -> tuple[Text, ...]:
    """Return what an operation that is new says of itself."""
    found = list(_all_texts(stated).items())[:_MAX_TEXTS]
    return tuple(Text(name, "", text) for name, text in found)


def _all_texts(stated: Stated) -> dict[str, str]:
    operation = stated.operation
    own = {"summary": operation.summary, "description": operation.description}
    schema = texts_of(stated.contract.input_schema)
    return {name: text for name, text in own.items() if text} | {
        f"arguments: {name}": text for name, text in schema.items()
    }


def renames_of(
    changes: Sequence[Change], reviewed: Mapping[str, Stated], now: Mapping[str, Stated]
) -> dict[str, str]:
    """Return which new operation seems to be which old one under another name, new to old.

    They have one route, or one method, the same arguments and names that are alike.
    """
    added = [one for one in changes if one.kind is Kind.ADDED]
    removed = [one for one in changes if one.kind is Kind.REMOVED]
    found: dict[str, str] = {}
    for score, new, old in sorted(_pairs(added, removed, reviewed, now), reverse=True):
        if score >= _ALIKE and new not in found and old not in found.values():
            found[new] = old
    return found


def _pairs(
    added: Sequence[Change],
    removed: Sequence[Change],
    reviewed: Mapping[str, Stated],
    now: Mapping[str, Stated],
) -> Iterator[tuple[float, str, str]]:
    pairs = ((new, old) for new in added for old in removed)
    for _, (new, old) in zip(range(_MAX_PAIRS), pairs, strict=False):
        if new.route == old.route:
            yield 2.0, new.id, old.id
        elif old.id in reviewed and _is_alike(reviewed[old.id], now[new.id]):
            yield SequenceMatcher(None, new.id, old.id).ratio(), new.id, old.id


def _is_alike(old: Stated, new: Stated) -> bool:
    """Whether two operations have one method and the same arguments, and there are some."""
    if old.operation.route.partition(" ")[0] != new.operation.route.partition(" ")[0]:
        return False
    ours, theirs = old.contract.input_schema, new.contract.input_schema
    return bool(ours.get("properties")) and not Narrowing().between(ours, theirs)
