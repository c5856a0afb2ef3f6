"""Dragoman opened over the small shop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dragoman import Dragoman
from fleets import REDIS, has_redis
from small_shop import DOCUMENT, TOKEN, Shop, running_shop
from store_urls import emptied_postgres, one_postgres  # noqa: F401 - fixtures


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The shop, serving on loopback."""
    async with running_shop() as state:
        yield state


Opener = Callable[..., Any]


@pytest.fixture(params=["alone", "fleet"])
def surroundings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What stands around Dragoman: a file and its own memory, or PostgreSQL and Redis."""
    if request.param == "alone":
        return {"store": f"sqlite:///{tmp_path}/dragoman.db"}
    has_redis()
    return {
        "store": str(request.getfixturevalue("emptied_postgres")),
        "redis": REDIS,
        "key": "${DRAGOMAN_KEY}",
    }


@pytest.fixture
async def dragoman(
    shop: Shop, tmp_path: Path, surroundings: dict[str, str]
) -> AsyncIterator[Opener]:
    """Open Dragoman over the shop; keyword arguments go into the shop's settings."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    key = uuid4().hex * 2  # of a test alone, so that it counts alone in Redis
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
                **surroundings,
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
            given = {"SHOP_TOKEN": TOKEN} if environ is None else environ
            d = Dragoman(
                config,
                environ={"DRAGOMAN_KEY": key, **given},
                model=model,
                read_only=read_only,
                clock=clock,
            )
            return await stack.enter_async_context(d)

        yield open_dragoman
