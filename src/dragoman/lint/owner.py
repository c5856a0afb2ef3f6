"""What an owner should know of the operations that are served: text and names that mislead.

This is read from operations as a model sees them, whatever kind of API they are of, and not from
a document: `check` has no document at hand when the catalog was compiled before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from dragoman.errors import DragomanError
from dragoman.lint.rules.likeness import look_alikes
from dragoman.lint.texts import faults
from dragoman.lint.words import folded, mixed_scripts
from dragoman.operation import JsonValue, Operation
from dragoman.tools.prose import visible

__all__ = ["owner_warnings"]

_SHOWN = 5
_NAMED = 3
_MAX_VALUES = 100_000


def owner_warnings(operations: Iterable[Operation]) -> list[str]:
    """Return sentences about text that addresses the model, and names that look alike.

    At most a few are told of each API, and how many more there are.
    """
    by_api: dict[str, list[Operation]] = {}
    for one in operations:
        by_api.setdefault(one.api, []).append(one)
    told: list[str] = []
    for api, own in by_api.items():
        seen: set[int] = set()
        wrong = [f"{one.id}: {found}" for one in own for found in _wrong(one, seen)]
        told += _few(wrong, api, "texts")
        alike = [f"{api}: {one.name} {how}" for one, how in look_alikes(own)]
        told += _few(alike, api, "look-alikes")
    return [*told, *_few(list(_imitations(by_api)), "", "pairs of APIs")]


def _few(told: Sequence[str], api: str, what: str) -> list[str]:
    more = f"{len(told) - _SHOWN:,} more {what}"
    tail = [f"{api}: {more}" if api else more] if len(told) > _SHOWN else []
    return [*told[:_SHOWN], *tail]


def _wrong(operation: Operation, seen: set[int]) -> Iterator[str]:
    """Yield what is wrong with the text of an operation, each complaint once."""
    texts = _texts(operation, seen)
    found = (f"a text {wrong}" for text in texts for wrong in faults(text))
    yield from dict.fromkeys(found)


def _texts(operation: Operation, seen: set[int]) -> Iterator[str]:
    """Yield the texts that a model sees; definitions that operations share count for the first."""
    yield operation.summary
    yield operation.description
    try:
        waiting: list[JsonValue] = [operation.contract.input_schema]
    except DragomanError:
        return
    for _ in range(_MAX_VALUES):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict) and id(value) not in seen:
            seen.add(id(value))
            yield from (name for name in value if not name.isascii())
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)


def _imitations(by_api: dict[str, list[Operation]]) -> Iterator[str]:
    """Yield the pairs of APIs that a model may take for each other."""
    for api in by_api:
        if scripts := mixed_scripts(api):
            yield f"the name {api} mixes letters that look alike: {' and '.join(scripts)}"
    names = {api: {folded(one.name): one.name for one in own} for api, own in by_api.items()}
    for first, second in combinations(by_api, 2):
        if folded(first) == folded(second):
            yield f"{first} and {second} have one name but for case, separators or plural"
        common = names[first].keys() & names[second].keys()
        if common:
            shown = [names[first][name] for name in names[first] if name in common]
            more = f" and {len(shown) - _NAMED:,} more" if len(shown) > _NAMED else ""
            listed = ", ".join(visible(name) for name in islice(shown, _NAMED))
            yield f"{first} and {second} have operations of one name: {listed}{more}"
