"""What passes between web and programs: a call goes in, an answer or a refusal comes out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Answer", "Call", "RefusalError", "Work", "conflict", "not_found"]


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an operation.

    The arguments of path, query, header and body are one mapping. They are `Any` because the
    schemas of the description have checked them before. `client` is who calls; `customer` is
    whose data alone may be seen, or None where all of it may.
    """

    operation: str
    arguments: Mapping[str, Any]
    database: sqlite3.Connection
    now: datetime
    client: str
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer; `effect` names what was done to the world by it, for the counter."""

    body: object
    status: int = 200
    effect: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Work = Callable[[Call], Answer]
"""What does one operation, in one transaction."""


class RefusalError(Exception):
    """The request is not granted; `detail` says why and what would work."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def not_found(what: str, identifier: str, hint: str) -> RefusalError:
    """Return the refusal of an unknown id; also of one that the caller may not know of."""
    return RefusalError(404, "Not found", f"There is no {what} {identifier}. {hint}")


def conflict(detail: str) -> RefusalError:
    """Return the refusal of something that the state of things does not allow."""
    return RefusalError(409, "Not possible now", detail)
