"""Stores of each kind, a clock that tests move, and somebody who listens on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from listening import WEBHOOK_SECRET, Listener, Open, listening

from dragoman import Dragoman
from dragoman.store.store import Store
from moved_clock import MovedClock
from small_shop import DOCUMENT, TOKEN, Shop, running_shop
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


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A server that takes what is posted to it."""
    async with listening() as listener:
        yield listener


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The shop, serving on loopback."""
    async with running_shop() as state:
        yield state


@pytest.fixture
async def opened(shop: Shop, tmp_path: Path) -> AsyncIterator[Open]:
    """Open Dragoman over the shop, with somebody to tell."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    async with AsyncExitStack() as stack:

        async def open_(notify: dict[str, Any], clock: Any = None, **top: Any) -> Dragoman:
            auth = {"bearer": "${SHOP_TOKEN}"}
            openapi = str(tmp_path / "shop.json")
            config = {
                "store": f"sqlite:///{tmp_path}/dragoman.db",
                "apis": {"shop": {"openapi": openapi, "base_url": shop.url, "auth": auth}},
                "notify": notify,
                **top,
            }
            environ = {"SHOP_TOKEN": TOKEN, "HOOK_SECRET": WEBHOOK_SECRET}
            environ |= top.pop("environ", {})
            config.pop("environ", None)
            return await stack.enter_async_context(Dragoman(config, environ=environ, clock=clock))

        yield open_
