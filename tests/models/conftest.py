"""A model behind a scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asking import KEY, Connect, Heard

from dragoman.clock import SystemClock
from dragoman.config.settings import ModelSettings
from dragoman.models.connect import openai_provider
from dragoman.models.openai_provider import OpenAIProvider
from dragoman.secrets.reference import parse_template
from scripted_openai import Script, ScriptedOpenAI, scripted_openai


async def key() -> str:
    return KEY


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Run a script and connect a model to it: a compatible server, or OpenAI by its own address."""
    opened: list[Any] = []

    async def start(
        script: Script = (), *, openai: bool = False, api_key: Any = key, **settings: Any
    ) -> tuple[ScriptedOpenAI, OpenAIProvider]:
        running = scripted_openai(script)
        server = await running.__aenter__()
        where = {} if openai else {"base_url": server.base_url}
        chosen = ModelSettings(
            **{
                "name": "gpt-5.4-mini",
                "api_key": parse_template("${TEST_KEY}"),
                **where,
                **settings,
            }
        )
        provider = openai_provider(
            chosen,
            api_key=api_key,
            http_client=server.as_openai() if openai else None,
            clock=SystemClock(),
            pause=0.01,
        )
        opened.extend([running, provider])
        return server, provider

    yield start
    while opened:
        await opened.pop().aclose()
        await opened.pop().__aexit__(None, None, None)


@pytest.fixture
def heard() -> Heard:
    return Heard()
