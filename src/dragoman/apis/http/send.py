"""The one place where a request leaves: the credential goes in here, and nowhere before."""

from __future__ import annotations

from urllib.parse import parse_qsl

from dragoman.apis.http.media import essence
from dragoman.apis.http.text import in_url
from dragoman.clock import Deadline
from dragoman.errors import CredentialError, NetworkError
from dragoman.network import Bounds, Network, Reach, Request
from dragoman.operation import Credential, Prepared, Received

__all__ = ["send"]

_COOKIE_BREAKERS = frozenset('";, \\')


async def send(
    prepared: Prepared,
    credential: Credential,
    deadline: Deadline,
    *,
    network: Network,
    reach: Reach,
    max_bytes: int,
    first_byte: float | None = None,
) -> Received:
    """Send a prepared request with its credential, and return what came, whatever its status.

    Raises `CredentialError` for a credential that would take the place of something else in the
    request, and what `Network.exchange` raises; its `NetworkError` says whether anything left.
    """
    seconds = deadline.remaining()
    if seconds <= 0:
        raise NetworkError(f"The time for {prepared.operation} was over.", sent=False)
    request = Request(
        prepared.method,
        _target(prepared, credential),
        _headers(prepared, credential),
        prepared.body,
    )
    bounds = Bounds(seconds, max_bytes, first_byte_seconds=first_byte)
    response = await network.exchange(request, reach=reach, bounds=bounds)
    return Received(
        status=response.status,
        media_type=essence(response.header("content-type") or ""),
        headers=response.headers,
        body=response.body,
        seconds=response.seconds,
        credential=credential.label,
        shown=credential.fingerprint,
        redirected=response.redirected,
        connect=response.connect,
        first_byte=response.first_byte,
    )


def _target(prepared: Prepared, credential: Credential) -> str:
    if not credential.query:
        return prepared.target
    path, _, query = prepared.target.partition("?")
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    pieces = [query] if query else []
    for name, value in credential.query:
        if name in names:
            raise _taken(prepared, f"the query parameter {name}")
        names.add(name)
        pieces.append(f"{in_url(name)}={in_url(value)}")
    return f"{path}?{'&'.join(pieces)}"


def _headers(prepared: Prepared, credential: Credential) -> tuple[tuple[str, str], ...]:
    headers = [pair for pair in prepared.headers if pair[0].lower() != "cookie"]
    names = {name.lower() for name, _ in headers}
    for name, value in credential.headers:
        if name.lower() in names:
            raise _taken(prepared, f"the header {name}")
        names.add(name.lower())
        headers.append((name, value))
    if cookies := _cookies(prepared, credential):
        headers.append(("Cookie", "; ".join(cookies)))
    return tuple(headers)


def _cookies(prepared: Prepared, credential: Credential) -> list[str]:
    given = [value for name, value in prepared.headers if name.lower() == "cookie"]
    names = {pair.partition("=")[0] for value in given for pair in value.split("; ")}
    for name, value in credential.cookies:
        if name in names:
            raise _taken(prepared, f"the cookie {name}")
        names.add(name)
        given.append(_cookie(prepared, name, value))
    return given


def _cookie(prepared: Prepared, name: str, value: str) -> str:
    # RFC 6265 4.1.1; the error names the cookie and never shows its value.
    if not value.isascii() or not value.isprintable() or _COOKIE_BREAKERS & set(value):
        raise CredentialError(
            f"The cookie {name} of {prepared.api} holds characters that no cookie may hold."
        )
    return f"{name}={value}"


def _taken(prepared: Prepared, what: str) -> CredentialError:
    return CredentialError(
        f"The credential of {prepared.api} would replace {what} of {prepared.operation}.",
        hint=f"Change its name under auth, or leave that argument out: apis.{prepared.api}.omit.",
    )
