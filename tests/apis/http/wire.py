"""Operations bound to HTTP, and what a raw socket hears of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dragoman.apis.http.binding import Binding, Body, Parameter, Place, Style
from dragoman.apis.http.prepare import prepare
from dragoman.apis.http.target import parse_template
from dragoman.operation import Contract, Effect, JsonValue, Operation, Prepared

STYLES: Mapping[str, tuple[Style, bool]] = {
    "path": ("simple", False),
    "query": ("form", True),
    "header": ("simple", False),
    "cookie": ("form", True),
}


def parameter(
    place: Place, name: str, style: Style | None = None, explode: bool | None = None, **more: Any
) -> Parameter:
    """A parameter, by default in the style that OpenAPI gives its place."""
    usual, exploded = STYLES[place]
    argument = more.pop("argument", name)
    return Parameter(
        argument, name, place, style or usual, exploded if explode is None else explode, **more
    )


def operation(
    *parameters: Parameter,
    path: str = "/things",
    method: str = "GET",
    body: Body | None = None,
    server: str = "http://api.example",
    **more: Any,
) -> Operation:
    """An operation of the API `api` with these parameters."""
    binding = Binding(method, server, parse_template(path), parameters, body, **more)
    contract = Contract({"type": "object"}, (), binding)
    return Operation("api.op", "api", "op", "http", Effect.READ, read=lambda: contract)


def prepared(given: Operation, **arguments: JsonValue) -> Prepared:
    """The request that these arguments make."""
    return prepare(given, arguments)


def target(given: Operation, **arguments: JsonValue) -> str:
    """Path and query of the request that these arguments make."""
    return prepared(given, **arguments).target.removeprefix("http://api.example")


@dataclass(frozen=True)
class Heard:
    """One request as it came out of the socket."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    def header(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for known, value in self.headers if known.lower() == name.lower()]


def heard(request: bytes) -> Heard:
    """Take a request apart, strictly: lines end in CRLF, and a header has one colon and a space."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *lines = head.decode("utf-8").split("\r\n")
    headers = tuple((one.split(": ", 1)[0], one.split(": ", 1)[1]) for one in lines)
    return Heard(line, headers, body)


Exchange = Callable[..., Awaitable[Heard]]
