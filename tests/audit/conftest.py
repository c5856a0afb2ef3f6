"""The rooms of the audit over each kind of database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dragoman.store.store import Store
from moved_clock import MovedClock
from store_urls import postgres_url, shared_url, store_url

__all__ = ["postgres_url", "shared_url", "store_url"]


@pytest.fixture
def clock() -> MovedClock:
    """A clock that can be moved on."""
    return MovedClock()


@pytest.fixture
async def store(store_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    store = Store(store_url, tmp_path)
    yield store
    await store.aclose()
