"""One exchange over HTTP, within its bounds: what `Network` does once it is open."""

from __future__ import annotations

import asyncio
import io
import ssl
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from yarl import URL

from dragoman.clock import Clock
from dragoman.errors import DragomanError, ResponseError
from dragoman.network.address import Address, parse_address
from dragoman.network.attempt import ATTEMPT, Attempt
from dragoman.network.body import decoded, too_large
from dragoman.network.faults import CLIENT_FAULTS, as_error, too_late
from dragoman.network.message import (
    MIB,
    Bounds,
    Request,
    Response,
    check_headers,
    check_method,
    shown_size,
)
from dragoman.network.pool import open_session
from dragoman.network.reach import Reach
from dragoman.network.redirect import is_redirect, next_address
from dragoman.network.resolve import Resolver
from dragoman.network.watch import watched

__all__ = ["Wire"]

_BODILESS = frozenset({204, 304})
_BARE = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_NO_TYPE = ("Content-Type",)  # which the client would invent where the request has none


@dataclass(frozen=True, slots=True, repr=False)
class _Order:
    """A request after its checks; like it, not to be printed."""

    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


class Wire:
    """The two pools of connections; belongs to one event loop."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext | None, clock: Clock) -> None:
        self._public = open_session(resolver, tls, private=False)
        self._private = open_session(resolver, tls, private=True)
        self._clock = clock

    async def exchange(self, request: Request, reach: Reach, bounds: Bounds) -> Response:
        """Send a request and return the whole answer: see `Network.exchange`."""
        order = _Order(check_method(request.method), check_headers(request.headers), request.body)
        address = parse_address(request.url)
        session = self._private if reach.allows(address.host, address.port) else self._public
        attempt = Attempt(address)
        began = self._clock.monotonic()
        limit = asyncio.timeout(bounds.seconds)
        token = ATTEMPT.set(attempt)
        try:
            async with limit:
                status, headers, body = await _follow(session, order, attempt, bounds)
        except CLIENT_FAULTS as fault:
            late = limit.expired()
            error = too_late(bounds.seconds, attempt) if late else as_error(fault, attempt)
        except DragomanError as fault:
            error = fault.with_traceback(None)
        else:
            seconds = self._clock.monotonic() - began
            return Response(status, headers, body, attempt.address.url, seconds)
        finally:
            ATTEMPT.reset(token)
        # Raised out here, so that it carries neither the client's exception nor its frames, and
        # with them the request and the headers of the answer.
        raise error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._public.close()
        await self._private.close()


_Parts = tuple[int, tuple[tuple[str, str], ...], bytes]


async def _follow(
    session: aiohttp.ClientSession, order: _Order, attempt: Attempt, bounds: Bounds
) -> _Parts:
    """Ask, and ask again where a redirect of the same origin leads."""
    left = bounds.redirects
    while True:
        answer = await _ask(session, order, attempt.address, bounds)
        attempt.answered = True
        try:
            if not is_redirect(answer.status):
                return await _received(answer, attempt.address, bounds)
            attempt.address = next_address(
                attempt.address,
                method=order.method,
                status=answer.status,
                location=answer.headers.get("Location"),
                left=left,
            )
        finally:
            if not answer.closed:  # its end was not reached, so nothing may follow on it
                answer.close()
        attempt.answered = False
        attempt.redirected = True
        left -= 1


async def _ask(
    session: aiohttp.ClientSession, order: _Order, address: Address, bounds: Bounds
) -> aiohttp.ClientResponse:
    # Query and path go in as one text: yarl would drop a `?` with nothing behind it, and
    # without `encoded` it turns `/%2e%2e/admin` into `/admin`.
    url = URL.build(
        scheme=address.scheme, authority=address.netloc, path=address.target, encoded=True
    )
    bare = order.body is None and order.method in _BARE
    return await session.request(
        order.method,
        url,
        headers=order.headers,
        data=_payload(order.body),
        allow_redirects=False,
        skip_auto_headers=None if bare else _NO_TYPE,
        max_line_size=bounds.max_header_bytes,
        max_field_size=bounds.max_header_bytes,
    )


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    # The client writes bytes at one go and warns above 1 MiB; a file it writes in pieces.
    return io.BytesIO(body) if body is not None and len(body) > MIB else body


async def _received(answer: aiohttp.ClientResponse, address: Address, bounds: Bounds) -> _Parts:
    if answer.status == 101:
        raise ResponseError(f"{address.shown} switched to another protocol, unasked.")
    if sum(len(name) + len(value) for name, value in answer.raw_headers) > bounds.max_header_bytes:
        size = shown_size(bounds.max_header_bytes)
        raise ResponseError(f"{address.shown} sent more than {size} of headers.")
    body = await _body(answer, address, bounds)
    headers = tuple((_name(name), _text(value)) for name, value in answer.raw_headers)
    return answer.status, headers, body


async def _body(answer: aiohttp.ClientResponse, address: Address, bounds: Bounds) -> bytes:
    content, coding = answer.content, ", ".join(answer.headers.getall("Content-Encoding", ()))
    if content.is_eof() and not coding:  # it came with the headers, as most do
        body = content.read_nowait()
        if len(body) > bounds.max_bytes:
            raise too_large(address.shown, bounds.max_bytes)
        return body
    if _declared(answer) > bounds.max_bytes:
        raise too_large(address.shown, bounds.max_bytes)
    pieces = decoded(
        content.iter_any(), coding=coding, max_bytes=bounds.max_bytes, shown=address.shown
    )
    with watched(answer):
        return b"".join([piece async for piece in pieces])


def _declared(answer: aiohttp.ClientResponse) -> int:
    """Return the length that the headers promise, 0 where no body comes with them."""
    if answer.method == "HEAD" or answer.status in _BODILESS:
        return 0
    return answer.content_length or 0


@lru_cache(maxsize=1024)
def _name(field: bytes) -> str:
    return _text(field).lower()


def _text(field: bytes) -> str:
    """Return a field as text: UTF-8 as servers send it, else as RFC 9110 5.5 once had it."""
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.decode("latin-1")
