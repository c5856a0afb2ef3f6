"""A folder with the demo's configuration, and the sample APIs behind it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from mcp_client import RawClient

from sample_apis import addresses

__all__ = ["addresses"]


@pytest.fixture
def place(tmp_path: Path, addresses: dict[str, str]) -> Path:
    """The folder; the secrets stand in `.env`, as a client starts a server without any shell."""
    config = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
    (tmp_path / "dragoman.yaml").write_text(config)
    lines = [f"{name}={value}" for name, value in addresses.items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def refunds(addresses: dict[str, str]) -> Callable[[], int]:
    """How many refunds have really been made, by the shop's own count."""

    def count() -> int:
        with urllib.request.urlopen(f"{addresses['DEMO_SHOP_URL']}/_demo/effects") as answer:
            return int(json.load(answer)["refunds"])

    return count


@pytest.fixture
def raw(place: Path) -> Iterator[RawClient]:
    """A client that has shaken hands, and says what it likes."""
    client = RawClient(place)
    client.initialize()
    yield client
    assert client.close() == 0
