"""Pools of guarded aiohttp connections: no socket is made for an address that may not be dialled.

There are two, each a session of its own. Connections of the public pool go to public addresses
only, and any exchange may use them. The private pool may also dial private addresses; only
exchanges whose reach allows the origin are given it. So a connection that was dialled under one
reach is never found by an exchange with another.
"""

from __future__ import annotations

import errno
import socket
import ssl
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection

from dragoman.clock import Clock
from dragoman.network.attempt import ATTEMPT
from dragoman.network.message import KEEPALIVE_SECONDS
from dragoman.network.resolve import Resolver
from dragoman.network.verdict import may_dial

if TYPE_CHECKING:
    from aiohttp.tracing import Trace

__all__ = ["open_session"]

_MAX_FIELDS = 256


def open_session(
    resolver: Resolver, tls: ssl.SSLContext | None, clock: Clock, *, private: bool
) -> aiohttp.ClientSession:
    """Return a session that keeps nothing between requests but connections."""
    connector = _GuardedConnector(
        clock,
        resolver=_ResolverAdapter(resolver),
        socket_factory=partial(_guarded_socket, private=private),
        ssl=tls or True,
        limit=0,  # in all: one API that hangs must not take the places of the others
        limit_per_host=0,  # call/places.py bounds them by API; here a line would be a second one
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        headers={
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"dragoman/{version('dragoman')}",
        },
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=ClientTimeout(total=None, sock_connect=None),  # the exchange has one deadline
        auto_decompress=False,
        trust_env=False,
        max_headers=_MAX_FIELDS,
    )
    # Private, and the only switch there is: otherwise a DELETE that meets a connection which the
    # server has just closed is sent once more (pinned by tests/network/test_aiohttp_traps.py).
    session._retry_connection = False  # noqa: SLF001
    return session


def _guarded_socket(info: AddrInfoType, *, private: bool) -> socket.socket:
    """Return the socket for an address that is about to be dialled, or refuse to make one.

    This is the one place that sees every address, also literals that no resolver is asked for.
    The error is an `OSError` because the client gathers no other kind when it tries several.
    """
    family, kind, protocol, _, target = info
    if may_dial(target[0], private=private):
        return socket.socket(family, kind, protocol)
    attempt = ATTEMPT.get()
    if attempt is not None:
        attempt.refused = target[0]
    raise OSError(errno.EACCES, "this address may not be dialled")


class _GuardedConnector(aiohttp.TCPConnector):
    """Notes when a connection is there, and reuses none on which a server spoke unasked.

    What it said would be read as the answer to the next request.
    """

    def __init__(self, clock: Clock, **options: Any) -> None:  # those of aiohttp
        super().__init__(**options)
        self._clock = clock

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the interface of the connector
    ) -> Connection:
        attempt = ATTEMPT.get()
        if attempt is not None:
            attempt.sent = attempt.redirected
        connection = await super().connect(req, traces, timeout)
        while connection.protocol is not None and len(connection.protocol) > 0:
            connection.close()
            connection = await super().connect(req, traces, timeout)
        if attempt is not None:
            attempt.sent = True
        return connection

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the interface of the connector
    ) -> ResponseHandler:
        """Connect, and note how long that took: a `TraceConfig` would cost more than the clock."""
        began = self._clock.monotonic()
        protocol = await super()._create_connection(req, traces, timeout)
        attempt = ATTEMPT.get()
        if attempt is not None:
            attempt.connect = (attempt.connect or 0.0) + self._clock.monotonic() - began
        return protocol


class _ResolverAdapter(AbstractResolver):
    """Our resolver in the form that the connector asks for."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._resolver(host, port)
        results = [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]
        if not results:
            raise OSError(None, "no address")
        return results

    async def close(self) -> None:
        """Hold nothing, so there is nothing to give back."""
