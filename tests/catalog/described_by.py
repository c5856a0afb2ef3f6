"""Descriptions as the program reads them, with and without what was compiled before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dragoman.apis.description import Description
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.catalog.build import build
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.compiled import Described, describe
from dragoman.catalog.kept import Kept
from dragoman.config.settings import ApiSettings, Settings
from dragoman.network import Network, Reach

QUESTIONS = ("create an issue", "list all users", "delete", "account balance of a customer", "get")


def settings_of(path: Path, **settings: Any) -> ApiSettings:
    """Return the settings of an API that this file describes."""
    base = {"openapi": path.name, "base_url": "https://api.example"}
    return ApiSettings.model_validate({**base, **settings})


async def plainly(path: Path, **settings: Any) -> Description:
    """Read a document as if there were no compiled catalogs."""
    api = settings_of(path, **settings)
    async with Network() as network:
        source = await load(
            path.name, base=path.parent, network=network, reach=Reach.of(), overlays=api.overlays
        )
    return read("api", source, api)


async def by_way_of(
    folder: Path | None, path: Path, name: str = "api", **settings: Any
) -> Described:
    """Read a document by what is kept in a folder."""
    api = settings_of(path, **settings)
    async with Network() as network:
        return await describe(
            name,
            path.name,
            api,
            base=path.parent,
            network=network,
            reach=Reach.of(),
            kept=Kept(folder),
        )


def catalog_of(*described: Described, **settings: Any) -> Catalog:
    """Return the catalog that the program makes of descriptions."""
    apis = {one.description.api: settings_of(Path("x.json"), **settings) for one in described}
    indexes = {one.description.api: one.index for one in described if one.index is not None}
    descriptions = [one.description for one in described]
    return build(descriptions, Settings(apis=apis), indexes=indexes)


def found(catalog: Catalog, text: str) -> list[tuple[str, float]]:
    """Return the ids and scores of a search."""
    return [(hit.operation.id, hit.score) for hit in catalog.search(text, 10)]


def same(one: Description, other: Description, every: int = 1) -> bool:
    """Compare descriptions, with the contract of every so manieth operation."""
    assert one == other
    names = list(one.operations)[::every]
    for name in names:
        assert one.operations[name].contract == other.operations[name].contract, name
    return bool(names)


def written(path: Path, value: Any) -> Path:
    """Write a value as JSON."""
    path.write_text(json.dumps(value), "utf-8")
    return path


def files(folder: Path) -> list[Path]:
    """Return what lies in a folder, if there is one."""
    return sorted(folder.iterdir()) if folder.exists() else []


async def compiled_of(folder: Path, path: Path) -> Path:
    """Return the file that is kept of a document."""
    assert (await by_way_of(folder, path)).index is not None
    (file,) = files(folder)
    return file
