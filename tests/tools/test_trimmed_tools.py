"""What is trimmed from a tool is still accepted where the operation is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.by_hand import properties
from dragoman import Dragoman, Status
from dragoman.tools.slim import ABRIDGED


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        members = {f"p{n}": {"type": "string", "description": "w " * 60} for n in range(8)}
        schema = properties(**members, inner=schema)
    return schema


BODY = properties(
    ("code",),
    code={"type": "string", "enum": [f"code-{n}" for n in range(5_000)]},
    nested=deep(30),
    note={"type": "string", "maxLength": 2_000},
    limit={"type": "integer"},
)


@pytest.fixture
async def shop(tmp_path: Path) -> Dragoman:
    described = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "paths": {
            "/orders": {
                "post": {
                    "operationId": "order",
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": BODY}},
                    },
                    "responses": {"200": {"description": "It is ordered."}},
                }
            }
        },
    }
    (tmp_path / "shop.json").write_text(json.dumps(described), "utf-8")
    apis = {"shop": {"openapi": str(tmp_path / "shop.json")}}
    return Dragoman({"apis": apis, "store": f"sqlite:///{tmp_path}/d.db"})


async def test_what_is_trimmed_is_reported_and_accepted(shop: Dragoman) -> None:
    nested: Any = "x"
    for _ in range(30):
        nested = {"inner": nested}
    arguments = {"code": "code-4999", "nested": nested, "note": "n" * 1_500}
    async with shop as d:
        (tool,) = d.tool_table(None).tools
        assert ABRIDGED in json.dumps(tool.parameters)
        assert "code-4999" not in json.dumps(tool.parameters)
        assert any(note.startswith("abridged, and accepted all the same: ") for note in tool.notes)
        outcome = await d.call("shop.order", arguments, dry_run=True)
        assert outcome.status is Status.PREVIEWED
        assert outcome.prepared is not None
        assert json.loads(outcome.prepared.body or b"") == arguments


@pytest.mark.parametrize(
    "wrong",
    [{"code": "code-5000"}, {"code": "code-1", "note": "n" * 2_001}, {"code": "code-1", "x": 1}],
)
async def test_what_the_tool_does_not_show_is_enforced(
    shop: Dragoman, wrong: dict[str, Any]
) -> None:
    async with shop as d:
        outcome = await d.call("shop.order", wrong, dry_run=True)
        assert outcome.problem is not None
        assert outcome.problem.code == "arguments"


async def test_a_null_that_only_means_absent_is_not_sent(shop: Dragoman) -> None:
    async with shop as d:
        given = {"code": "code-1", "nested": None, "note": None, "limit": None}
        outcome = await d.call("shop.order", given, dry_run=True)
        assert outcome.prepared is not None
        assert json.loads(outcome.prepared.body or b"") == {"code": "code-1"}
