"""Reading a description that somebody names at the command line, before there is any file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dragoman.apis.description import Description
from dragoman.apis.openapi.load import Source, load
from dragoman.apis.openapi.read import read
from dragoman.cli.draft import api_name
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach

__all__ = ["describe", "document"]


async def describe(
    name: str | None, source: str, *, base: Path, base_url: str | None = None
) -> tuple[Description, str]:
    """Return a description, and its location as the file names it: relative to the file.

    Raises `DescriptionError` for what is none, `NetworkError` where it cannot be fetched.
    """
    loaded = await document(source, base=base)
    settings = ApiSettings(openapi=loaded.location, base_url=base_url)
    described = read(name or "api", loaded, settings)
    if name is None:
        described = read(api_name(described.title, source), loaded, settings)
    return described, loaded.location


async def document(source: str, *, base: Path, overlays: Sequence[Path] = ()) -> Source:
    """Return the document at a path or address, with overlays that lie on the disk."""
    is_address = "://" in source
    network = Network()
    try:
        return await load(
            source if is_address else _relative(Path(source), base),
            base=base,
            network=network,
            reach=Reach.of(urls=[source] if is_address else []),
            overlays=[_relative(one, base) for one in overlays],
        )
    finally:
        await network.aclose()


def _relative(path: Path, base: Path) -> str:
    try:
        return f"./{path.resolve().relative_to(base.resolve()).as_posix()}"
    except ValueError:
        return path.resolve().as_posix()
