"""The owner's rules for an API or an operation, as they are written."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationInfo

from dragoman.config.model import Model, part
from dragoman.config.values import (
    Approval,
    Expression,
    HeaderName,
    Lifetime,
    Rate,
    Seconds,
    Text,
    TextList,
    expression_of,
)

__all__ = [
    "ApiLimitSettings",
    "ApprovalSettings",
    "Asked",
    "IdempotencySettings",
    "LimitSettings",
    "OwnerSettings",
    "Ownership",
    "PageSettings",
    "Pages",
    "ReconcileSettings",
]


class LimitSettings(Model):
    """Bounds on the use of an API or operation."""

    rate: Rate | None = None
    timeout: Seconds | None = None
    """How long one call may take, with all its attempts."""
    first_byte: Seconds | None = None
    """How long the API may take until its answer begins; by default as long as all of it."""
    max_bytes: Annotated[int, Field(gt=0)] | None = None
    """The largest answer that is read, in bytes."""
    retries: Annotated[int, Field(ge=0, le=10, strict=True)] | None = None
    """How often a call is sent again that failed and may be: by default twice."""


class ApiLimitSettings(LimitSettings):
    """The same of an API, and how many calls of it there may be at once, in one process."""

    concurrency: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = None
    """How many calls may be out at once; more wait for a place."""
    queue: Annotated[int, Field(ge=0, le=100_000, strict=True)] | None = None
    """How many may wait for one; more are refused."""


class ApprovalSettings(Model):
    """A question that depends on the call, or that not everybody may answer."""

    when: Expression | None = None
    """CEL over `args`, `caller.name`, `caller.user` and `effect`; what fails to say no asks."""
    by: TextList = []
    """Who may answer; by default the owner and callers with the scope `approve`."""
    expire: Lifetime | None = None
    """How long the question stands, in place of `approvals: {expire: …}`."""


class IdempotencySettings(Model):
    """Where an API takes the key by which it knows a write again: in a header or in the body."""

    header: HeaderName | None = None
    """The header of draft-ietf-httpapi-idempotency-key, or another: Idempotency-Key."""
    body: Text | None = None
    """The member of a JSON body or form: idempotency_key."""
    keep: Seconds = 86_400.0
    """How long the API remembers a key; after that a write is not sent again by it."""


class OwnerSettings(Model):
    """Whose a thing is, where another operation has to be read to know."""

    read: Text
    """The operation of the same API that is read first."""
    args: Annotated[dict[str, Expression], Field(alias="with")] = {}
    """Its arguments, each an expression over `args` and `caller`."""
    where: Expression
    """CEL over `result`, `args` and `caller`; true means that the end user may go on."""


class ReconcileSettings(OwnerSettings):
    """How to find out whether a write happened that nobody knows of.

    `where` may also speak of `key`, under which the write was shown to the API; true means that
    it happened, and false that it did not.
    """


class PageSettings(Model):
    """Fetching the pages of a list one after another, as one answer.

    What is not said here is recognised, from the description and from the answer.
    """

    most: Annotated[int, Field(ge=2, le=100, strict=True)] = 10
    """How many pages at the most."""
    by: Literal["link", "cursor", "offset", "page"] | None = None
    items: Text | None = None
    """The member of an answer that is the list: data."""
    next: Text | None = None
    """The member of an answer that is the cursor of the next page: meta.next_cursor."""
    argument: Text | None = None
    """The argument that takes the cursor, the offset or the number of the page."""


def _asked(value: object, info: ValidationInfo) -> object:
    """Read a word, or the conditions of a question."""
    if isinstance(value, dict):
        return part(ApprovalSettings, value, info)
    if isinstance(value, ApprovalSettings) or value in get_args(Approval):
        return value
    raise ValueError("must be never, writes or always, or {when: …, by: […]}")


def _ownership(value: object, info: ValidationInfo) -> object:
    """Read a condition, or an operation to read first and a condition on what it returns."""
    if isinstance(value, dict):
        return part(OwnerSettings, value, info)
    return value if isinstance(value, OwnerSettings) else expression_of(value)


Asked = Annotated[
    Approval | ApprovalSettings,
    BeforeValidator(_asked, json_schema_input_type=Approval | ApprovalSettings),
]
Ownership = Annotated[
    str | OwnerSettings,
    BeforeValidator(_ownership, json_schema_input_type=str | OwnerSettings),
]


def _pages(value: object) -> object:
    """Read how many pages at the most, or more of it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"most": value}
    if isinstance(value, dict | PageSettings):
        return value
    raise ValueError("must be how many pages at the most, such as 10, or {most: 10, by: cursor}")


Pages = Annotated[PageSettings, BeforeValidator(_pages, json_schema_input_type=int | PageSettings)]
