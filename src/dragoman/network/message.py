"""What is exchanged: a request, a response, and the bounds within which it must happen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dragoman.errors import ArgumentError
from dragoman.network.inflate import DECODED

__all__ = [
    "CONNECTIONS",
    "KEEPALIVE_SECONDS",
    "MIB",
    "Bounds",
    "Request",
    "Response",
    "check_field",
    "check_headers",
    "check_method",
    "shown_size",
]

MIB = 1024 * 1024

CONNECTIONS = 100
"""How many connections one host and port may take; further exchanges wait for one."""

# Node and uvicorn close an idle connection after 5 s. Staying below that keeps most requests
# from meeting a connection that is just being closed, where nobody can tell whether they arrived.
KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept for the next exchange."""

# RFC 9110 5.6.2 and 5.5. A value may hold any octet but controls; tab is allowed.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")

# They frame the message or govern the connection (RFC 9110 7.6.1, RFC 9112 6): ours alone.
_FRAMING = {"host", "content-length", "transfer-encoding", "te", "trailer", "expect"}
_HOP = {"connection", "keep-alive", "upgrade", "http2-settings", "proxy-connection"}
_OURS = _FRAMING | _HOP | {"proxy-authorization"}


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request. `url` is exact and already encoded; a credential is in it when it comes here."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        """Return the method only: address, headers and body may hold a credential."""
        return f"Request({self.method})"


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """What came back: `body` is decoded (gzip, deflate), `headers` are as they came.

    Names of headers are in lower case, their order and repetitions are kept. `url` is where the
    answer came from, after redirects, if it was `redirected`; it holds the query. `seconds` is how
    long it took: `connect` of them for a new connection (name, TCP, TLS), None on one that was
    there, and `first_byte` until its headers were read. `wire_bytes` is the body's size before it
    was decoded.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    seconds: float
    connect: float | None = None
    first_byte: float | None = None
    wire_bytes: int = 0
    redirected: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None where there is none."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known == wanted), None)

    def __repr__(self) -> str:
        """Return status and size only: headers and body may echo a credential."""
        return f"Response({self.status}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an exchange may take: every one of them ends it with an error that names it.

    `seconds` is all of it: names resolved, connection, redirects, the whole body; the headers of
    the answer have to be there after `first_byte_seconds`. `max_bytes` is the body as it comes and
    once more after decompression; `max_header_bytes` all headers of one response together.
    """

    seconds: float
    max_bytes: int = 16 * MIB
    max_header_bytes: int = 64 * 1024
    redirects: int = 5
    first_byte_seconds: float | None = None


def check_method(method: str) -> str:
    """Return the method in upper case. Raises `ArgumentError` for one that cannot be sent."""
    if not _TOKEN.fullmatch(method) or method.upper() in {"CONNECT", "TRACE"}:
        raise ArgumentError(f"{method[:40]!r} is no method that can be sent.")
    return method.upper()


def check_field(name: str, value: str) -> None:
    """Raise `ArgumentError` for a name that is no token, and a value with a control character.

    The error never shows the value: it may be a secret.
    """
    if not _TOKEN.fullmatch(name):
        raise ArgumentError(f"{name[:80]!r} is no name of a header.")
    if found := _CONTROL.search(value):
        shown = f"U+{ord(found[0]):04X}"
        raise ArgumentError(f"The header {name} holds the character {shown}: not sent.")


def check_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the headers to send, each name in the spelling of its first use.

    Raises `ArgumentError` as `check_field` does, and for a header that is ours to set.
    """
    spelling: dict[str, str] = {}
    for name, value in headers:
        check_field(name, value)
        lower = name.lower()
        if lower in _OURS:
            raise ArgumentError(f"The header {name} frames the request: it is set by Dragoman.")
        if lower == "accept-encoding" and not _codings(value) <= DECODED:
            raise ArgumentError(
                "The header Accept-Encoding asks for what is not decoded here.",
                hint="It may hold gzip, deflate and identity.",
            )
        spelling.setdefault(lower, name)
    if len(spelling) == len(headers):
        return headers
    # aiohttp takes `X-A` and `x-a` for two names, and lets the second replace the first.
    return tuple((spelling[name.lower()], value) for name, value in headers)


def shown_size(count: int) -> str:
    """Return a number of bytes as people write it: `16 MiB`, `64 KiB`, `10 bytes`."""
    for unit, size in (("MiB", MIB), ("KiB", 1024)):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} bytes"


def _codings(value: str) -> set[str]:
    return {part.partition(";")[0].strip().lower() for part in value.split(",")}
