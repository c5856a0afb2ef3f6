"""MCP clients of others against `dragoman mcp`: the Inspector under Node, and FastMCP's client."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from dragoman.demo import serve
from dragoman.demo.keys import variables
from judge.programs import MissingError, node, node_package, python_environment

__all__ = ["run"]

_INSPECTOR, _INSPECTOR_VERSION = "@modelcontextprotocol/inspector", "2.12.0"
_SECONDS = 120

_SCENE = {
    "tools": 36,
    "read": True,
    "wrong": [True, "failed"],
    "yes": "ok",
    "no": "failed",
    "questions": 2,
    "nobody": "pending",
}
"""What FastMCP's client is to find."""

_HEAD = """\
# MCP clients of others

Made by `python -m judge mcp`. The clients start `dragoman mcp` as a process over the three sample
APIs. [MCP Inspector](https://github.com/modelcontextprotocol/inspector) {inspector} runs on Node 24
as `--cli … --strict`, which checks every tool's schemas; it exits with 6 for an error in one, and
warnings count as wrong here too. {fastmcp} speaks through a client of its own, on the SDK {sdk},
and plays the scene: list, read, a refund with a yes, one with a no, one with nobody to ask. The
official client plays it in the tests (`tests/servers`), where what really happened is counted.

"""


@dataclass(frozen=True, slots=True)
class Judged:
    """One run of a client: what was done, in which era, and what was wrong ("" for nothing)."""

    client: str
    what: str
    era: str
    found: str
    wrong: str = ""


async def run(root: Path, cache: Path, out: Path) -> int:
    """Let the clients judge, and write docs/evidence/mcp.md; return 0 where all is as it should."""
    fastmcp = (root / "requirements" / "peers.txt").read_text("utf-8").split()[0]
    inspector = [
        str(node(cache)),
        str(_launcher(node_package(cache, _INSPECTOR, _INSPECTOR_VERSION))),
    ]
    python = python_environment(cache / "fastmcp", fastmcp) / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="dragoman-mcp-") as name:
        folder = Path(name)
        async with serve(delay=0) as apis:
            config = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
            (folder / "dragoman.yaml").write_text(config, "utf-8")
            lines = [f"{name}={one}" for name, one in {**apis.variables(), **variables()}.items()]
            (folder / ".env").write_text("\n".join(lines), "utf-8")
            server = [sys.executable, "-m", "dragoman", "mcp", "-f", str(folder / "dragoman.yaml")]
            every = [
                *await _inspect(inspector, server, "modern"),
                *await _inspect(inspector, server, "legacy"),
                await _fastmcp(python, server, "auto"),
                await _fastmcp(python, server, "legacy"),
            ]
    head = _HEAD.format(inspector=_INSPECTOR_VERSION, fastmcp=fastmcp, sdk=version("mcp"))
    page = head + _table(every)
    (out / "mcp.md").write_text(page, "utf-8")
    print(page)
    print(f"wrote {out / 'mcp.md'}")
    return 1 if any(one.wrong for one in every) else 0


def _launcher(package: Path) -> Path:
    launcher = package / "clients" / "launcher" / "build" / "index.js"
    if not launcher.is_file():
        raise MissingError(f"{launcher} is missing: the package is built otherwise now.")
    return launcher


async def _inspect(inspector: Sequence[str], server: Sequence[str], era: str) -> list[Judged]:
    """List all tools and the three meta-tools strictly, and read an order."""
    judged = []
    for what, words in {"all tools": [], "meta-tools": ["--meta"]}.items():
        listed = ["--method", "tools/list", "--strict"]
        code, answer, said = await _run([*inspector, "--cli", *server, *words, *listed, *_era(era)])
        count = len(answer.get("result", {}).get("tools", []))
        wrong = said.strip().splitlines()[-1] if said.strip() else ""
        wrong = wrong or (f"exit {code}" if code or not count else "")
        shown = f"tools/list --strict, {what}"
        judged.append(Judged("Inspector", shown, era, f"{count} tools", wrong))
    arguments = ["--tool-name", "shop__getOrder", "--tool-args-json", '{"order_id": "1042"}']
    code, answer, _ = await _run(
        [*inspector, "--cli", *server, "--method", "tools/call", *arguments, *_era(era)]
    )
    status = answer.get("result", {}).get("structuredContent", {}).get("status", "")
    wrong = "" if (code, status) == (0, "ok") else f"exit {code}"
    return [*judged, Judged("Inspector", "tools/call shop__getOrder", era, str(status), wrong)]


def _era(era: str) -> list[str]:
    return ["--protocol-era", era, "--format", "json"]


async def _fastmcp(python: Path, server: Sequence[str], mode: str) -> Judged:
    script = Path(__file__).with_name("mcp_fastmcp.py")
    code, answer, said = await _run([str(python), "-P", str(script), mode, *server])
    differs = [
        f"{name} is {answer.get(name)!r}"
        for name, wanted in _SCENE.items()
        if answer.get(name) != wanted
    ]
    last = said.strip().splitlines()[-1:] if code else []
    found = ", ".join(f"{name}: {value}" for name, value in answer.items())
    era = "modern" if mode == "auto" else mode
    return Judged("FastMCP", "the scene", era, found, "; ".join([*differs, *last]))


async def _run(words: Sequence[str]) -> tuple[int, dict[str, Any], str]:
    """Run a client; return its exit code, the JSON object it printed, and what it complained of."""
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, {}, f"it did not end within {_SECONDS} s"
    try:
        found = json.loads(out)
    except ValueError:
        found = {}
    said = err.decode("utf-8", "replace")
    return process.returncode or 0, found if isinstance(found, dict) else {}, said


def _table(every: Sequence[Judged]) -> str:
    rows = ["| client | what | era | found | wrong |", "|---|---|---|---|---|"]
    rows += [
        f"| {one.client} | {one.what} | {one.era} | {one.found} | {one.wrong or 'nothing'} |"
        for one in every
    ]
    return "\n".join(rows) + "\n"
