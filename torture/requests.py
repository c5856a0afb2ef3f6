"""Requests of arguments that were tampered with, read back from their bytes."""

from __future__ import annotations

import copy
from functools import cache
from random import Random
from typing import Any, cast

from judge.draw import Impossible, Manner, draw

from dragoman.apis.http.prepare import prepare
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.call.validate import Validate
from dragoman.clock import Deadline, SystemClock
from dragoman.config.settings import ApiSettings
from dragoman.operation import Call, Operation
from torture.choices import Choices
from torture.documents import documents
from torture.hostile import mutated, value
from torture.promise import expected
from torture.wire import check

__all__ = ["call", "drawn", "prepared"]

_LOCATION = "./openapi.json"
_DRAWS = 6
_VALIDATE = Validate()


def prepared(data: bytes) -> None:
    """Build requests of arguments that were tampered with, and read them back."""
    choices = Choices(data)
    number = choices.below(len(_operations()))
    operation, arguments = _operations()[number], _arguments(number, choices)
    with expected():
        if choices.below(2):
            _VALIDATE(call(operation, arguments), operation)
        request = prepare(operation, arguments)
        assert len(request.hash) == 64
        check(operation, arguments, request)


def call(operation: Operation, arguments: dict[str, Any]) -> Call:
    """Return the call of an operation with these arguments."""
    deadline = Deadline.after(60, SystemClock())
    return Call("call_1", operation.id, arguments, deadline, scope="s")


def drawn() -> None:
    """Draw what all requests begin with, which takes its time."""
    for number in range(len(_operations())):
        for seed in range(_DRAWS):
            _drawn_for(number, seed)


@cache
def _operations() -> tuple[Operation, ...]:
    """Return all operations of the unchanged documents that can be called."""
    settings = ApiSettings.model_validate({"openapi": _LOCATION, "base_url": "https://a.example/v"})
    found = [
        operation
        for text in documents(real=True)
        for operation in read(
            "api", parsed(text, _LOCATION, from_disk=True), settings
        ).operations.values()
    ]
    return tuple(operation for operation in found if not operation.contract.unsupported)


def _arguments(number: int, choices: Choices) -> dict[str, Any]:
    # A copy, because what was drawn may be a part of the schema.
    given = copy.deepcopy(_drawn_for(number, choices.below(_DRAWS)))
    binding = cast("Any", _operations()[number].contract.binding)
    for parameter in binding.parameters:
        if choices.below(3) == 1:
            given[parameter.argument] = value(choices)
    changed = mutated(given, choices) if choices.below(3) else given
    return changed if isinstance(changed, dict) else {}


@cache
def _drawn_for(number: int, seed: int) -> dict[str, Any]:
    """Return arguments that the schema of an operation asks for, or none where that is hard."""
    manner = Manner(optional=(0.2, 0.7, 1)[seed % 3], items=1 + seed % 2, rich=seed > 2)
    schema = _operations()[number].contract.input_schema
    try:
        found: dict[str, Any] = draw(schema, Random(seed), manner)  # noqa: S311 - repeatable
    except Impossible:
        return {}
    return found
