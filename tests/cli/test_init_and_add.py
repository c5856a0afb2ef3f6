"""`dragoman init` and `dragoman add`, as somebody runs them: what is written, and what never is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dragoman.cli import main
from dragoman.config.load import load

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1", "description": "Orders. And more."},
    "servers": [{"url": "https://api.shop.example/v1"}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "security": [{"token": []}],
    "paths": {
        "/orders": {"get": {"operationId": "listOrders", "tags": ["orders"], "responses": {}}},
        "/orders/search": {
            "post": {"operationId": "searchOrders", "tags": ["orders"], "responses": {}}
        },
        "/stock": {"get": {"operationId": "getStock", "tags": ["stock"], "responses": {}}},
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


def run(*tokens: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(tokens)
    return int(ended.value.code)


def test_init_writes_a_file_that_loads_and_says_what_it_found(folder: Path, capsys) -> None:
    assert run("init", "shop.json") == 0
    printed = capsys.readouterr().out
    assert "✓ dragoman.yaml: shop, 3 operations (2 read, 1 write)" in printed
    assert "Set, in the shell or in .env: SHOP_TOKEN" in printed
    settings = load("dragoman.yaml", environ={}).settings
    api = settings.apis["shop"]
    assert (api.openapi, api.servers) == ("./shop.json", ["https://api.shop.example/v1"])
    assert api.description == "Orders."
    text = (folder / "dragoman.yaml").read_text()
    assert "#   searchOrders: {effect: read}" in text
    schema = text.splitlines()[0].partition("$schema=")[2]
    assert json.loads((folder / schema).read_text())["title"] == "Settings"


def test_init_never_overwrites(folder: Path, capsys) -> None:
    (folder / "dragoman.yaml").write_text("# mine\n")
    assert run("init", "shop.json") == 2
    assert "dragoman.yaml exists: dragoman add NAME shop.json" in capsys.readouterr().err
    assert (folder / "dragoman.yaml").read_text() == "# mine\n"
    assert not (folder / "dragoman.schema.json").exists()


def test_init_takes_the_tags_that_there_are(folder: Path, capsys) -> None:
    assert run("init", "shop.json", "--tags", "order") == 2
    assert "no operation has the tag 'order'. Did you mean orders?" in capsys.readouterr().err
    assert not (folder / "dragoman.yaml").exists()
    assert run("init", "shop.json", "--tags", "orders, stock") == 0
    assert load("dragoman.yaml", environ={}).settings.apis["shop"].include == [
        "tag:orders",
        "tag:stock",
    ]


@pytest.mark.parametrize("source", ["none.json", "dragoman.txt", "http://127.0.0.1:1/openapi.json"])
def test_init_leaves_nothing_behind_of_what_cannot_be_read(
    folder: Path, source: str, capsys
) -> None:
    (folder / "dragoman.txt").write_text("plain words\n")
    assert run("init", source) in {1, 2}
    assert "Traceback" not in capsys.readouterr().err
    assert not (folder / "dragoman.yaml").exists()


def test_add_puts_an_api_beside_the_others(folder: Path, capsys) -> None:
    before = "# ours\napis:\n  carrier: ./c.json  # slow\nmodel: offline\n"
    (folder / "dragoman.yaml").write_text(before)
    assert run("add", "shop", "shop.json") == 0
    text = (folder / "dragoman.yaml").read_text()
    assert [line for line in text.splitlines() if line in before.splitlines()] == (
        before.splitlines()
    )
    assert list(load("dragoman.yaml", environ={}).settings.apis) == ["carrier", "shop"]
    assert run("add", "shop", "shop.json") == 2
    assert "has an API 'shop' already" in capsys.readouterr().err


def test_add_writes_a_call_from_a_curl_command(folder: Path, capsys) -> None:
    (folder / "dragoman.yaml").write_text("version: 1\n")
    command = "curl https://crm.example/contacts/7 -H 'X-Api-Key: canary-0123'"
    assert run("add", "crm", "--curl", command) == 0
    text = (folder / "dragoman.yaml").read_text()
    assert "canary" not in text + capsys.readouterr().out
    operations = load("dragoman.yaml", environ={}).settings.apis["crm"].operations
    assert operations["getContacts"].get == "/contacts/{id}"


def test_add_leaves_the_file_as_it_was_where_the_whole_would_not_load(folder: Path) -> None:
    before = b"version: 1\r\n"
    (folder / "dragoman.yaml").write_bytes(before)
    assert run("add", "not a name", "--curl", "curl http://x/a") == 2
    assert (folder / "dragoman.yaml").read_bytes() == before


def test_add_wants_one_of_a_description_and_a_command(folder: Path, capsys) -> None:
    (folder / "dragoman.yaml").write_text("version: 1\n")
    assert run("add", "crm") == 2
    assert run("add", "crm", "shop.json", "--curl", "curl http://x") == 2
    assert "name either a description or a curl command" in capsys.readouterr().err
