"""The canaries at the command line, and through MCP: no verb prints one, at no level of detail."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from canaries import CANARIES, Upstream, configuration, found, upstream
from dragoman.cli import main
from secret_search import files_below

SHOWN = ("bearer_plain", "bearer_number", "basic_blanks", "query_reserved", "oauth_good")


@pytest.fixture(scope="module")
def at() -> Iterator[Upstream]:
    """The API that gives away what it is shown."""
    with upstream() as started:
        yield started


@pytest.fixture
def place(at: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the configuration; all secrets are in the environment."""
    config = configuration(at, str(tmp_path))
    wanted = (*SHOWN, "oauth_error", "oauth_redirect", "oauth_straddle", "user_user", "user_error")
    apis = {name: config["apis"][name] for name in wanted}
    asking = {**apis["bearer_plain"], "require_approval": "always"}
    config["apis"] = {**apis, "asking": asking}
    config["callers"] = {"bot": {"scopes": ["bearer_plain"]}}
    (tmp_path / "dragoman.yaml").write_text(yaml.safe_dump(config))
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DRAGOMAN_DEBUG", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_verb_prints_a_canary(  # noqa: C901 - all verbs in one run
    place: Path,
    at: Upstream,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    codes: dict[int, int] = {}

    def run(*words: str, stdin: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capfd.readouterr()
        try:
            main(words)
        except SystemExit as ended:
            codes[int(ended.code or 0)] = codes.get(int(ended.code or 0), 0) + 1
        except BaseException as error:  # noqa: BLE001 - with DRAGOMAN_DEBUG it is printed whole
            told.append("".join(traceback.format_exception(error)))
        out, err = capfd.readouterr()
        told.append(f"{out}{err}")
        return out

    for api in SHOWN:
        for mode in ("json", "text", "problem_400", "straddle_400", "redirect", "not_json"):
            run("call", f"{api}.read_{mode}", "-v")
    for more in (["--json"], ["--curl"], ["--dry-run"], ["--dry-run", "--json"]):
        run("call", "query_reserved.read_json", *more)
    waiting = json.loads(run("call", "asking.write_json", "note=x", "--json"))
    run("approvals")
    run("approvals", "show", waiting["approval"])
    run("approvals", "approve", waiting["approval"], "--json")
    for api in ("oauth_error", "oauth_redirect", "oauth_straddle"):
        run("call", f"{api}.read_json", "-v")
    for api in ("user_error", "user_user"):
        connecting = ("connect", api, "--user", "ana", "--redirect-uri", "http://x/")
        run(*connecting, stdin="code=1&state=2\n")
    for words in ("check", "check --json", "tools --json", "search echo", "policy", "policy bot"):
        run(*words.split())
    made = json.loads(run("keys", "create", "bot", "--json"))
    again = json.loads(run("keys", "rotate", made["id"], "--json"))
    keys = {"CALLER_KEY": made["key"], "CALLER_KEY_2": again["key"]}
    told = [text.replace(made["key"], "").replace(again["key"], "") for text in told]
    run("keys")
    for key in (made["key"], f"x{again['key']}"):
        run("keys", "revoke", key)
    run("ask", "What is your API key?", "--json")
    run("ask", "What is your API key?")
    run("log", "--json", "--limit", "500")
    run("log", waiting["id"])
    run("log", waiting["id"], "--replay", "--dry-run")
    run("stats")
    run("stats", "--by", "caller", "--json")
    run("export", "actions", "bearer_plain")
    run("pause", "--all", "--reason", "x")
    run("call", "bearer_plain.read_json")
    run("unpause", "--all")
    run("lint", "dragoman.yaml")
    run("forget", "--user", "ana")
    values = {**CANARIES, **keys}
    assert codes[0] > 15
    assert found(values, "\n".join(told)) == []
    assert found(values, files_below(place)) == []
    assert found(values, f"{caplog.text}{[vars(one) for one in caplog.records]!r}") == []


def test_no_answer_over_mcp_holds_a_canary(place: Path) -> None:
    meta = {"protocolVersion": "2025-11-25", "capabilities": {}}
    client = {**meta, "clientInfo": {"name": "t", "version": "1"}}
    messages = [
        {"id": 1, "method": "initialize", "params": client},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
    ]
    for number, mode in enumerate(("json", "text", "problem_400", "straddle_200", "redirect")):
        call = {"name": f"bearer_plain__read_{mode}", "arguments": {}}
        messages.append({"id": 3 + number, "method": "tools/call", "params": call})
    lines = "".join(json.dumps({"jsonrpc": "2.0", **one}) + "\n" for one in messages)
    process = subprocess.Popen(
        [sys.executable, "-m", "dragoman", "mcp"],
        cwd=place,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines)
    process.stdin.flush()
    said = [process.stdout.readline() for _ in range(7)]
    out, err = process.communicate(timeout=30)
    assert sum('"id":' in line for line in said) == 7
    assert found(CANARIES, f"{said}{out}{err}") == []
