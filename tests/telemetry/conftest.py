"""Dragoman over the small shop, with a scripted model and a collector where a test wants them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from collector import Collector, Opener, collector

from dragoman import Dragoman
from scripted_openai import Script, scripted_openai
from small_shop import DOCUMENT, TOKEN, Shop, running_shop

MODEL_KEY = "sk-test-0123456789abcdef"


@pytest.fixture
async def sink() -> AsyncIterator[Collector]:
    """A collector on loopback."""
    async with collector() as state:
        yield state


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The shop, serving on loopback."""
    async with running_shop() as state:
        yield state


@pytest.fixture
async def opened(shop: Shop, tmp_path: Path) -> AsyncIterator[Opener]:
    """Open Dragoman: `telemetry` is that of its file, `script` what its model says."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    async with AsyncExitStack() as stack:

        async def open_dragoman(
            telemetry: dict[str, Any] | None = None,
            script: Script = (),
            environ: dict[str, str] | None = None,
            **shop_settings: Any,
        ) -> Dragoman:
            server = await stack.enter_async_context(scripted_openai(script))
            config = {
                "version": 1,
                "store": f"sqlite:///{tmp_path}/dragoman.db",
                "telemetry": telemetry or {},
                "model": {
                    "name": "gpt-5.4-mini",
                    "base_url": server.base_url,
                    "api_key": "${MODEL_KEY}",
                },
                "callers": {"bot": {"scopes": ["shop"], "acts_for": "any"}},
                "apis": {
                    "shop": {
                        "openapi": str(tmp_path / "shop.json"),
                        "base_url": shop.url,
                        "auth": {"bearer": "${SHOP_TOKEN}"},
                        **shop_settings,
                    }
                },
            }
            given = {"SHOP_TOKEN": TOKEN, "MODEL_KEY": MODEL_KEY, **(environ or {})}
            return await stack.enter_async_context(Dragoman(config, environ=given))

        yield open_dragoman
