"""From a name to addresses, by a function that an owner or a test can replace."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import TypeAlias

__all__ = ["Resolver", "addresses_of", "system_resolver"]

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Takes host and port, gives numeric addresses in the order of preference; raises `OSError`."""


async def system_resolver(host: str, port: int) -> list[str]:
    """Resolve a name as this machine does, in a thread. Raises `OSError` if it has no address."""
    # AI_ADDRCONFIG spares attempts over IPv6 where there is none; it does not count loopback, so
    # that without another interface it would find no address for localhost.
    flags = 0 if host == "localhost" or host.endswith(".localhost") else socket.AI_ADDRCONFIG
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def addresses_of(host: str, port: int, resolver: Resolver) -> Sequence[str]:
    """Return the addresses of a canonical host: itself if it is one, else what the resolver says.

    Raises `OSError` if it has none.
    """
    try:
        return (str(ip_address(host)),)
    except ValueError:
        return await resolver(host, port)
