"""A store over each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dragoman.store.store import Store
from store_urls import postgres_url, shared_url, store_url

__all__ = ["postgres_url", "shared_url", "store", "store_url"]


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    store = Store(store_url, tmp_path)
    yield store
    await store.aclose()
