"""`Network`: the one door to every socket that Dragoman opens towards others."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dragoman.clock import Clock, SystemClock
from dragoman.errors import NetworkError
from dragoman.network.message import MIB, Bounds, Request, Response
from dragoman.network.reach import Reach
from dragoman.network.resolve import Resolver, system_resolver
from dragoman.network.way import Way

if TYPE_CHECKING:
    import httpx2

    from dragoman.network.wire import Wire

__all__ = ["Network"]


class Network:
    """Guarded connections to APIs, descriptions, models, identity providers and webhooks.

    Opened lazily: the HTTP client is imported and the pools are made at the first exchange, in
    the event loop that then runs. Use it as an async context manager, or call `aclose`.

    `resolver` replaces the resolution of names, `tls` the context that judges certificates, and
    `clock` the one that `Response.seconds` is measured with. `way` finds out at the first exchange
    through which proxy it goes, for whose password is read then, and whom to trust; it stands for
    `tls`.
    """

    def __init__(
        self,
        *,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        way: Callable[[], Awaitable[Way]] | None = None,
    ) -> None:
        self._resolver = resolver

        async def straight() -> Way:
            return Way(tls=tls)

        self._find_way = way or straight
        self._way: Way | None = None
        self._clock = clock or SystemClock()
        self._wire: Wire | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def exchange(self, request: Request, *, reach: Reach, bounds: Bounds) -> Response:
        """Send one request and return the whole answer, whatever its status.

        The address is dialled as it was resolved, and only if it is public or `reach` allows it.
        Redirects are followed for GET and HEAD within one origin. Nothing is sent twice.
        Cancelling it closes the connection.

        Raises `ArgumentError` for a method or header that cannot be sent, `AddressRefusedError`
        for an address that is unusable or may not be dialled, `ResponseError` for an answer that
        is too large, cut, malformed or a redirect that is not followed, and `NetworkError`, whose
        `sent` tells whether the request may have left, for every other fault and the deadline.
        """
        way = self._way or await self._found()
        return await self._open(way).exchange(request, reach, bounds)

    def httpx2_transport(
        self, reach: Reach, *, max_bytes: int = 64 * MIB
    ) -> httpx2.AsyncBaseTransport:
        """Return a transport with the same guard for clients that speak httpx2 (OpenAI, MCP).

        It has connections of its own, which its client closes. A client that has it reads no proxy
        from the environment; one that is given `proxy` or `mounts` passes the guard by. Deadline,
        cookies and redirects are the client's: leave `follow_redirects` off.

        A refused address surfaces as `AddressRefusedError`, through the OpenAI SDK as well, which
        retries only what httpx2 raises; a header that cannot be sent as `ArgumentError`; a body
        beyond `max_bytes` (after decompression) or damaged as `ResponseError`. Other faults are
        httpx2's own, because that SDK retries by their kind.
        """
        from dragoman.network.httpx2_transport import GuardedTransport  # noqa: PLC0415

        return GuardedTransport(
            resolver=self._resolver, way=self._found, reach=reach, max_bytes=max_bytes
        )

    async def aclose(self) -> None:
        """Close all connections; exchanges under way fail. It may be called twice."""
        self._closed = True
        if self._wire is not None:
            await self._wire.aclose()

    async def _found(self) -> Way:
        if self._way is None:
            self._way = await self._find_way()
        return self._way

    def _open(self, way: Way) -> Wire:
        if self._closed:
            raise NetworkError("The network was closed.", sent=False)
        if self._wire is None:
            from dragoman.network.wire import Wire  # noqa: PLC0415

            self._wire = Wire(self._resolver, way, self._clock)
        return self._wire
