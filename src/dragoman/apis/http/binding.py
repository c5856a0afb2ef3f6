"""What building a request needs to know of an operation: plain data, read from a description.

Hand-written operations and those of OpenAPI documents are bound alike, so that there is one way
in which arguments become bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dragoman.operation import JsonValue

__all__ = ["Binding", "Body", "Encoding", "Hole", "Parameter", "Place", "Style"]

Place = Literal["path", "query", "header", "cookie"]
Style = Literal[
    "form",
    "spaceDelimited",
    "pipeDelimited",
    "tabDelimited",  # of Swagger 2.0 alone: `collectionFormat: tsv`
    "deepObject",
    "simple",
    "label",
    "matrix",
    "cookie",  # of OpenAPI 3.2
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter outside the body (OpenAPI Parameter Object).

    `argument` is its name in the flat arguments, `name` the one on the wire. `as_json` writes the
    value as JSON text instead of by its style. `fixed` is the one value that a required parameter
    may have; it is sent where the argument is not given.
    """

    argument: str
    name: str
    place: Place
    style: Style
    explode: bool
    required: bool = False
    allow_reserved: bool = False
    as_json: bool = False
    fixed: JsonValue = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one member of a form is written (OpenAPI Encoding Object).

    Without a `style` lists are repeated, and objects become JSON text. `content_type` is what the
    description says of a member: one media type, or several with commas. JSON writes any value as
    JSON text; the others count in multipart/form-data, where each part has its type.
    """

    style: Style | None = None
    explode: bool = True
    allow_reserved: bool = False
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """How the body is made: of one argument (`whole`), or of many (`members`, argument to name).

    `required` sends a body even where no argument of it is given.
    """

    media_type: str
    required: bool
    whole: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    encodings: Mapping[str, Encoding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a parameter in a path template, by the parameter's name on the wire."""

    name: str


Template: TypeAlias = tuple[str | Hole, ...]
"""A path in pieces: text that is encoded already, and holes."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The request of an operation with its arguments left open.

    `server` has no slash at its end, `path` begins with one; `query` is text of the path template
    behind a question mark, encoded. `accept` is the Accept header, or nothing. `credentials` are
    the query parameters that belong to the credential of the API: no argument may make them up.
    """

    method: str
    server: str
    path: Template
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    query: str = ""
    accept: str = ""
    credentials: frozenset[str] = frozenset()
