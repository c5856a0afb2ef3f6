"""From the operations of a description to routes, each with the work that it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from dragoman.demo.arguments import read_arguments
from dragoman.demo.description import Operation
from dragoman.demo.program import PROGRAM
from dragoman.demo.work import Call, Work
from dragoman.demo.writing import json_response

__all__ = ["Identify", "Who", "add_operations"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who calls, and whose data alone may be seen (None: all)."""

    client: str
    customer: str | None = None


Identify = Callable[[web.Request, Operation], Who]
"""Tells who calls; raises `RefusalError` for a credential that is missing, wrong or too weak."""


def add_operations(
    app: web.Application,
    operations: Iterable[Operation],
    works: Mapping[str, Work],
    identify: Identify,
) -> None:
    """Route every operation to the work of its id; raises `KeyError` for one without."""
    for operation in operations:
        handler = _handler(operation, works[operation.id], identify)
        app.router.add_route(operation.method, operation.path, handler)


def _handler(
    operation: Operation, work: Work, identify: Identify
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        who = identify(request, operation)
        arguments = await read_arguments(request, operation)
        program = request.app[PROGRAM]
        call = Call(
            operation.id, arguments, program.database, program.now(), who.client, who.customer
        )
        answer = program.run(work, call)
        return json_response(answer.body, answer.status, headers=answer.headers)

    return handle
