"""Running the three sample APIs beside a command: a process of their own that ends with ours."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dragoman.errors import NetworkError
from dragoman.network import Bounds, Network, Reach, Request

__all__ = ["SampleApis", "sample_apis"]

_SECONDS = 30.0
_COMMAND = ("-m", "dragoman.demo", "--json")
_PORTS = ("--shop-port", "0", "--helpdesk-port", "0", "--carrier-port", "0")


@dataclass(frozen=True, slots=True)
class SampleApis:
    """Where they are; `variables` are those of the demo's configuration, `secrets` among them."""

    shop: str
    helpdesk: str
    carrier: str
    variables: Mapping[str, str] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)

    async def effects(self) -> Mapping[str, int]:
        """Return what really happened at the shop, by its own count."""
        url = f"{self.shop}/_demo/effects"
        async with Network() as network:
            response = await network.exchange(
                Request("GET", url), reach=Reach.of(urls=[url]), bounds=Bounds(_SECONDS)
            )
        counts: Mapping[str, int] = json.loads(response.body)
        return counts


@asynccontextmanager
async def sample_apis() -> AsyncIterator[SampleApis]:
    """Start them on free ports and stop them at the end; raises `NetworkError` if they do not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *_COMMAND,
        *_PORTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield _read(await _first_line(process))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if not line.strip():
        raise NetworkError("The sample APIs did not start.", sent=False)
    return line


def _read(line: bytes) -> SampleApis:
    from dragoman.demo.keys import secrets, variables  # noqa: PLC0415 - only for the demo

    addresses = json.loads(line)
    places = {f"DEMO_{name.upper()}_URL": url for name, url in addresses.items()}
    return SampleApis(
        shop=addresses["shop"],
        helpdesk=addresses["helpdesk"],
        carrier=addresses["carrier"],
        variables={**places, **variables()},
        secrets=secrets(),
    )
