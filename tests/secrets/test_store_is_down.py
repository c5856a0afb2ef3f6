"""A secret store that is down: at the start a clear error, later nothing that a caller sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import fake_vault
import pytest
from fake_vault import FakeVault
from moved_seconds import MovedSeconds

from dragoman import Dragoman
from small_shop import Shop, running_shop

pytest.importorskip("hvac", reason="dragoman[vault] is not installed")


@pytest.fixture
async def vault() -> AsyncIterator[FakeVault]:
    async with fake_vault.running() as fake:
        fake.values = {"kv1/shop": {"token": "token-in-vault-1"}}
        yield fake


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running_shop() as serving:
        yield serving


def configuration(shop: Shop, folder: Path) -> dict[str, Any]:
    path = {"order_id": "string"}
    api = {
        "http": shop.url,
        "auth": {"bearer": "${vault:kv1/shop#token}"},
        "operations": {"getOrder": {"get": "/orders/{order_id}", "path": path}},
    }
    return {"version": 1, "store": f"sqlite:///{folder}/dragoman.db", "apis": {"shop": api}}


async def told(d: Dragoman) -> str:
    outcome = await d.call("shop.getOrder", {"order_id": "1042"})
    return "ok" if outcome.problem is None else str(outcome.problem.detail)


async def test_a_store_that_is_down_at_the_start_is_told_and_asked_again(
    vault: FakeVault, shop: Shop, tmp_path: Path
) -> None:
    environ = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": "root-token-0001"}
    vault.status = 503
    async with Dragoman(configuration(shop, tmp_path), environ=environ) as d:
        assert "vault:kv1/shop cannot be read: Vault says VaultDown" in await told(d)
        assert shop.requests == []
        vault.status = None
        assert await told(d) == "ok"


async def test_calls_go_on_for_an_hour_while_the_store_is_down(
    vault: FakeVault, shop: Shop, tmp_path: Path
) -> None:
    environ = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": "root-token-0001"}
    clock = MovedSeconds()
    async with Dragoman(configuration(shop, tmp_path), environ=environ, clock=clock) as d:
        assert await told(d) == "ok"
        vault.status = 503
        for _ in range(50):
            clock.passed += 70
            assert await told(d) == "ok"
        clock.passed += 200
        assert "vault:kv1/shop cannot be read" in await told(d)
        vault.status = None
        assert await told(d) == "ok"
    assert {one["authorization"] for one in shop.requests} == {"Bearer token-in-vault-1"}


@pytest.mark.parametrize("words", [("call", "shop.getOrder", "order_id=1042"), ("check",)])
def test_the_command_line_ends_with_3_and_names_the_store(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    nowhere = Shop("http://127.0.0.1:9")
    (tmp_path / "dragoman.yaml").write_text(json.dumps(configuration(nowhere, tmp_path)))
    environ = {"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": "root-token-0001"}
    done = subprocess.run(
        [sys.executable, "-m", "dragoman", *words],
        cwd=tmp_path,
        env={**os.environ, **environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "vault:kv1/shop cannot be read: Vault does not answer (ConnectionError)" in done.stderr
    assert "dragoman.yaml:1" in done.stderr
    assert "root-token-0001" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
