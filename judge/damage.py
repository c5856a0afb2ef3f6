"""Requests made wrong on purpose: a judge that lets them pass says nothing by letting pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dragoman.apis.http.binding import Binding
from dragoman.operation import Operation, Prepared

__all__ = ["damaged"]


def damaged(operation: Operation, prepared: Prepared) -> Iterator[tuple[str, Prepared]]:
    """Yield a request without what the operation requires, by the name of what is missing."""
    binding = operation.contract.binding
    assert isinstance(binding, Binding)
    if prepared.security and () not in prepared.security:
        yield "credential", replace(prepared, security=())
    if binding.body is not None and binding.body.required:
        headers = tuple(one for one in prepared.headers if one[0] != "Content-Type")
        yield "body", replace(prepared, body=None, headers=headers)
    if any(one.required and one.place == "query" for one in binding.parameters):
        yield "query", replace(prepared, target=prepared.target.partition("?")[0])
    required = {one.name for one in binding.parameters if one.required and one.place == "header"}
    if required:
        kept = tuple(one for one in prepared.headers if one[0] not in required)
        yield "header", replace(prepared, headers=kept)
    yield "path", replace(prepared, target=f"{binding.server}/no/such/path/here/at/all")
