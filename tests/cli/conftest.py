"""A folder with the demo's configuration, the sample APIs behind it, and commands to run there."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import pytest
from command_line import Ran, Run, clear_faults, started

from dragoman.cli import main
from sample_apis import addresses

__all__ = ["addresses"]


@pytest.fixture
def place(tmp_path: Path, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder: it has the demo's file and `.env`, and the environment has nothing of them."""
    config = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
    (tmp_path / "dragoman.yaml").write_text(config)
    lines = [f"{name}={value}" for name, value in addresses.items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    for name in ("OPENAI_API_KEY", "DRAGOMAN_READ_ONLY", "NO_COLOR", *addresses):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("SHOP", "HELPDESK", "CARRIER"):
        clear_faults(addresses[f"DEMO_{name}_URL"])
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process, with nobody at a terminal; it opens everything anew."""

    def command(*words: str, stdin: str = "", **environ: str) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as changed:
            changed.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            for name, value in environ.items():
                changed.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(words)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def process(place: Path) -> Run:
    """Run a command as a process of its own."""

    def command(*words: str, stdin: str = "", **environ: str) -> Ran:
        running = started(words, place, environ=environ, stdin=-1, stdout=-1, stderr=-1, text=True)
        out, err = running.communicate(stdin, timeout=60)
        assert "Traceback" not in err
        return Ran(running.returncode, out, err)

    return command
