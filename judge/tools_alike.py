"""Whether a tool, with our enforcement, judges arguments as the schema of its operation does."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from dragoman.access.policy import Rules
from dragoman.call.fill import fill
from dragoman.call.validate import Validate
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ArgumentError
from dragoman.operation import Call, Operation, Tool
from judge.draw import Impossible, Manner, draw

__all__ = ["Alike", "Judge", "judged"]

_MANNERS = (Manner(0, 1), Manner(0.3, 1, rich=True), Manner(0.7, 2), Manner(1, 2))
_OTHERS = ("", "x", "y" * 6_000, 0, -1, 7, 2.5, True, [], [1], {}, {"more": 1})
_SAID_NULL = object()


@dataclass(slots=True)
class Alike:
    """What was judged.

    `refused` are valid sets that the tool's schema does not take, `otherwise` those that schema
    and enforcement judge differently: both are faults of ours. `stopped` counts the invalid ones
    that the tool's schema refuses by itself.
    """

    valid: int = 0
    invalid: int = 0
    stopped: int = 0
    refused: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)


def judged(pairs: list[tuple[Operation, Tool]], sets: int) -> Alike:
    """Draw so many sets for these operations, in turn, and as many made wrong out of them."""
    found = Alike()
    judges = [Judge(*pair) for pair in pairs]
    for number in range(max(sets, len(judges)) if judges else 0):
        judge = judges[number % len(judges)]
        rng = random.Random(f"{judge.operation.id} {number}")  # noqa: S311 - to be repeatable
        try:
            drawn = draw(judge.operation.contract.input_schema, rng, rng.choice(_MANNERS))
        except Impossible:
            drawn = {}
        for arguments in (drawn, *_wrong(drawn, rng)):
            judge.hear(arguments, found)
    return found


class Judge:
    """One operation with its tool, and the schemas of both, compiled."""

    def __init__(self, operation: Operation, tool: Tool) -> None:
        self.operation, self.tool = operation, tool
        self.form: Any = tool.shown_parameters
        self.own = _validator(operation.contract.input_schema)
        self.shown = _validator(self.form)
        self.validate = Validate()

    def hear(self, arguments: dict[str, Any], found: Alike) -> None:
        """Judge one set in both ways, and count what came of it.

        A null that no schema takes means that its member is absent, where we can tell.
        """
        said, absent = _replaced(arguments, None), _without(arguments)
        label = f"{self.operation.id}: {_short(said)}"
        meant = said if self.own.is_valid(said) else absent
        is_valid = self.own.is_valid(meant)
        written = self._with_nulls(meant, self.form) if self.tool.strict else meant
        is_shown = self.shown.is_valid(written)
        if is_valid and not is_shown:
            found.refused.append(label)
        passed = self._passed(said)
        is_alike = passed == meant if is_valid else passed is None
        if meant is not said and passed is None:
            is_alike = True  # the null was not dropped, and no schema takes it
        if self.tool.strict and (self._passed(written) == meant) is not is_valid:
            is_alike = False
        if not is_alike:
            found.otherwise.append(label)
        found.valid += is_valid
        found.invalid += not is_valid
        found.stopped += not is_valid and not is_shown

    def _passed(self, arguments: dict[str, Any]) -> Any:
        """Return the arguments that our enforcement makes of these; None where it refuses them."""
        deadline = Deadline.after(60, SystemClock())
        call = Call("judge", self.operation.id, arguments, deadline, "judge")
        try:
            filled = fill(call, self.operation, Rules())
            self.validate(filled, self.operation)
        except ArgumentError:
            return None
        return filled.arguments

    def _with_nulls(self, value: Any, schema: Any) -> Any:
        """Write a value as a strict model does: with null for each member that is absent."""
        schema = self._target(schema)
        if "anyOf" in schema:
            return self._alternative(value, schema["anyOf"])
        if isinstance(value, dict) and "properties" in schema:
            inner = schema["properties"]
            absent = {name: None for name in inner if name not in value}
            given = {n: self._with_nulls(v, inner.get(n, {})) for n, v in value.items()}
            return {**given, **absent}
        if isinstance(value, list) and "items" in schema:
            return [self._with_nulls(item, schema["items"]) for item in value]
        return value

    def _alternative(self, value: Any, branches: list[Any]) -> Any:
        for branch in branches:
            written = self._with_nulls(value, branch)
            if _validator({**branch, "$defs": self.form.get("$defs", {})}).is_valid(written):
                return written
        return value

    def _target(self, schema: Any) -> Any:
        while "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            schema = self.form["$defs"][name.replace("~1", "/").replace("~0", "~")]
        return schema


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, offline=True)


def _wrong(drawn: dict[str, Any], rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the arguments changed in one place each: most of them are not valid any more."""
    for way in rng.sample((_other, _lose, _add, _null), 2):
        changed = copy.deepcopy(drawn)
        way(changed, rng)
        yield changed


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return container and key of all that is in a value."""
    inner = list(
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [place for key, one in inner for place in [(value, key), *_places(one)]]


def _other(value: Any, rng: random.Random) -> None:
    if places := _places(value):
        container, key = rng.choice(places)
        container[key] = copy.deepcopy(rng.choice(_OTHERS))


def _lose(value: Any, rng: random.Random) -> None:
    if places := _places(value):
        container, key = rng.choice(places)
        del container[key]


def _add(value: Any, rng: random.Random) -> None:
    objects = [value, *(c[k] for c, k in _places(value) if isinstance(c[k], dict))]
    rng.choice(objects)["no_such_member"] = "x"


def _null(value: Any, rng: random.Random) -> None:
    if places := [(c, k) for c, k in _places(value) if isinstance(c, dict)]:
        container, key = rng.choice(places)
        container[key] = _SAID_NULL


def _replaced(value: Any, by: Any) -> Any:
    if isinstance(value, dict):
        return {k: _replaced(v, by) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(item, by) for item in value]
    return by if value is _SAID_NULL else value


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if v is not _SAID_NULL}
    return [_without(item) for item in value] if isinstance(value, list) else value


def _short(value: Any) -> str:
    text = repr(_replaced(value, None))
    return text if len(text) <= 300 else text[:299] + "…"
