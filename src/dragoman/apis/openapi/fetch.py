"""The bytes of a document, from the owner's disk or from an address, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dragoman.errors import DescriptionError
from dragoman.network import Bounds, Network, Reach, Request

__all__ = ["MAX_BYTES", "Fetched", "fetch", "fetched_bytes"]

MAX_BYTES = 64 * 1024 * 1024
"""The largest document that is read: five times the largest that is known (GitHub's)."""

_SECONDS = 60.0
_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document and its overlays as bytes, before anything of them is read."""

    location: str
    data: bytes = field(repr=False)
    overlays: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    @property
    def from_disk(self) -> bool:
        """Whether all of it lies on the owner's disk."""
        return not any("://" in name for name in (self.location, *dict(self.overlays)))


async def fetch(
    location: str, *, base: Path, network: Network, reach: Reach, overlays: Sequence[str] = ()
) -> Fetched:
    """Return the bytes of a document and of its overlays; raises what `load` raises."""
    data, *changes = await asyncio.gather(
        *(fetched_bytes(place, base, network, reach) for place in (location, *overlays))
    )
    return Fetched(location, data, tuple(zip(overlays, changes, strict=True)))


async def fetched_bytes(location: str, base: Path, network: Network, reach: Reach) -> bytes:
    """Return the bytes of a file or address; raises `DescriptionError` and what a fetch raises."""
    if "://" not in location:
        return await asyncio.to_thread(_from_disk, base / location, location)
    request = Request("GET", location, (("Accept", _ACCEPT),))
    response = await network.exchange(request, reach=reach, bounds=Bounds(_SECONDS, MAX_BYTES))
    if response.status != 200:
        raise DescriptionError(
            f"{location} answered {response.status} instead of a description.",
            hint="Check the address, or save the document and name its path.",
        )
    return response.body


def _from_disk(path: Path, location: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DescriptionError(
            f"{location}: there is no such file.", hint="Paths are relative to the configuration."
        ) from None
    except OSError as error:
        raise DescriptionError(f"{location} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise DescriptionError(f"{location} is larger than {MAX_BYTES // 2**20} MiB.")
    return data
