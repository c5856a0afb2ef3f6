"""What a case of the suite is: a description and arguments, and what must come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

STANDING = "application/json, */*;q=0.8"
"""The Accept header of an operation whose answers are not described."""


@dataclass(frozen=True)
class Sent:
    """One request: its line without the version, the headers of this request, and its body.

    `headers` are in their order and leave out what every request has: Host, Accept-Encoding,
    User-Agent, and the Content-Length of `body`. `{boundary}` stands for the boundary of a form
    in parts. `to` is the server that hears it: `api` or `other`.
    """

    line: str
    headers: tuple[str, ...] = ()
    body: str | bytes | None = None
    accept: str = STANDING
    to: str = "api"


@dataclass(frozen=True)
class Refused:
    """Nothing is sent: these arguments cannot be carried, and the error says so in these words."""

    words: str
    code: str = "arguments"


@dataclass(frozen=True)
class Unsupported:
    """Nothing is sent: no arguments can be carried, and the report says why in these words."""

    words: str


Expected: TypeAlias = "Sent | Refused | Unsupported"


@dataclass(frozen=True)
class Case:
    """A description, arguments, and what is expected of them.

    `described` is either one operation (`GET /things` with its object), or the name of a vendor's
    file of which `operation` is called. `root` are more members of the document. `settings` stand
    under the API in dragoman.yaml. `{api}` and `{other}` in a document and in settings stand for
    the addresses of two servers; without `base_url` among them the API is at `{api}`. `says` is
    what a reader should know: the source of what is expected, or where the two differ.
    """

    title: str
    described: Mapping[str, Any] | str
    arguments: Mapping[str, Any]
    expected: Expected
    operation: str = "op"
    root: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The document that is read, for a case that has one of its own."""
        assert not isinstance(self.described, str)
        paths: dict[str, Any] = {}
        for route, node in self.described.items():
            method, path = route.split(" ")
            paths.setdefault(path, {})[method.lower()] = {"operationId": "op", **node}
        version = {} if "swagger" in self.root else {"openapi": "3.1.1"}
        return {**version, "info": {"title": "T", "version": "1"}, "paths": paths, **self.root}


@dataclass(frozen=True)
class Section:
    """Cases that belong together; short ones are shown as a table."""

    title: str
    about: str
    cases: Sequence[Case]
    is_table: bool = False


def get(*parameters: Any, path: str = "/things", **node: Any) -> dict[str, Any]:
    """Describe a GET with these parameters."""
    return {f"GET {path}": {"parameters": list(parameters), **node}}


def parameter(place: str, name: str, schema: Any = True, **more: Any) -> dict[str, Any]:
    """Describe a parameter; one in a path is required."""
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, **required, "schema": schema, **more}


def post(schema: Any, media_type: str = "application/json", **holder: Any) -> dict[str, Any]:
    """Describe a POST with a required body."""
    body = {"required": True, "content": {media_type: {"schema": schema, **holder}}}
    return {"POST /things": {"requestBody": body}}


def object_of(**properties: Any) -> dict[str, Any]:
    """Describe an object with these properties."""
    return {"type": "object", "properties": properties}
