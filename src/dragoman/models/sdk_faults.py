"""The exceptions of OpenAI's SDK, read as complaints of the server that was asked.

None of them goes further: they hold the request with its key, and the whole body of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from dragoman.models.faults import (
    CUT,
    Asked,
    Complaint,
    Failure,
    ModelUnavailableError,
    ServerFaultError,
    explain,
    plain,
)
from dragoman.models.retry import retry_after

if TYPE_CHECKING:
    from openai import APIConnectionError, APIError

__all__ = ["failure_of"]


def failure_of(error: Exception, asked: Asked, *, key: str, now: datetime) -> Failure | None:
    """Return what an error of an exchange means, None where it is none that a server caused.

    `key` is taken out of whatever the server says; `now` is what a date to wait for counts from.
    """
    from openai import APIConnectionError, APIError  # noqa: PLC0415 - imported with the client

    if isinstance(error, ServerFaultError):
        said = Complaint(code=error.code, message=plain(error.message, key))
        return explain(said, asked)
    if isinstance(error, APIConnectionError):
        return _broken_connection(error, asked)
    if isinstance(error, APIError):
        return explain(_complaint(error, key, now), asked)
    return None


def _complaint(error: APIError, key: str, now: datetime) -> Complaint:
    from openai import APIStatusError  # noqa: PLC0415 - as above

    code, message = error.code or error.type or "", plain(_message(error.body), key)
    if not isinstance(error, APIStatusError):
        return Complaint(code=code, message=message)
    wait = retry_after(error.response.headers, now)
    return Complaint(error.status_code, code, message, wait)


def _message(body: object) -> str:
    """Return what a server says, wherever it puts it; a page of HTML says nothing."""
    if isinstance(body, Mapping):
        body = body.get("message") or body.get("detail")
    if not isinstance(body, str) or body.lstrip().startswith("<"):
        return ""
    return body


def _broken_connection(error: APIConnectionError, asked: Asked) -> Failure:
    import httpx2  # noqa: PLC0415 - as above

    if not isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
        return explain(Complaint(code=CUT), asked)
    unreachable = ModelUnavailableError(
        f"{asked.server.host} could not be reached, to ask {asked.model}.",
        hint=f"Is there a server at {asked.server.base_url}?",
    )
    return Failure(unreachable, may_pass=True)
