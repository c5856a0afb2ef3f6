"""Reading a description that somebody names at the command line, before there is any file."""

from __future__ import annotations

from pathlib import Path

from dragoman.apis.description import Description
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.cli.draft import api_name
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach

__all__ = ["describe"]


async def describe(
    name: str | None, source: str, *, base: Path, base_url: str | None = None
) -> tuple[Description, str]:
    """Return a description, and its location as the file names it: relative to the file.

    Raises `DescriptionError` for what is none, `NetworkError` where it cannot be fetched.
    """
    is_address = "://" in source
    location = source if is_address else _relative(Path(source), base)
    network = Network()
    try:
        loaded = await load(
            location,
            base=base,
            network=network,
            reach=Reach.of(urls=[source] if is_address else []),
        )
    finally:
        await network.aclose()
    settings = ApiSettings(openapi=location, base_url=base_url)
    described = read(name or "api", loaded, settings)
    if name is None:
        described = read(api_name(described.title, source), loaded, settings)
    return described, location


def _relative(path: Path, base: Path) -> str:
    try:
        return f"./{path.resolve().relative_to(base.resolve()).as_posix()}"
    except ValueError:
        return path.resolve().as_posix()
