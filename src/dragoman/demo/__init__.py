"""Three sample APIs, programs of their own: a shop, a helpdesk and a carrier.

They import nothing of the rest, run on loopback, and hold the same small world. `serve` runs
them for a test or a demo; `python -m dragoman.demo` runs them until it is stopped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date

from dragoman.demo.keys import Credentials

__all__ = ["Addresses", "Credentials", "serve"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the APIs listen: `http://127.0.0.1:8001`, without a slash at the end."""

    shop: str
    helpdesk: str
    carrier: str

    def variables(self) -> dict[str, str]:
        """Return the environment variables that name them to the demo's configuration."""
        urls = {"SHOP": self.shop, "HELPDESK": self.helpdesk, "CARRIER": self.carrier}
        return {f"DEMO_{name}_URL": url for name, url in urls.items()}


@asynccontextmanager
async def serve(
    *,
    ports: tuple[int, int, int] = (0, 0, 0),
    host: str = "127.0.0.1",
    today: date | None = None,
    delay: float = 0.15,
    token_seconds: float = 300.0,
    credentials: Credentials | None = None,
) -> AsyncIterator[Addresses]:
    """Serve shop, helpdesk and carrier on these ports; 0 is any free one.

    The data is relative to `today` (by default it is today). `delay` is how long the carrier
    takes, in seconds; `token_seconds` how long a token of the helpdesk is good for. Raises
    `OSError` where a port is in use.
    """
    from dragoman.demo.serving import (  # noqa: PLC0415 - brings aiohttp, 0.2 s
        applications,
        clock_of,
        served,
    )

    shown = credentials or Credentials.of()
    programs = applications(clock_of(today), shown, delay, token_seconds)
    async with AsyncExitStack() as stack:
        addresses = [
            await stack.enter_async_context(served(program(), host, port))
            for program, port in zip(programs, ports, strict=True)
        ]
        yield Addresses(*addresses)
