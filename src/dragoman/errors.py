"""Every error a user can see, as an RFC 9457 problem.

An error states what was wrong and where (`detail`), whose fault it was, whether the same
call may be tried again, and what would have worked (`hint`). Nothing here may carry a secret:
details are built from references and names, never from resolved values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

__all__ = [
    "AddressRefusedError",
    "ApiError",
    "ApiLimitError",
    "ArgumentError",
    "AuthenticationError",
    "BusyError",
    "CertificateError",
    "ConfigurationError",
    "CredentialError",
    "CutAnswerError",
    "DescriptionError",
    "DragomanError",
    "FailingError",
    "Fault",
    "LimitError",
    "ModelError",
    "NetworkError",
    "NotFoundError",
    "PolicyError",
    "Problem",
    "ResponseError",
    "StoreError",
    "UnsupportedError",
]


class Fault(StrEnum):
    """Whose fault a problem is, so that the right person is sent to look."""

    MODEL = "model"
    ARGUMENTS = "arguments"
    API = "api"
    POLICY = "policy"
    CONFIGURATION = "configuration"
    US = "us"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault at one place: a JSON pointer into the input (RFC 6901) and what is wrong there."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as data (RFC 9457), the same at every door.

    `code` is stable and names the kind; `status` is the HTTP status a server would answer with;
    `retry_after` is in seconds; `rule` is the `file:line` of the owner's rule that decided.
    """

    code: str
    title: str
    detail: str
    fault: Fault
    status: int
    retryable: bool = False
    retry_after: float | None = None
    hint: str = ""
    rule: str = ""
    errors: tuple[FieldError, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the members of an `application/problem+json` object, empty ones left out."""
        members: dict[str, object] = {
            "type": f"urn:dragoman:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "fault": self.fault.value,
            "retryable": self.retryable,
        }
        if self.retry_after is not None:
            members["retry_after_s"] = self.retry_after
        if self.hint:
            members["hint"] = self.hint
        if self.rule:
            members["rule"] = self.rule
        if self.errors:
            members["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return members


class DragomanError(Exception):
    """The root of the family: catch it to catch everything that Dragoman raises on purpose.

    Each subclass is a meaning, and fixes the members of the problem that follow from it.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong inside Dragoman"
    fault: ClassVar[Fault] = Fault.US
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        hint: str = "",
        rule: str = "",
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.rule = rule
        self.errors = errors
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Return the detail and, after it, what would have worked: the line a terminal shows."""
        return f"{self.detail} {self.hint}" if self.hint else self.detail

    @property
    def problem(self) -> Problem:
        """The same as data, for outcomes, records and doors."""
        return Problem(
            code=self.code,
            title=self.title,
            detail=self.detail,
            fault=self.fault,
            status=self.status,
            retryable=self.retryable,
            retry_after=self.retry_after,
            hint=self.hint,
            rule=self.rule,
            errors=self.errors,
        )


class ConfigurationError(DragomanError):
    """The owner's file says something that cannot be, or asks for what is not enforced yet.

    `messages` holds every fault that was found, each in the form `file:line: what. Fix.`
    """

    code = "configuration"
    title = "The configuration is not usable"
    fault = Fault.CONFIGURATION

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


class DescriptionError(DragomanError):
    """A description of an API could not be read at all: unreadable, hostile, or none."""

    code = "description"
    title = "The description of an API could not be read"
    fault = Fault.CONFIGURATION


class CredentialError(DragomanError):
    """A secret is missing, or an API refused the credential that was shown to it."""

    code = "credential"
    title = "A credential is missing or was refused"
    fault = Fault.CONFIGURATION
    status = 502


class NotFoundError(DragomanError):
    """No operation, approval, call or answer of that name, or none that this caller may see."""

    code = "not-found"
    title = "There is nothing of that name"
    fault = Fault.ARGUMENTS
    status = 404


class UnsupportedError(DragomanError):
    """An operation whose request cannot be built faithfully; the detail says why."""

    code = "unsupported"
    title = "This operation cannot be called"
    fault = Fault.US
    status = 501


class ArgumentError(DragomanError):
    """Arguments that the operation does not accept; `errors` says what to change, by field."""

    code = "arguments"
    title = "The arguments are not what the operation accepts"
    fault = Fault.ARGUMENTS
    status = 422


class AuthenticationError(DragomanError):
    """Nobody known: a caller's key or token that is missing, wrong, expired or revoked."""

    code = "unauthenticated"
    title = "The caller is not known"
    fault = Fault.POLICY
    status = 401


class PolicyError(DragomanError):
    """A rule of the owner refuses this call; `rule` is the line that decided."""

    code = "refused"
    title = "The owner's rules refuse this"
    fault = Fault.POLICY
    status = 403


class AddressRefusedError(PolicyError):
    """An address that a document, redirect or name led to, and that may not be reached."""

    code = "address-refused"
    title = "This address may not be reached"


class LimitError(DragomanError):
    """A bound of ours was reached: rate, size, time or count. The detail names the bound."""

    code = "limit"
    title = "A limit was reached"
    fault = Fault.POLICY
    status = 429
    retryable = True


class BusyError(LimitError):
    """So many calls are under way, or wait, that there is no place for one more."""

    title = "Too many calls are under way"
    status = 503


class ApiLimitError(LimitError):
    """An API has said that it is asked too often; the detail names it and how long it asks for."""

    title = "The API asks to be called less often"
    fault = Fault.API


class NetworkError(DragomanError):
    """The exchange with a server failed: no connection, a reset, a timeout.

    `sent` is False only when surely no byte of the request left this process, so that a write
    did surely not happen.
    """

    code = "network"
    title = "The server could not be reached, or did not answer"
    fault = Fault.API
    status = 502
    retryable = True

    def __init__(self, detail: str, *, sent: bool, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.sent = sent


class CertificateError(NetworkError):
    """A server that could not show who it is (RFC 8446, 4.4.2): nothing was sent to it."""

    retryable = False

    def __init__(self, detail: str) -> None:
        super().__init__(detail, sent=False)


class FailingError(NetworkError):
    """An API has failed so often of late that it is left alone for a while: nothing was sent."""

    code = "failing"
    title = "The API is failing, and is left alone for a while"
    status = 503

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail, sent=False)
        self.retry_after = retry_after


class ResponseError(NetworkError):
    """A server answered with something unusable: too large, cut off, not what it says."""

    code = "response"
    title = "The answer of the server could not be used"
    retryable = False

    def __init__(self, detail: str, *, hint: str = "") -> None:
        super().__init__(detail, sent=True, hint=hint)


class CutAnswerError(ResponseError):
    """An answer that ended too soon or was damaged on its way; another may come whole."""

    retryable = True


class ApiError(DragomanError):
    """An API answered with an error status; `upstream_status` is the status it gave."""

    code = "api"
    title = "The API answered with an error"
    fault = Fault.API
    status = 502

    def __init__(
        self,
        detail: str,
        *,
        upstream_status: int,
        hint: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, hint=hint, retry_after=retry_after)
        self.upstream_status = upstream_status

    @property
    def problem(self) -> Problem:
        """As data; 429 and 5xx may be retried, and 4xx is the fault of the arguments."""
        at_fault = self.upstream_status < 500 and self.upstream_status != 429
        base = super().problem
        return Problem(
            code=base.code,
            title=base.title,
            detail=base.detail,
            fault=Fault.ARGUMENTS if at_fault else Fault.API,
            status=base.status,
            retryable=not at_fault,
            retry_after=base.retry_after,
            hint=base.hint,
        )


class ModelError(DragomanError):
    """The provider of the model failed or refused, or the model did not keep to its bounds."""

    code = "model"
    title = "The model could not answer"
    fault = Fault.MODEL
    status = 502


class StoreError(DragomanError):
    """Our own database could not be read or written; no write to an API starts without it."""

    code = "store"
    title = "The store is not usable"
    fault = Fault.US
    status = 503
    retryable = True
