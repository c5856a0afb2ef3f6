"""`dragoman log --status unknown` and `dragoman reconcile`: from the list to the end of a write."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman
from dragoman.cli import main
from small_shop import DOCUMENT, TOKEN, Shop

REFUND = {"order_id": "1", "amount": 5}
RULE = {"read": "getOrder", "with": {"order_id": "args.order_id"}, "where": "result.refunded"}


@pytest.fixture
def folder(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the configuration of the shop, whose answers to refunds are lost."""
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    api = {
        "openapi": "shop.json",
        "base_url": shop.url,
        "auth": {"bearer": "${SHOP_TOKEN}"},
        "require_approval": "never",
        "limits": {"retries": 0},
        "operations": {"refundOrder": {"reconcile": RULE}},
    }
    plain = {**api, "operations": {}}
    keyed = {**plain, "idempotency": {"header": "Idempotency-Key"}}
    config = {"version": 1, "apis": {"shop": api, "plain": plain, "keyed": keyed}}
    (tmp_path / "dragoman.yaml").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    monkeypatch.setenv("NO_COLOR", "1")

    def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=500)
        return web.json_response({"refunded": True})

    shop.answer = answer
    return tmp_path


async def lost(api: str) -> str:
    """Make a write whose end nobody knows, and return its id."""
    async with Dragoman() as d:
        return (await d.call(f"{api}.refundOrder", REFUND, user="ana")).id


async def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command in a thread, where it has a loop of its own."""

    def run() -> int:
        with pytest.raises(SystemExit) as ended:
            main(words)
        return int(ended.value.code or 0)

    code = await asyncio.to_thread(run)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


async def test_unknown_writes_are_listed_with_the_way_to_settle_each(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = {api: await lost(api) for api in ("shop", "plain", "keyed")}
    code, out, _ = await ran(capsys, "log", "--status", "unknown")
    lines = {line.split()[3]: line for line in out.splitlines()[1:]}
    assert code == 0
    assert {api: lines[f"{api}.refundOrder"].split(" ana ")[1].strip() for api in ids} == {
        "shop": f"dragoman reconcile {ids['shop']}",
        "plain": f"dragoman reconcile {ids['plain']} --happened | --did-not-happen",
        "keyed": f"dragoman resume {ids['keyed']}",
    }
    words = ("log", "--status", "unknown", "--operation", "PLAIN.*", "--json")
    (one,) = json.loads((await ran(capsys, *words))[1])["calls"]
    assert (one["id"], one["arguments"]) == (ids["plain"], REFUND)
    none: Any = await ran(capsys, "log", "--status", "unknown", "--until", "2020-01-01")
    assert "no calls" in none[1]


async def test_the_api_settles_one_and_a_person_the_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, plain = await lost("shop"), await lost("plain")
    code, out, _ = await ran(capsys, "reconcile", asked)
    assert (code, "It happened. By: shop.getOrder" in out) == (0, True)
    code, _, err = await ran(capsys, "reconcile", plain)
    assert (code, f"plain.refundOrder {plain} stays unknown." in err) == (1, True)
    code, out, _ = await ran(capsys, "reconcile", plain, "--did-not-happen", "--by", "bo", "--json")
    told = json.loads(out)
    assert (code, told["happened"], told["by"], told["id"]) == (0, False, "bo", plain)
    code, out, _ = await ran(capsys, "log", plain, "--json")
    assert json.loads(out)["decision"] == "reconciled by bo: it did not happen"
    code, _, err = await ran(capsys, "reconcile", asked)
    assert (code, "is settled: shop.refundOrder happened" in err) == (1, True)
    code, _, err = await ran(capsys, "reconcile", "nothing")
    assert (code, "dragoman log --status unknown lists what there is" in err) == (1, True)
