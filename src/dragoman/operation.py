"""The nouns of the program as plain data, and nothing else.

An API is read into operations. A call names an operation and its arguments; it becomes a
prepared request, what came back is received, and what came of it is an outcome. Everything
here is frozen, holds no secret, and imports the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from dragoman.clock import Deadline
    from dragoman.errors import Problem

__all__ = [
    "OWNER",
    "WHOLE_AUTH",
    "Attempt",
    "Call",
    "Contract",
    "Credential",
    "Door",
    "Effect",
    "Headers",
    "JsonObject",
    "JsonSchema",
    "JsonValue",
    "Operation",
    "Outcome",
    "Prepared",
    "Received",
    "Scheme",
    "Status",
    "Tool",
]

JsonValue: TypeAlias = (
    "None | bool | int | float | Decimal | str | Sequence[JsonValue] | Mapping[str, JsonValue]"
)
JsonObject: TypeAlias = "Mapping[str, JsonValue]"
JsonSchema: TypeAlias = "Mapping[str, JsonValue]"
Headers: TypeAlias = "tuple[tuple[str, str], ...]"

OWNER = "owner"
"""The caller that Python and the command line act as, unless another is named."""

WHOLE_AUTH = "*"
"""In a security requirement: all that the owner wrote under `auth`, for want of a scheme's name."""

_PROCESS_KEY = os.urandom(32)

Door = Literal["python", "cli", "ask", "actions", "mcp", "openai", "management"]


class Effect(StrEnum):
    """What an operation does to the world; from the HTTP method, corrected by the owner."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


class Status(StrEnum):
    """What came of a call. The path never waits for a person or a job."""

    OK = "ok"
    FAILED = "failed"
    PREVIEWED = "previewed"
    PENDING = "pending"
    RUNNING = "running"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way in which an API wants to be shown a credential (OpenAPI Security Scheme Object).

    `kind` is apiKey, http or oauth2 and so on; `name` is the header, query or cookie name of an
    apiKey; `scheme` is `basic`, `bearer` or another of an http one; `token_url` that of the
    client-credentials flow, `authorization_url` and `code_token_url` those of the flow by code.
    """

    id: str
    kind: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
    place: Literal["", "header", "query", "cookie"] = ""
    name: str = ""
    scheme: str = ""
    token_url: str = ""
    authorization_url: str = ""
    code_token_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What an operation accepts and requires: the part that is read at first use.

    `input_schema` is one flat, closed object in JSON Schema 2020-12 that carries its own `$defs`.
    `security` lists alternatives, each a set of scheme names that are needed together; no
    alternative at all means that no credential is sent. `binding` is what the API's kind needs to
    build the request; only that kind looks inside. `changes` says where the operation differs
    from its description, `unsupported` why it cannot be called; `omitted` are the arguments that
    the owner took away.
    """

    input_schema: JsonSchema
    security: tuple[tuple[str, ...], ...]
    binding: object
    changes: tuple[str, ...] = ()
    unsupported: str = ""
    omitted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Operation:
    """One thing an API can do, whatever described it. Its id is `api.operationId`.

    `kind` names the folder in `apis/` that builds and sends its requests. `route` is the method
    and path where it has them (`GET /orders/{id}`). All but `contract` is cheap, so that a
    catalog of thousands can be listed, filtered and searched.

    `described_as` is its name in the description, under which the owner's rules for it stand;
    `name` is another one where the owner has renamed it. `takes` and `gives` are words of its
    parameters and of its answer, for search only.
    """

    id: str
    api: str
    name: str
    kind: str
    effect: Effect
    route: str = ""
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    renamed_from: str = ""
    takes: str = field(default="", repr=False)
    gives: str = field(default="", repr=False)
    read: Callable[[], Contract] = field(kw_only=True, repr=False, compare=False)

    @property
    def described_as(self) -> str:
        """The name in the description."""
        return self.renamed_from or self.name

    @cached_property
    def contract(self) -> Contract:
        """The rest of the description, read and checked at first use."""
        return self.read()


@dataclass(frozen=True, slots=True)
class Tool:
    """An operation as a model sees it; `name` is what the model calls it by.

    A `strict` tool may be shown to OpenAI as one: by `strict_parameters`, in which what is
    optional may be null instead, or by its parameters where it has no others. `notes` say what
    could not be carried over from the description, and what is done instead.
    """

    name: str
    operation: str
    description: str
    parameters: JsonSchema
    effect: Effect
    strict: bool = False
    strict_parameters: JsonSchema | None = field(default=None, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def shown_parameters(self) -> JsonSchema:
        """The parameters as OpenAI is shown them."""
        return self.parameters if self.strict_parameters is None else self.strict_parameters


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an operation.

    `origins` says of each argument where its value came from: the question, a field of an
    earlier result, the model, or the owner; it was found by comparing values. `scope` is within
    what a repeated write counts as the same one, and `same_for` for how many seconds after it was
    sent (None is for good). `budget` bounds the answer in bytes, for models. `asked_as` are the
    arguments as they were asked, where a person has changed them since.
    """

    id: str
    operation: str
    arguments: JsonObject
    deadline: Deadline
    scope: str
    same_for: float | None = None
    caller: str = OWNER
    user: str | None = None
    is_subject: bool = False
    door: Door = "python"
    origins: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    budget: int | None = None
    answer: str | None = None
    question: str = ""
    parent: str | None = None
    asked_as: JsonObject | None = None

    @property
    def known_by(self) -> JsonObject:
        """The arguments by which it is known as the same call, whatever a person has changed."""
        return self.arguments if self.asked_as is None else self.asked_as


@dataclass(frozen=True, slots=True)
class Prepared:
    """The exact request that a call makes, without any credential.

    `target` is the address as it goes out, encoded. `security` is what the operation requires,
    so that *send* can attach it, and `account` whose credential that is where there are several.
    Two prepared requests with one hash are the same request, for approval, repetition, cache and
    record alike.
    """

    operation: str
    api: str
    kind: str
    effect: Effect
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    security: tuple[tuple[str, ...], ...] = ()
    account: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 over everything that reaches the API, in hexadecimal; origins do not count."""
        account = [self.account] if self.account else []
        canonical = json.dumps(
            [
                *account,
                self.operation,
                self.kind,
                self.method,
                self.target,
                sorted([name.lower(), value] for name, value in self.headers),
                None if self.body is None else hashlib.sha256(self.body).hexdigest(),
                [list(alternative) for alternative in self.security],
            ],
            separators=(",", ":"),
            ensure_ascii=True,
        )
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Credential:
    """What we show to an API for one attempt: bound to origins, never printed.

    `label` names it without its value (`bearer ${SHOP_TOKEN}`), for errors and records.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    label: str = ""

    @property
    def fingerprint(self) -> str:
        """Tells it from any other while this process lives; it does not give the value away."""
        shown = repr((self.headers, self.query, self.cookies)).encode()
        return hashlib.blake2b(shown, digest_size=16, key=_PROCESS_KEY).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a request: how it ended, and how long its parts took, in seconds.

    `ended` is the status of the answer, or the code of the problem. `waited` is the time before
    it, for a place or until it could be tried again; `connect` is that of a new connection, None
    on one that was there; `first_byte` until the answer began; `seconds` all of the exchange.
    """

    at: datetime
    ended: str
    seconds: float
    waited: float = 0.0
    connect: float | None = None
    first_byte: float | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What an API answered; `seconds` from the first byte sent to the last one read.

    `credential` is the label of what it was shown, and `shown` its fingerprint; `connect` and
    `first_byte` are as in `Attempt`. `repeated_from` is the time of the first answer where this is
    that one again, and `repeated_of` the id of the call that got it; `reconciled` says who found
    out that it happened where its own answer was lost. `redirected` says that it came from another
    address than was asked; `cached` is `fresh` or `revalidated` for one that was kept.
    """

    status: int
    media_type: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float
    credential: str = ""
    repeated_from: datetime | None = None
    repeated_of: str = ""
    connect: float | None = None
    first_byte: float | None = None
    shown: str = field(default="", repr=False)
    redirected: bool = False
    cached: str = ""
    reconciled: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call, for whoever made it.

    `data` is the answer after *shape*; `note` says what was left out of it and how to get it;
    `total` is how many items the answer's list had before any were left out, and `handle` names
    all of it where something was; of a part that is read by a handle, `next` is where the next one
    begins. `source` is the API it came from; `approval` the id of the approval that a pending call
    waits for; `repeated_from` the time of the first outcome when this is a repeat of it; `record`
    the row of the audit log.
    """

    id: str
    operation: str
    status: Status
    data: JsonValue = None
    problem: Problem | None = None
    prepared: Prepared | None = None
    note: str = ""
    total: int | None = None
    handle: str = ""
    next: int | None = None
    source: str = ""
    approval: str | None = None
    repeated_from: datetime | None = None
    record: JsonObject = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the API did what was asked."""
        return self.status is Status.OK
