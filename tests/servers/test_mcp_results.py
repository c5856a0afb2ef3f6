"""An MCP client reads on in a result that was too long, over stdio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from mcp_client import connected

from small_shop import Shop, running_shop

THINGS = [{"id": number, "name": f"thing {number}"} for number in range(500)]


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop() as shop:
        shop.answer = lambda _: web.json_response({"things": THINGS})
        config = {
            "assistant": {"result_bytes": 2_000},
            "apis": {"small": {"http": shop.url, "operations": {"listThings": {"get": "/things"}}}},
        }
        (tmp_path / "dragoman.yaml").write_text(json.dumps(config))
        yield shop


@pytest.mark.parametrize("words", [(), ("--meta",)])
async def test_the_tool_is_listed_last_and_gives_the_rest(
    small: Shop, tmp_path: Path, words: tuple[str, ...]
) -> None:
    list_things = {"operation": "small.listThings", "arguments": {}}
    call = ("call_operation", list_things) if words else ("small__listThings", {})
    async with connected(tmp_path, *words) as client:
        tool = (await client.list_tools()).tools[-1]
        assert (tool.name, tool.annotations.read_only_hint) == ("read_result", True)
        assert tool.annotations.open_world_hint is False
        first = (await client.call_tool(*call)).structured_content
        seen, at = first["data"]["things"], first["shown"]
        while at is not None:
            given = {"handle": first["handle"], "path": "things", "from": at}
            part = await client.call_tool("read_result", given)
            assert "source: small.listThings" in part.content[0].text
            assert part.structured_content["total"] == 500
            seen += part.structured_content["data"]
            at = part.structured_content.get("next")
    assert seen == THINGS
    assert len(small.requests) == 1


async def test_a_handle_of_nobody_is_a_failed_call(small: Shop, tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        result = await client.call_tool("read_result", {"handle": "result:AAAA"})
    assert result.is_error
    assert result.structured_content["problem"]["code"] == "not-found"
