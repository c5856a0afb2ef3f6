"""The same guard for clients that speak httpx2: names resolved here, every address judged.

It is built on httpcore2's pool, whose network backend is a parameter, and not on httpx2's own
transport, where the backend could only be slipped in behind a private name.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager
from typing import cast

import anyio
import httpcore2
import httpx2

from dragoman.errors import AddressRefusedError, DragomanError
from dragoman.network.address import canonical_host, parse_address
from dragoman.network.body import decoded
from dragoman.network.message import CONNECTIONS, KEEPALIVE_SECONDS, check_field
from dragoman.network.reach import Reach, refusal
from dragoman.network.resolve import Resolver, addresses_of
from dragoman.network.unlogged import unlogged
from dragoman.network.verdict import may_dial
from dragoman.network.way import Proxy, Way, proxy_refusal

__all__ = ["GuardedTransport"]

# httpx2 repeats the tree of httpcore2's exceptions under the same names.
_TRANSPORT = ("UnsupportedProtocol", "ProtocolError", "LocalProtocolError", "RemoteProtocolError")
_TIMEOUT = ("TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout")
_NETWORK = ("NetworkError", "ConnectError", "ReadError", "WriteError", "ProxyError")
_KINDS: dict[type[Exception], type[httpx2.TransportError]] = {
    getattr(httpcore2, name): getattr(httpx2, name) for name in _TRANSPORT + _TIMEOUT + _NETWORK
}

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport of one reach, with a pool of its own: see `Network.httpx2_transport`."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        way: Callable[[], Awaitable[Way]],
        reach: Reach,
        max_bytes: int,
    ) -> None:
        self._resolver = resolver
        self._way = way
        self._reach = reach
        self._max_bytes = max_bytes
        self._pools: dict[Proxy | None, httpcore2.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises `AddressRefusedError`, `CredentialError` where the proxy refuses our password,
        `ArgumentError` for a header that cannot be sent (h11 would print its value, which may be a
        key that was read with its newline), or what httpx2 raises.
        """
        address = parse_address(str(request.url))
        for name, value in request.headers.raw:
            check_field(name.decode("latin-1"), value.decode("latin-1"))
        way = await self._way()
        proxy, via = (None, "")
        if way.proxy and way.proxy.carries(address):
            proxy, via = way.proxy, way.proxy.url
            proxy.admit(address, self._reach)
            if ":" in address.host:  # httpcore2 leaves its brackets out in what it asks the proxy
                raise AddressRefusedError(
                    f"{address.shown} cannot be asked for through a proxy by this client.",
                    hint="Write a name in place of the address, or list it under no_proxy.",
                )
        try:
            with _as_httpx2(), unlogged("httpcore2"):
                answer = await self._pool(way.tls, proxy).handle_async_request(_outgoing(request))
        except _NotDialledError as refused:
            error: DragomanError = refusal(address, refused.ip)
        except httpx2.ProxyError as refused:
            if not str(refused).startswith("407"):
                raise
            error = proxy_refusal(address.shown, via, 407)
        else:
            if answer.status != 407 or proxy is None or address.scheme != "http":
                return _incoming(answer, address.shown, self._max_bytes)
            await answer.aclose()
            error = proxy_refusal(address.shown, via, 407)
        raise error

    def _pool(
        self, tls: ssl.SSLContext | None, proxy: Proxy | None
    ) -> httpcore2.AsyncConnectionPool:
        """Return the connections of the way through the proxy, or of the one without."""
        pool = self._pools.get(proxy)
        if pool is None:
            reach = proxy.reach if proxy else self._reach
            pool = self._pools[proxy] = httpcore2.AsyncConnectionPool(
                ssl_context=tls or ssl.create_default_context(),
                proxy=httpcore2.Proxy(proxy.url, headers=proxy.headers) if proxy else None,
                network_backend=_GuardedBackend(self._resolver, reach),
                max_connections=CONNECTIONS,
                keepalive_expiry=KEEPALIVE_SECONDS,
            )
        return pool

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()


class _NotDialledError(Exception):
    """The guard refused an address; none of its siblings could be connected to."""

    def __init__(self, ip: str) -> None:
        super().__init__(ip)
        self.ip = ip


class _GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Dials the addresses that it has judged; Host and SNI stay those of the request."""

    def __init__(self, resolver: Resolver, reach: Reach) -> None:
        self._resolver = resolver
        self._reach = reach
        self._dialler = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore2
        local_address: str | None = None,  # noqa: ARG002 - never given by our pool
        socket_options: Iterable[_SocketOption] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, judge and dial in turn. Raises `_NotDialledError` or httpcore2's errors."""
        try:
            with anyio.fail_after(timeout):
                return await self._connect(canonical_host(host), port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("could not be connected to in time") from None

    async def _connect(self, host: str, port: int) -> httpcore2.AsyncNetworkStream:
        private = self._reach.allows(host, port)
        fault: Exception = httpcore2.ConnectError(f"{host} has no address")
        for ip in await self._addresses(host, port):
            if not may_dial(ip, private=private):
                fault = _NotDialledError(ip)
                continue
            try:
                return await self._dialler.connect_tcp(ip, port)
            except httpcore2.ConnectError as error:
                fault = error
        raise fault

    async def _addresses(self, host: str, port: int) -> Iterable[str]:
        try:
            return await addresses_of(host, port, self._resolver)
        except OSError:
            raise httpcore2.ConnectError(f"{host} has no address") from None


class _Body(httpx2.AsyncByteStream):
    """A body as it arrives, decoded and bounded."""

    def __init__(
        self, source: AsyncIterable[bytes], coding: str, max_bytes: int, shown: str
    ) -> None:
        self._source = source
        self._pieces = decoded(source, coding=coding, max_bytes=max_bytes, shown=shown)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2():
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    yield piece

    async def aclose(self) -> None:
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()


def _outgoing(request: httpx2.Request) -> httpcore2.Request:
    """Return the request in the pool's form, asking for the codings that are undone here."""
    headers = [pair for pair in request.headers.raw if pair[0].lower() != b"accept-encoding"]
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=[*headers, (b"Accept-Encoding", b"gzip, deflate")],
        content=request.stream,
        extensions=request.extensions,
    )


def _incoming(answer: httpcore2.Response, shown: str, max_bytes: int) -> httpx2.Response:
    """Return the answer in httpx2's form, without the headers that its decoding made untrue."""
    coding = httpx2.Headers(answer.headers).get("content-encoding", "")
    untrue = {b"content-encoding", b"content-length"} if coding else set()
    stream = cast("AsyncIterable[bytes]", answer.stream)  # an asynchronous pool has no other
    return httpx2.Response(
        status_code=answer.status,
        headers=[pair for pair in answer.headers if pair[0].lower() not in untrue],
        stream=_Body(stream, coding, max_bytes, shown),
        extensions=answer.extensions,
    )


@contextmanager
def _as_httpx2() -> Iterator[None]:
    try:
        yield
    except tuple(_KINDS) as fault:
        kind = next(_KINDS[base] for base in type(fault).__mro__ if base in _KINDS)
        raise kind(str(fault)) from None
