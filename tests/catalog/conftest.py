"""A small document, and the folder where what is compiled of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog.described_by import written
from dragoman.catalog import compiled
from openapi_reading import document


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile documents of any size."""
    monkeypatch.setattr(compiled, "MIN_BYTES", 1)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder of compiled catalogs."""
    return tmp_path / "kept"


@pytest.fixture
def shop(tmp_path: Path, small: None) -> Path:
    """A document of three operations."""
    order = {"type": "object", "properties": {"id": {"type": "string"}, "note": True}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    paths = {
        "/orders": {
            "get": {"operationId": "listOrders", "summary": "List orders"},
            "post": {"operationId": "createOrder", "summary": "Order", "requestBody": body},
        },
        "/stock": {"get": {"operationId": "getStock", "security": [{"key": []}]}},
    }
    return written(tmp_path / "shop.json", document(paths, {"Order": order}))


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were parsed, as against read from what was compiled of them."""
    seen: list[str] = []
    real = compiled.parse

    async def parse(fetched: Any, *others: Any) -> Any:
        seen.append(fetched.location)
        return await real(fetched, *others)

    monkeypatch.setattr(compiled, "parse", parse)
    return seen
