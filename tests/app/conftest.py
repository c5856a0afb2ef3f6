"""Dragoman opened over the small shop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from dragoman import Dragoman
from small_shop import DOCUMENT, TOKEN, Shop, running_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The shop, serving on loopback."""
    async with running_shop() as state:
        yield state


Opener = Callable[..., Any]


@pytest.fixture
async def dragoman(shop: Shop, tmp_path: Path) -> AsyncIterator[Opener]:
    """Open Dragoman over the shop; keyword arguments go into the shop's settings."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    async with AsyncExitStack() as stack:

        async def open_dragoman(
            *,
            top: dict[str, Any] | None = None,
            model: Any = None,
            read_only: bool = False,
            clock: Any = None,
            environ: dict[str, str] | None = None,
            **settings: Any,
        ) -> Dragoman:
            config = {
                "version": 1,
                "store": f"sqlite:///{tmp_path}/dragoman.db",
                "apis": {
                    "shop": {
                        "openapi": str(tmp_path / "shop.json"),
                        "base_url": shop.url,
                        "auth": {"bearer": "${SHOP_TOKEN}"},
                        **settings,
                    }
                },
                **(top or {}),
            }
            d = Dragoman(
                config,
                environ={"SHOP_TOKEN": TOKEN} if environ is None else environ,
                model=model,
                read_only=read_only,
                clock=clock,
            )
            return await stack.enter_async_context(d)

        yield open_dragoman
