"""From a description's file to a catalog that can be searched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read

from bench.measure import Row, functions
from dragoman.catalog.build import build
from dragoman.config.settings import ApiSettings, Settings
from dragoman.network import Network, Reach

__all__ = ["catalogs"]


def catalogs(specs: Path) -> list[Row]:
    """Measure GitHub's and Stripe's documents against parsing them alone."""
    return [
        _cold(specs / "github.json", "≤ 5"),
        _cold(specs / "stripe.json", "≤ 10"),
    ]


def _cold(path: Path, target: str) -> Row:
    def catalog() -> object:
        settings = ApiSettings(openapi=str(path))
        source = asyncio.run(load(str(path), base=path.parent, network=Network(), reach=Reach.of()))
        built = build([read("api", source, settings)], Settings(apis={"api": settings}))
        return built.search("create an issue")

    return functions(
        f"{path.name}: file to searched catalog / orjson",
        catalog,
        lambda: orjson.loads(path.read_bytes()),
        target,
        runs=3,
    )
