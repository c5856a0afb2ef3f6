"""`init` on each real description: the file loads, `tools` and `search` work with no secret set."""

from __future__ import annotations

import json
import re
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
    specs: Path,
    tmp_path: Path,
    name: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "dragoman.yaml"
    assert run("init", str(specs / name), "--file", str(file)) == 0
    for variable in re.findall(r"\$\{(\w+)\}", file.read_text("utf-8")):
        monkeypatch.delenv(variable, raising=False)
    (api,) = load(file).settings.apis
    assert "Traceback" not in capfd.readouterr().err
    assert run("tools", "-f", str(file)) == 0
    rows = [re.split(r"  +", line) for line in capfd.readouterr().out.splitlines()]
    assert rows[0] == ["tool", "operation", "effect", "tokens"]
    operation = rows[1][1]
    assert operation.startswith(f"{api}.")
    assert run("search", operation, "--json", "-f", str(file)) == 0
    hits = json.loads(capfd.readouterr().out)["operations"]
    assert hits[0]["operation"] == operation


def test_every_description_that_there_is_is_tried(specs: Path) -> None:
    there = {path.name for path in specs.iterdir() if path.suffix in {".json", ".yaml"}}
    assert there == set(NAMES)
