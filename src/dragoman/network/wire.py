"""One exchange over HTTP, within its bounds: what `Network` does once it is open."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache

import aiohttp
from yarl import URL

from dragoman.clock import Clock
from dragoman.errors import DragomanError, ResponseError
from dragoman.network.address import Address, parse_address
from dragoman.network.attempt import ATTEMPT, Attempt, Timer
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
from dragoman.network.way import Proxy, Way, proxy_refusal

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
    proxy: Proxy | None = None


class Wire:
    """The pools of connections, two and one through a proxy; belongs to one event loop."""

    def __init__(self, resolver: Resolver, way: Way, clock: Clock) -> None:
        self._public = open_session(resolver, way.tls, clock, private=False)
        self._private = open_session(resolver, way.tls, clock, private=True)
        self._proxy = way.proxy
        # It dials the proxy and nothing else, which may be private: the owner typed it.
        self._proxied = open_session(resolver, way.tls, clock, private=True) if way.proxy else None
        self._clock = clock

    async def exchange(self, request: Request, reach: Reach, bounds: Bounds) -> Response:
        """Send a request and return the whole answer: see `Network.exchange`."""
        order = _Order(check_method(request.method), check_headers(request.headers), request.body)
        address = parse_address(request.url)
        session, order = self._session(address, reach, order)
        attempt = Attempt(address, proxy=order.proxy.url if order.proxy else "")
        timer = Timer(self._clock, bounds)
        token = ATTEMPT.set(attempt)
        try:
            async with timer.timeout:
                status, headers, body, wire = await _follow(session, order, attempt, timer)
        except CLIENT_FAULTS as fault:
            late = timer.timeout.expired()
            error = too_late(bounds, attempt) if late else as_error(fault, attempt)
        except DragomanError as fault:
            error = fault.with_traceback(None)
            error.__context__ = None
        else:
            took, url = self._clock.monotonic() - timer.began, attempt.address.url
            return Response(
                status=status,
                headers=headers,
                body=body,
                url=url,
                seconds=took,
                connect=attempt.connect,
                first_byte=attempt.first_byte,
                wire_bytes=wire,
                redirected=attempt.redirected,
            )
        finally:
            ATTEMPT.reset(token)
        # Raised out here, so that it carries neither the client's exception nor its frames, and
        # with them the request and the headers of the answer.
        raise error

    def _session(
        self, address: Address, reach: Reach, order: _Order
    ) -> tuple[aiohttp.ClientSession, _Order]:
        if self._proxy is not None and self._proxied is not None and self._proxy.carries(address):
            self._proxy.admit(address, reach)
            return self._proxied, replace(order, proxy=self._proxy)
        allowed = reach.allows(address.host, address.port)
        return (self._private if allowed else self._public), order

    async def aclose(self) -> None:
        """Close all connections."""
        await self._public.close()
        await self._private.close()
        if self._proxied is not None:
            await self._proxied.close()


_Parts = tuple[int, tuple[tuple[str, str], ...], bytes, int]


async def _follow(
    session: aiohttp.ClientSession, order: _Order, attempt: Attempt, timer: Timer
) -> _Parts:
    """Ask, and ask again where a redirect of the same origin leads."""
    bounds = timer.bounds
    left = bounds.redirects
    while True:
        answer = await _ask(session, order, attempt.address, bounds)
        attempt.answered = True
        try:
            if answer.status == 407 and order.proxy and attempt.address.scheme == "http":
                raise proxy_refusal(attempt.address.shown, order.proxy.url, 407)
            if not is_redirect(answer.status):
                timer.answered(attempt)
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
    proxy, headers = order.proxy, order.headers
    if proxy and address.scheme == "http":
        headers = (*headers, *proxy.headers)
    return await session.request(
        order.method,
        url,
        headers=headers,
        proxy=proxy.url if proxy else None,
        proxy_headers=proxy.headers if proxy and address.scheme == "https" else None,
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
    return answer.status, headers, body, answer.content.total_bytes


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
