"""The folder of compiled catalogs: what lies there, for whom, and for how long."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from catalog.described_by import compiled_of, files
from dragoman import Dragoman
from dragoman.catalog.kept import Kept, folder_of

KEY = "ab" * 32
_POINTERS = "SELECT pointer FROM piece ORDER BY rowid"


async def test_it_is_a_database_that_nobody_else_reads(shop: Path, kept: Path) -> None:
    file = await compiled_of(kept, shop)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
    pointers = [pointer for (pointer,) in connection.execute(_POINTERS)]
    connection.close()
    assert pointers == ["/paths/~1orders", "/paths/~1stock", "/components/schemas/Order"]


async def test_no_secret_and_no_setting_is_in_it(shop: Path, kept: Path, tmp_path: Path) -> None:
    config = {
        "store": f"sqlite:///{tmp_path}/dragoman.db",
        "apis": {
            "shop": {
                "openapi": str(shop),
                "base_url": "https://own-base.example",
                "auth": {"bearer": "${SHOP_TOKEN}"},
                "omit": ["own-omitted"],
                "operations": {"getStock": {"description": "own-words"}},
            }
        },
    }
    environ = {"SHOP_TOKEN": "a-token-of-the-shop", "DRAGOMAN_CACHE": str(kept)}
    for _ in ("cold", "warm"):
        async with Dragoman(config, environ=environ) as d:
            assert d.parts.catalog.search("order")
            outcome = await d.call("shop.createOrder", {"id": "1"}, dry_run=True)
            assert outcome.prepared is not None
            assert outcome.prepared.target == "https://own-base.example/orders"
    (file,) = files(kept)
    data = file.read_bytes()
    assert b"createOrder" in data
    for private in (b"a-token-of-the-shop", b"SHOP_TOKEN", b"own-"):
        assert private not in data


def test_it_lies_where_the_owner_says_or_the_platform() -> None:
    assert folder_of({"DRAGOMAN_CACHE": "/x", "XDG_CACHE_HOME": "/y"}) == Path("/x")
    assert folder_of({"XDG_CACHE_HOME": "/y", "HOME": "/z"}) == Path("/y/dragoman")
    assert folder_of({"XDG_CACHE_HOME": "y", "HOME": "/z"}) == Path("/z/.cache/dragoman")
    assert folder_of({}) is None


def test_what_was_not_used_for_longest_goes_first(kept: Path) -> None:
    store = Kept(kept)
    keys = [f"{number:064x}" for number in range(25)]
    now = time.time()
    for number, key in enumerate(keys[:20]):
        store.put(key, b"x")
        os.utime(kept / f"{key}.db", (now - 1000 + number,) * 2)
    assert bytes(store.get(keys[0]) or b"") == b"x"
    (kept / "of-somebody-else.txt").write_text("stays")
    for key in keys[20:]:
        store.put(key, b"x")
    assert [key for key in keys if store.get(key)] == [keys[0], *keys[6:]]
    assert (kept / "of-somebody-else.txt").exists()


def test_what_a_killed_process_left_is_removed_in_time(kept: Path) -> None:
    store = Kept(kept)
    store.put(KEY, b"x")
    old, new = (kept / f"{KEY}.db.{digit * 16}" for digit in "ab")
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 4000,) * 2)
    store.put(KEY, b"x")
    assert not old.exists()
    assert new.exists()


def test_the_size_of_all_together_is_bounded(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.catalog.kept._MAX_BYTES", 1_000)
    store = Kept(kept)
    keys = [f"{number:064x}" for number in range(5)]
    for number, key in enumerate(keys):
        store.put(key, b"x" * 300)
        os.utime(kept / f"{key}.db", (time.time() - 100 + number,) * 2)
    store.put(KEY, b"x" * 2_000)
    assert [key for key in [*keys, KEY] if store.get(key)] == keys[-3:]
