"""`dragoman install`: a client's file gains one entry, and loses nothing."""

from __future__ import annotations

import json
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from command_line import Run

from dragoman.demo.keys import secrets


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: no client of whoever runs it is touched."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return folder


FILES = {
    "claude-code": (".mcp.json", "mcpServers"),
    "claude-desktop": ("home/.config/Claude/claude_desktop_config.json", "mcpServers"),
    "cursor": (".cursor/mcp.json", "mcpServers"),
    "vscode": (".vscode/mcp.json", "servers"),
    "codex": ("home/.codex/config.toml", "mcp_servers"),
}


def servers_of(path: Path, key: str) -> dict[str, dict[str, object]]:
    text = path.read_text("utf-8")
    found = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    return dict(found[key])


@pytest.mark.parametrize("client", FILES)
def test_a_client_is_told_the_paths_of_this_program_and_file(
    run: Run, place: Path, client: str
) -> None:
    name, key = FILES[client]
    ran = run("install", client)
    assert ran.code == 0
    entry = servers_of(place / name, key)["dragoman"]
    assert entry["command"] == sys.executable
    assert entry["args"] == ["-m", "dragoman", "mcp", "-f", str(place / "dragoman.yaml")]
    assert len(ran.out.splitlines()) == 2  # what was done, and what to do next
    assert not [value for value in secrets().values() if value in (place / name).read_text()]
    again = run("install", client)
    assert (again.code, "already" in again.out) == (0, True)
    assert sorted(one.name for one in (place / name).parent.glob(".*bak*")) == []


@pytest.mark.parametrize("client", FILES)
def test_what_would_be_written_is_printed_and_nothing_is_written(
    run: Run, place: Path, client: str
) -> None:
    ran = run("install", client, "--print")
    assert (ran.code, FILES[client][1] in ran.out) == (0, True)
    assert not (place / FILES[client][0]).exists()


def test_for_other_clients_it_is_printed_as_json(run: Run, place: Path) -> None:
    ran = run("install", "json", "--read-only", "--user", "u_7", "--meta")
    entry = ran.json["mcpServers"]["dragoman"]
    assert entry["type"] == "stdio"
    assert entry["args"][-4:] == ["--user", "u_7", "--meta", "--read-only"]


def test_all_else_in_a_json_file_stays(run: Run, place: Path) -> None:
    path = place / ".mcp.json"
    servers = '{"other":{"command":"x","env":{"A":"1"}}}'
    before = f'{{"mcpServers":{servers},"n":1.10,"big":123456789012345678901}}'
    path.write_text(before)
    path.chmod(0o640)
    assert run("install", "claude-code").code == 0
    after = path.read_text()
    assert '"n": 1.10' in after
    assert '"big": 123456789012345678901' in after
    assert servers_of(path, "mcpServers")["other"] == {"command": "x", "env": {"A": "1"}}
    assert (place / ".mcp.json.bak").read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "before",
    [
        '# mine\nmodel = "gpt-5.4"  # fast\n\n[mcp_servers.other]\ncommand = "x"\n\n[tui]\na = 1\n',
        'mcp_servers = { other = { command = "x" } }\n',
        'mcp_servers.other.command = "x"\n[tui]\na = 1\n',
        '[mcp_servers]\n[mcp_servers.other]\ncommand = "x"\n[mcp_servers.other.env]\nA = "1"\n',
    ],
)
def test_all_else_in_a_toml_file_stays(run: Run, place: Path, before: str) -> None:
    path = place / FILES["codex"][0]
    path.parent.mkdir()
    path.write_text(before)
    assert run("install", "codex").code == 0
    after = path.read_text()
    expected = tomllib.loads(before)
    expected["mcp_servers"]["dragoman"] = tomllib.loads(after)["mcp_servers"]["dragoman"]
    assert tomllib.loads(after) == expected
    if "#" in before:
        assert after.startswith(before.partition("[tui]")[0].rstrip())


def test_another_entry_is_shown_without_its_secrets_and_replaced_when_told_to(
    run: Run, place: Path
) -> None:
    path = place / ".cursor" / "mcp.json"
    path.parent.mkdir()
    other = {"command": "old", "env": {"TOKEN": "tok_very_secret"}}
    path.write_text(json.dumps({"mcpServers": {"dragoman": other}}))
    ran = run("install", "cursor")
    assert (ran.code, '"command": "old"' in ran.err) == (1, True)
    assert "tok_very_secret" not in ran.err + ran.out
    assert servers_of(path, "mcpServers")["dragoman"] == other
    assert run("install", "cursor", "--name", "second").code == 0
    assert set(servers_of(path, "mcpServers")) == {"dragoman", "second"}
    assert run("install", "cursor", "--force").code == 0
    assert servers_of(path, "mcpServers")["dragoman"]["command"] == sys.executable


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("vscode", '// servers of mine\n{"servers": {}}'),
        ("vscode", '{"servers": []}'),
        ("vscode", '{"servers": {}, "servers": {}}'),
        ("vscode", "[]"),
        ("vscode", '{"servers": '),
        ("vscode", "[" * 100_000),
        ("codex", "mcp_servers = 3"),
        ("codex", "[mcp_servers"),
        ("codex", "a = 1\na = 2\n"),
    ],
)
def test_a_file_that_cannot_be_kept_is_left_alone(
    run: Run, place: Path, client: str, text: str
) -> None:
    path = place / FILES[client][0]
    path.parent.mkdir()
    path.write_text(text)
    ran = run("install", client)
    assert (ran.code, path.read_text()) == (2, text)
    assert str(path) in ran.err
    assert "by hand" in ran.err
    assert "dragoman" in ran.out
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_link_to_the_file_stays_a_link(run: Run, place: Path, home: Path) -> None:
    real = home / "dotfiles.json"
    real.write_text("{}")
    (place / ".mcp.json").symlink_to(real)
    assert run("install", "claude-code").code == 0
    assert (place / ".mcp.json").is_symlink()
    assert "dragoman" in servers_of(real, "mcpServers")


def test_a_variable_of_this_shell_only_is_told(run: Run, place: Path) -> None:
    (place / "dragoman.yaml").write_text(
        'apis: {a: {http: "http://localhost:1", auth: {bearer: "${A_TOKEN}"},'
        " operations: {op: {get: /}}}}"
    )
    ran = run("install", "claude-code", A_TOKEN="tok_1")
    assert ran.code == 0
    assert "A_TOKEN is set in this shell, and the client does not start from it" in ran.err
    assert "tok_1" not in ran.out + ran.err + (place / ".mcp.json").read_text()


def test_a_mistake_is_told_before_anything_is_written(run: Run, place: Path) -> None:
    assert run("install", "claude-code", "--toolset", "nope").code == 2
    assert run("install", "claude-code", "-f", "nowhere.yaml").code == 2
    assert run("install", "emacs").code == 2
    assert not (place / ".mcp.json").exists()
