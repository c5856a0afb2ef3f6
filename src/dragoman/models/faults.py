"""What went wrong at a server of models, said in our words.

Of the server's own words only its message is passed on, cut and without the key. The SDK's are
not: they quote whole bodies.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dragoman.errors import CredentialError, DragomanError, LimitError, ModelError
from dragoman.models.members import text

if TYPE_CHECKING:
    from dragoman.models.server import Server
    from dragoman.operation import JsonObject

__all__ = [
    "CUT",
    "MALFORMED",
    "Asked",
    "Complaint",
    "Failure",
    "ModelUnavailableError",
    "ServerFaultError",
    "explain",
    "plain",
    "reported",
]

CUT = "cut"
"""The code of an answer that ended before it was complete."""

MALFORMED = "malformed"
"""The code of an answer that makes no sense."""

_MAX_MESSAGE = 300

_BUSY = {"rate_limit_exceeded", "rate_limit_error", "slow_down"}
_BROKEN = {"server_error", "internal_server_error", "overloaded_error", "api_error"}
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}
_TOO_LONG_WORDS = re.compile(r"context (length|window|size)", re.IGNORECASE)


class ModelUnavailableError(ModelError):
    """The provider failed in a way that may pass: the same question may be asked again."""

    retryable = True


class ServerFaultError(Exception):
    """An answer that reports a fault in its body, that is cut off, or that makes no sense."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked for what, with which key by its name (`${OPENAI_API_KEY}`)."""

    server: Server
    model: str
    key: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server said of a request that it did not carry out."""

    status: int = 0
    code: str = ""
    message: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error to raise, and whether the same request may be sent again first."""

    error: DragomanError
    may_pass: bool = False
    retry_after: float | None = None


def reported(error: JsonObject) -> ServerFaultError:
    """Return the fault that an `error` object reports; some servers give a status as its code."""
    code = error.get("code") or error.get("type") or ""
    return ServerFaultError(str(code), text(error, "message"))


def plain(message: str, key: str) -> str:
    """Return a server's message fit to be shown: one line, bounded, without the key."""
    if key:
        message = message.replace(key, "[key]")
    message = re.sub(r"\bsk-[\w*.-]+", "[key]", message)
    message = re.sub(r"(https?://[^\s?#]+)[?#]\S*", r"\1", message)
    message = " ".join(message.split())
    return message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]}…"


def explain(complaint: Complaint, asked: Asked) -> Failure:
    """Return what a complaint means, by its code where it has one that is known, or its status."""
    status, code = _status(complaint), complaint.code
    host, said = asked.server.host, _quoted(complaint.message)
    if code == "insufficient_quota":
        return Failure(_no_credit(asked))
    if status in {401, 403} or code == "invalid_api_key":
        return Failure(_refused_key(status or 401, said, asked))
    if status == 429 or code in _BUSY:
        return _busy(complaint, asked)
    if status >= 500 or code in _BROKEN:
        broken = f"{host} failed ({status or code}){said}."
        error = ModelUnavailableError(broken, retry_after=complaint.retry_after)
        return Failure(error, may_pass=True, retry_after=complaint.retry_after)
    if code in _TOO_LONG or _TOO_LONG_WORDS.search(complaint.message):
        return Failure(_too_long(asked))
    if status == 404:
        return Failure(_not_found(complaint, said, asked))
    if code in {CUT, MALFORMED}:
        return _unusable(complaint, said, asked)
    return Failure(ModelError(f"{host} refused the request ({status or code or 'error'}){said}."))


def _status(complaint: Complaint) -> int:
    if complaint.status or not re.fullmatch(r"[45]\d\d", complaint.code):
        return complaint.status
    return int(complaint.code)


def _quoted(message: str) -> str:
    return f": {json.dumps(message, ensure_ascii=False)}" if message else ""


def _no_credit(asked: Asked) -> ModelError:
    return ModelError(
        f"The account of {asked.key} at {asked.server.host} has no credit left "
        "(insufficient_quota).",
        hint="Add credit, or raise the limit of its project.",
    )


def _refused_key(status: int, said: str, asked: Asked) -> CredentialError:
    # What the server says of a refused key quotes a part of it.
    said = "" if status == 401 else said
    return CredentialError(
        f"{status} from {asked.server.host} with {asked.key}: it was sent and refused{said}.",
        hint=f"Check that it is a key of {asked.server.host} and may use {asked.model}.",
    )


def _busy(complaint: Complaint, asked: Asked) -> Failure:
    wait = complaint.retry_after
    when = f"It asks to wait {round(wait, 1):g} s." if wait else "Ask again later."
    error = LimitError(
        f"{asked.server.host} limits how often {asked.model} may be asked (429).",
        hint=when,
        retry_after=wait,
    )
    return Failure(error, may_pass=True, retry_after=wait)


def _too_long(asked: Asked) -> ModelError:
    return ModelError(
        f"The conversation is longer than {asked.model} can read.",
        hint="Show it less: assistant: {result_bytes: N}, or a toolset with fewer tools.",
    )


def _not_found(complaint: Complaint, said: str, asked: Asked) -> ModelError:
    if complaint.code == "model_not_found" or "model" in complaint.message.lower():
        return ModelError(
            f"{asked.server.host} has no model {asked.model} for {asked.key}{said}.",
            hint="Check model: in the configuration.",
        )
    return ModelError(
        f"404 from {asked.server.base_url}, asked for {asked.model}{said}.",
        hint="Check base_url, which mostly ends in /v1, and whether the server speaks this "
        "interface (api: chat or responses).",
    )


def _unusable(complaint: Complaint, said: str, asked: Asked) -> Failure:
    host = asked.server.host
    if complaint.code == CUT:
        error = ModelUnavailableError(
            f"The answer of {host} was cut off: the connection closed before it was complete.",
            hint="Ask again.",
        )
        return Failure(error, may_pass=True)
    return Failure(ModelError(f"The answer of {host} could not be read{said}."))
