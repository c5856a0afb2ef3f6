"""From an operation and arguments to the exact request: pure, and without any credential.

The arguments were validated before they come here. They are still a stranger's: nothing in this
module relies on a schema to keep a value in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import parse_qsl

from dragoman.apis.http.binding import Binding, Hole, Parameter
from dragoman.apis.http.body import Written, build_body
from dragoman.apis.http.field_name import header_fault
from dragoman.apis.http.serialize import Pair, header_value, path_text, query_pairs
from dragoman.apis.http.target import fill_path
from dragoman.apis.http.text import (
    in_cookie,
    in_header,
    in_json,
    in_query,
    in_query_reserved,
    in_url,
)
from dragoman.errors import ArgumentError, UnsupportedError
from dragoman.operation import JsonObject, JsonValue, Operation, Prepared

__all__ = ["prepare"]

MAX_TARGET = 64 * 1024
"""Bytes of an address. Servers end at 8 to 64 KiB; what is longer would be cut or refused."""

# RFC 6265 4.1.1, where the name is a token of RFC 9110 5.6.2.
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_NO_ORIGINS: Mapping[str, str] = MappingProxyType({})
_Given: TypeAlias = "list[tuple[Parameter, JsonValue]]"


def prepare(
    operation: Operation, arguments: JsonObject, *, origins: Mapping[str, str] = _NO_ORIGINS
) -> Prepared:
    """Return the request that the call makes.

    Raises `UnsupportedError` for an operation whose request cannot be built, and `ArgumentError`
    for arguments that it has no place for, and for values that the wire cannot carry unchanged.
    """
    contract = operation.contract
    if contract.unsupported:
        raise UnsupportedError(f"{operation.id} cannot be called: {contract.unsupported}.")
    binding = contract.binding
    if not isinstance(binding, Binding):
        raise UnsupportedError(f"{operation.id} is not bound to HTTP.")
    _refuse_unknown(operation, binding, arguments)
    given = _given(binding.parameters, arguments)
    body = None if binding.body is None else build_body(binding.body, arguments)
    return Prepared(
        operation=operation.id,
        api=operation.api,
        kind=operation.kind,
        effect=operation.effect,
        method=binding.method,
        target=_target(binding, given),
        headers=_headers(binding, given, body),
        body=None if body is None else body.data,
        security=contract.security,
        origins=dict(origins),
    )


def _refuse_unknown(operation: Operation, binding: Binding, arguments: JsonObject) -> None:
    known = {parameter.argument for parameter in binding.parameters}
    if binding.body is not None:
        known |= {binding.body.whole} if binding.body.whole else binding.body.members.keys()
    unknown = sorted(arguments.keys() - known)
    if unknown:
        raise ArgumentError(
            f"{operation.id} has no argument {', '.join(unknown)[:200]}.",
            hint=f"It has: {', '.join(sorted(known)) or 'none'}.",
        )


def _given(parameters: tuple[Parameter, ...], arguments: JsonObject) -> _Given:
    """Return the parameters that are sent with their values: presence decides, never truth."""
    given: _Given = []
    for parameter in parameters:
        if parameter.argument in arguments:
            given.append((parameter, arguments[parameter.argument]))
        elif parameter.fixed is not None:
            given.append((parameter, parameter.fixed))
        elif parameter.required:
            raise ArgumentError(f"{parameter.argument} is required.")
    return given


def _target(binding: Binding, given: _Given) -> str:
    texts: dict[str, str] = {}
    for parameter, value in given:
        if parameter.place == "path":
            texts[parameter.name] = _path_text(parameter, value)
    names = {p.name: p.argument for p in binding.parameters if p.place == "path"}
    for piece in binding.path:
        if isinstance(piece, Hole) and piece.name not in texts:
            raise ArgumentError(f"{names.get(piece.name, piece.name)} is required.")
    target = binding.server + fill_path(binding.path, texts, names)
    query = _query(binding, given)
    target = f"{target}?{query}" if query else target
    if len(target) > MAX_TARGET:
        raise ArgumentError(f"The address would be {len(target):,} bytes long; {MAX_TARGET:,} go.")
    return target


def _path_text(parameter: Parameter, value: JsonValue) -> str:
    if parameter.as_json:
        return in_url(in_json(value, parameter.argument))
    return path_text(parameter.name, value, parameter.style, explode=parameter.explode)


def _query(binding: Binding, given: _Given) -> str:
    pieces = [binding.query] if binding.query else []
    taken = {name: "" for name, _ in parse_qsl(binding.query, keep_blank_values=True)}
    taken |= dict.fromkeys(binding.credentials, "")
    taken |= {p.name: p.argument for p in binding.parameters if p.place == "query"}
    for parameter, value in given:
        if parameter.place != "query":
            continue
        for key, text in _pairs(parameter, value):
            _claim_name(key, parameter, taken)
            pieces.append(f"{in_url(key)}={text}")
    return "&".join(pieces)


def _claim_name(key: str, parameter: Parameter, taken: dict[str, str]) -> None:
    """Let one parameter alone write a name: the members of an object may not imitate others."""
    names = (key,) if key == parameter.name else (key, key.partition("[")[0])
    for name in names:
        if taken.setdefault(name, parameter.argument) != parameter.argument:
            raise ArgumentError(
                f"{parameter.argument} has a member {key!r}, the name of another parameter."
            )


def _pairs(parameter: Parameter, value: JsonValue) -> list[Pair]:
    # In a cookie a semicolon would end the value, so that `allowReserved` is for queries alone.
    reserved = parameter.allow_reserved and parameter.place == "query"
    encode = in_query_reserved if reserved else in_query
    if parameter.style == "cookie":
        encode = partial(in_cookie, name=parameter.argument)
    if parameter.as_json:
        return [(parameter.name, encode(in_json(value, parameter.argument)))]
    return query_pairs(parameter.name, value, parameter.style, encode, explode=parameter.explode)


def _headers(binding: Binding, given: _Given, body: Written | None) -> tuple[tuple[str, str], ...]:
    own = {parameter.name.lower() for parameter, _ in given if parameter.place == "header"}
    headers = [("Accept", binding.accept)] if binding.accept and "accept" not in own else []
    if body is not None:
        headers.append(("Content-Type", body.content_type))
    for parameter, value in given:
        if parameter.place == "header":
            headers.append((parameter.name, _header(parameter, value)))
    if cookies := "; ".join(_cookies(binding, given)):
        headers.append(("Cookie", cookies))
    return tuple(headers)


def _header(parameter: Parameter, value: JsonValue) -> str:
    if why := header_fault(parameter.name):
        raise ArgumentError(
            f"{parameter.argument} would be the header {parameter.name[:80]!r}: {why}.",
            hint=f"Leave {parameter.argument} out.",
        )
    if parameter.as_json:
        return in_header(in_json(value, parameter.argument), parameter.argument)
    return header_value(parameter.argument, value, explode=parameter.explode)


def _cookies(binding: Binding, given: _Given) -> Iterator[str]:
    """Yield the cookies; what is exploded in the style `form` has none.

    An ampersand parts no cookies (OpenAPI 3.1.1, appendix D). The style `cookie` makes a cookie
    of each item or member, and encodes nothing.
    """
    taken = {p.name: p.argument for p in binding.parameters if p.place == "cookie"}
    for parameter, value in given:
        if parameter.place != "cookie":
            continue
        pairs = _pairs(parameter, value)
        if parameter.style != "cookie" and [name for name, _ in pairs] != [parameter.name]:
            raise ArgumentError(f"{parameter.argument} cannot be written into one cookie.")
        for name, text in pairs:
            if not _COOKIE_NAME.fullmatch(name):
                raise ArgumentError(f"{name[:80]!r} is no name of a cookie.")
            _claim_name(name, parameter, taken)
            yield f"{name}={text}"
