"""Every socket that Dragoman opens towards APIs, descriptions, models, identity and webhooks.

Importing this room imports no HTTP client: that happens when a `Network` is first used.
"""

from __future__ import annotations

from dragoman.network.address import Origin, origin_of
from dragoman.network.message import Bounds, Request, Response
from dragoman.network.reach import Reach
from dragoman.network.resolve import Resolver
from dragoman.network.session import Network
from dragoman.network.way import Proxy, Way, trusting

__all__ = [
    "Bounds",
    "Network",
    "Origin",
    "Proxy",
    "Reach",
    "Request",
    "Resolver",
    "Response",
    "Way",
    "origin_of",
    "trusting",
]
