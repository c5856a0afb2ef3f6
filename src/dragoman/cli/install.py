"""`dragoman install`: the configuration by which a client of the owner starts `dragoman mcp`.

Where each client keeps it and in which form, as of November 2026: code.claude.com/docs/en/mcp
(project scope; ~/.claude.json is the program's own and is left to it), cursor.com/docs/context/mcp,
code.visualstudio.com/docs/copilot/reference/mcp-configuration, developers.openai.com/codex/mcp, and
for Claude Desktop modelcontextprotocol.io/docs/develop/connect-local-servers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dragoman.cli.command import FAILED, USAGE, Options, verb
from dragoman.cli.entry import Entry, UnreadableError, read_entry, written
from dragoman.cli.terminal import complain, mark, note, pretty, progress, warn
from dragoman.config.load import load
from dragoman.errors import ConfigurationError
from dragoman.operation import JsonValue

app = verb("install", "Tell a client how to start `dragoman mcp`.")

__all__ = ["app"]


@dataclass(frozen=True, slots=True)
class Client:
    """Where a client keeps the servers that it starts, and what its user does next.

    `key` holds them by name; `typed` says that an entry names its transport.
    """

    path: Callable[[], Path]
    key: str
    next: str
    typed: bool = True


def _desktop() -> Path:
    """Return the file of Claude Desktop on this system.

    The page names macOS and Windows; on Linux the builds that there are follow XDG.
    """
    if sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        home = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "Claude" / "claude_desktop_config.json"


def _codex() -> Path:
    home = os.environ.get("CODEX_HOME")
    return (Path(home) if home else Path.home() / ".codex") / "config.toml"


CLIENTS: Mapping[str, Client] = {
    "claude-code": Client(
        lambda: Path.cwd() / ".mcp.json",
        "mcpServers",
        "Start `claude` in this folder and allow the server; /mcp shows it.",
    ),
    "claude-desktop": Client(
        _desktop,
        "mcpServers",
        "Quit Claude Desktop wholly and start it again; Settings, Developer shows the server.",
        typed=False,
    ),
    "cursor": Client(
        lambda: Path.cwd() / ".cursor" / "mcp.json",
        "mcpServers",
        "Open this folder in Cursor; Settings, MCP shows the server.",
    ),
    "vscode": Client(
        lambda: Path.cwd() / ".vscode" / "mcp.json",
        "servers",
        "Open this folder in VS Code and run `MCP: List Servers` to start it.",
    ),
    "codex": Client(
        _codex,
        "mcp_servers",
        "Start `codex`; /mcp shows the server.",
        typed=False,
    ),
}

Name = Literal["claude-code", "claude-desktop", "cursor", "vscode", "codex", "json"]


@app.default
def install(
    client: Name,
    /,
    *,
    toolset: str | None = None,
    user: str | None = None,
    meta: bool | None = None,
    name: str | None = None,
    show: Annotated[bool, Parameter(name="--print", negative="")] = False,
    force: Annotated[bool, Parameter(name="--force", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Tell a client how to start `dragoman mcp`, with the paths of this program and this file.

    Parameters
    ----------
    client
        The client, or `json` to print what most others take.
    toolset
        Only the tools of this toolset.
    user
        The end user on whose behalf is called.
    meta
        Three tools in place of one for each operation.
    name
        What the client calls the server. [default: dragoman, and the toolset after it]
    show
        Print what would be written, and write nothing.
    force
        Replace another entry of that name.
    """
    files = [path.absolute() for path in options.file or (Path("dragoman.yaml"),)]
    settings = load(files).settings
    if toolset is not None and toolset not in settings.toolsets:
        known = ", ".join(settings.toolsets) or "none"
        raise ConfigurationError(f"there is no toolset '{toolset}'. The file has: {known}")
    entry = _entry(files, toolset=toolset, user=user, meta=meta, read_only=options.read_only)
    name = name or ("dragoman" if toolset is None else f"dragoman-{toolset}")
    if client == "json":
        print(pretty({"mcpServers": {name: {"type": "stdio", **entry}}}))
        return 0
    wanted = CLIENTS[client]
    if wanted.typed:
        entry = {"type": "stdio", **entry}
    place = Entry(wanted.path(), wanted.key, name)
    if show:
        print(written(place, entry, alone=True), end="")
        progress(f"It goes into {place.path}")
        return 0
    code = _install(place, entry, force=force)
    if code == 0:
        note(wanted.next)
        _warn_of_secrets(files)
    return code


def _entry(
    files: list[Path],
    *,
    toolset: str | None,
    user: str | None,
    meta: bool | None,
    read_only: bool,
) -> dict[str, JsonValue]:
    """Return the command that a client runs: it knows neither our folder nor our environment."""
    words = ["-m", "dragoman", "mcp"]
    for file in files:
        words += ["-f", str(file)]
    words += ["--toolset", toolset] if toolset is not None else []
    words += ["--user", user] if user is not None else []
    if meta is not None:
        words.append("--meta" if meta else "--no-meta")
    words += ["--read-only"] if read_only else []
    return {"command": str(Path(sys.executable).absolute()), "args": words}


def _install(place: Entry, entry: dict[str, JsonValue], *, force: bool) -> int:
    """Put the entry into the client's file, unless it is there, or another is in its place."""
    try:
        there = read_entry(place)
        if there == entry:
            mark(f"{place.path} has it already")
            return 0
        if there is not None and not force:
            complain(
                f"{place.path} has another '{place.name}': {_without_values(there)}. "
                "--force replaces it; --name gives this one another name."
            )
            return FAILED
        kept = place.put(written(place, entry))
    except UnreadableError as error:
        complain(f"{error} It was left as it is. Add this to it by hand:")
        print(written(place, entry, alone=True), end="")
        return USAGE
    mark(f"{place.path}: '{place.name}' starts dragoman mcp")
    if kept is not None:
        note(f"What stood there before is kept in {kept}")
    return 0


def _without_values(entry: JsonValue) -> str:
    """Return an entry as text; what it gives to the environment or sends along may be secret."""
    if not isinstance(entry, Mapping):
        return pretty(entry)
    hidden = {
        name: f"({len(value)} hidden)" if isinstance(value, Mapping) else value
        for name, value in entry.items()
    }
    return " ".join(pretty(hidden).split())


def _warn_of_secrets(files: list[Path]) -> None:
    """Say which variables of the file stand in this shell only: the client does not have them."""
    from dragoman.secrets.environment import read_environment  # noqa: PLC0415 - only here

    beside = read_environment(files[0].parent, {})
    lacking = sorted(
        name for name in _variables(files) if name in os.environ and name not in beside
    )
    if lacking:
        warn(
            f"{', '.join(lacking)} is set in this shell, and the client does not start from it: "
            f"write it into {files[0].parent / '.env'}"
        )


def _variables(files: list[Path]) -> set[str]:
    import re  # noqa: PLC0415 - only here

    reference = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)")
    return {name for file in files for name in reference.findall(file.read_text("utf-8"))}
