"""Arguments for an operation: what it requires, and all that it takes, both as it accepts them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dragoman.errors import ArgumentError
from dragoman.operation import Operation, Prepared
from judge.draw import Impossible, Manner, draw

__all__ = ["Argued", "argued", "drawn"]

_TRIES = 32


@dataclass(frozen=True, slots=True)
class Argued:
    """Arguments with the request that they make; without one, `why` there is none."""

    form: str
    arguments: dict[str, Any]
    prepared: Prepared | None = None
    why: str = ""


def argued(operation: Operation, prepare: Callable[[dict[str, Any]], Prepared]) -> list[Argued]:
    """Return both sets; one alone where they are equal.

    `prepare` validates and builds. What it refuses is drawn again; in the end, optional
    arguments that it names are left out.
    """
    sets = [_accepted(operation, prepare, "required"), _accepted(operation, prepare, "everything")]
    return sets[:1] if sets[0].arguments == sets[1].arguments else sets


def _accepted(
    operation: Operation, prepare: Callable[[dict[str, Any]], Prepared], form: str
) -> Argued:
    why, left_out = "nothing could be drawn", set[str]()
    for arguments in drawn(operation, form):
        given = {name: value for name, value in arguments.items() if name not in left_out}
        try:
            return Argued(form, given, prepare(given))
        except ArgumentError as error:
            why = error.detail
            if form == "everything":
                left_out |= _blamed(operation, error)
    return Argued(form, {}, None, why)


def drawn(operation: Operation, form: str) -> Iterator[dict[str, Any]]:
    """Yield arguments for an operation, what it requires or everything; it may refuse them."""
    schema = operation.contract.input_schema
    for attempt in range(_TRIES):
        rng = random.Random(f"{operation.id} {form} {attempt}")  # noqa: S311 - to be repeatable
        try:
            yield draw(schema, rng, _manner(form, attempt))
        except Impossible:
            continue


def _manner(form: str, attempt: int) -> Manner:
    """Return how to draw: what cannot be had or carried is drawn more modestly later."""
    late = attempt >= _TRIES // 2
    if form == "required":
        return Manner(optional=(attempt % 4) / 8 if late else 0, items=int(late))
    return Manner(optional=0.5 if late else 1, items=1 if late else 2, rich=attempt % 2 == 0)


def _blamed(operation: Operation, error: ArgumentError) -> set[str]:
    """Return optional arguments that an error names."""
    schema: Any = operation.contract.input_schema
    named = {fault.pointer.split("/")[1] for fault in error.errors if fault.pointer}
    named |= {name for name in schema.get("properties", {}) if error.detail.startswith(f"{name} ")}
    return named - set(schema.get("required", ()))
