"""A shop whose description was accepted, and ways to change it afterwards."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dragoman import Dragoman
from dragoman.app.review import Review, accept, review
from dragoman.catalog.lock import lock_path
from dragoman.config.load import load
from dragoman.network import Network
from small_shop import DOCUMENT, TOKEN

Edit = Callable[[dict[str, Any]], object]


@dataclass
class LockedShop:
    """The folder of a configuration; `url` is where the shop is served."""

    folder: Path
    url: str
    settings: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.folder / "dragoman.lock"

    def lines(self) -> list[str]:
        """The lines of the lock file."""
        return self.lock.read_text("utf-8").splitlines()

    def place_of(self, operation: str) -> str:
        """Where the line of an operation stands, as messages call it."""
        (number,) = (
            number
            for number, line in enumerate(self.lines(), 1)
            if f'"operation": "{operation}"' in line
        )
        return f"{self.lock}:{number}"

    def write(self, *edits: Edit) -> None:
        """Write the configuration and the description, with changes to the latter."""
        document = copy.deepcopy(DOCUMENT)
        document["servers"] = [{"url": self.url}]
        for edit in edits:
            edit(document)
        api = {
            "openapi": "shop.json",
            "auth": {"bearer": "${SHOP_TOKEN}"},
            "allow_private": ["127.0.0.1"],
            **self.settings,
        }
        config = {
            "version": 1,
            "store": "sqlite:///:memory:",
            "apis": {"shop": {"require_approval": "never", **api}},
            **self.top,
        }
        (self.folder / "shop.json").write_text(json.dumps(document), "utf-8")
        (self.folder / "dragoman.yaml").write_text(json.dumps(config), "utf-8")

    def open(self, **arguments: Any) -> Dragoman:
        """Return Dragoman over the folder, to be opened."""
        return Dragoman(self.folder / "dragoman.yaml", environ={"SHOP_TOKEN": TOKEN}, **arguments)

    async def review(self) -> Review:
        """Compare the description with what was accepted."""
        configuration = load(self.folder / "dragoman.yaml", environ={})
        path = lock_path(configuration)
        assert path == self.lock
        async with Network() as network:
            return await review(configuration, path, network)

    async def accept(self, *edits: Edit) -> None:
        """Write the description and accept it."""
        self.write(*edits)
        configuration = load(self.folder / "dragoman.yaml", environ={})
        found = await self.review()
        assert not found.unavailable
        accept(configuration, self.lock, found.apis, whole=True)


def operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object of an operation in a document."""
    (found,) = (
        node
        for item in document["paths"].values()
        for node in item.values()
        if isinstance(node, dict) and node.get("operationId") == name
    )
    return found


def says(name: str, text: str) -> Edit:
    """Give an operation another summary."""
    return lambda document: operation(document, name).update(summary=text)
