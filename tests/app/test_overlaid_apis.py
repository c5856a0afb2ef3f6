"""An API of the owner's file whose description has overlays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from dragoman import Dragoman


async def test_an_api_is_read_with_its_overlays(dragoman: Any, tmp_path: Path) -> None:
    (tmp_path / "fix.yaml").write_text(
        "overlay: 1.1.0\n"
        "actions:\n"
        '  - {target: "$.paths.*.delete", remove: true}\n'
        "  - {target: \"$.paths['/orders'].get\", update: {operationId: orders}}\n"
        '  - {target: "$.nowhere", remove: true}\n'
    )
    d: Dragoman = await dragoman(overlays=[str(tmp_path / "fix.yaml")])
    assert "shop.deleteOrder" not in d.parts.catalog.operations
    assert (await d.call("shop.orders", {"customer_id": "u_7"})).ok
    assert any("selects nothing" in one for one in d.parts.descriptions["shop"].findings)


async def test_an_overlay_that_cannot_be_applied_keeps_its_api_away(
    dragoman: Any, tmp_path: Path
) -> None:
    (tmp_path / "fix.yaml").write_text(
        "overlay: 1.1.0\nactions: [{target: nonsense, remove: true}]"
    )
    d: Dragoman = await dragoman(overlays=str(tmp_path / "fix.yaml"))
    assert "actions[0].target nonsense is no JSONPath" in str(d.parts.unavailable["shop"])
    assert d.parts.catalog.operations == {}


async def test_what_a_fetched_overlay_names_gets_no_credential(
    dragoman: Any, shop: Any, tmp_path: Path
) -> None:
    """Whoever serves an overlay would else choose where the key goes."""
    elsewhere = {"servers": [{"url": "https://elsewhere.example"}]}
    overlay = {"overlay": "1.1.0", "actions": [{"target": "$", "update": elsewhere}]}
    shop.answer = lambda _: web.json_response(overlay)
    d: Dragoman = await dragoman(overlays=[f"{shop.url}/fix.json"], base_url=None)
    assert d.parts.descriptions["shop"].servers == ("https://elsewhere.example",)
    dry = await d.call("shop.listOrders", dry_run=True)
    assert dry.prepared is not None
    assert dry.prepared.target.startswith("https://elsewhere.example/")
    outcome = await d.call("shop.listOrders")
    assert outcome.problem is not None
    assert outcome.problem.code == "credential"
