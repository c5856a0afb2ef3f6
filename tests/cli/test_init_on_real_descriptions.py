"""`init` on each real description: the file loads, `tools` and `search` work with no secret set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dragoman.cli import main
from dragoman.config.load import load

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    *("airflow.json", "digitalocean.json", "docker-engine.yaml", "github.json"),
    *("hubspot-carts.json", "hubspot-companies.json", "hubspot-contacts.json"),
    *("hubspot-deals.json", "hubspot-orders.json", "hubspot-products.json"),
    *("hubspot-tickets.json", "intercom.yaml", "jupyter-server.yaml", "kubernetes.json"),
    *("notion.json", "openai.json", "plaid.json", "shipengine.json", "slack.json"),
    *("stripe.json", "tmdb.json", "twilio.json", "xero-accounting.json"),
)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", NAMES)
def test_init_tools_and_search_need_no_secret(
    specs: Path, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "dragoman.yaml")
    assert run("init", str(specs / name), "--name", "api", "--file", file) == 0
    assert list(load(file).settings.apis) == ["api"]
    capfd.readouterr()
    assert run("tools", "--json", "-f", file) == 0
    assert len(json.loads(capfd.readouterr().out)["tools"]) > 0
    assert run("search", "list", "get", "create", "--json", "-f", file) == 0
    assert len(json.loads(capfd.readouterr().out)["operations"]) > 0


def test_every_description_that_there_is_is_tried(specs: Path) -> None:
    there = {path.name for path in specs.iterdir() if path.suffix in {".json", ".yaml"}}
    assert there == set(NAMES)
