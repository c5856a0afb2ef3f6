"""Running `dragoman` as a user does: what it came to, and a terminal to run it at."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = [
    "Ran",
    "Run",
    "at_a_terminal",
    "clear_faults",
    "effects",
    "fault",
    "has_struck",
    "started",
]


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout; nothing else may stand there."""
        return json.loads(self.out)


Run = Callable[..., Ran]

# Ctrl-C reaches the process whose terminal it is, so it takes it before it runs.
_TAKE_THE_TERMINAL = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("dragoman", run_name="__main__", alter_sys=True)
"""

_A_MOMENT = 0.2
"""How long a person takes at least, in seconds; Ctrl-C flushes what was typed and not yet read."""


def started(
    words: Sequence[str],
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "dragoman"),
    **more: Any,
) -> subprocess.Popen[Any]:
    """Start a command as a process of its own, with no key and no variable of the demo set."""
    hidden = ("OPENAI_API_KEY", "DRAGOMAN_READ_ONLY", "NO_COLOR")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith("DEMO_")
    }
    command = [sys.executable, *program, *words]
    # Where the tests run in the background of a shell, Ctrl-C is ignored, and children inherit it.
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**kept, **(environ or {})},
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 - it calls one function that takes no lock
        **more,
    )


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def at_a_terminal(
    words: Sequence[str],
    folder: Path,
    typed: Sequence[tuple[str | Callable[[], bool], str]] = (),
    *,
    seconds: float = 30,
    **environ: str,
) -> tuple[int, str]:
    """Run a command at a terminal; each text is typed once what it waits for is shown, or is so.

    Returns the exit code and all that the terminal has shown. Raises `TimeoutError` where the
    command does not end.
    """
    ours, theirs = pty.openpty()
    process = started(
        words,
        folder,
        environ=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        program=("-c", _TAKE_THE_TERMINAL),
    )
    os.close(theirs)
    shown, seen, left = b"", 0, list(typed)
    until = time.monotonic() + seconds
    try:
        while (piece := _read(ours)) is not None:
            shown += piece
            while left and (at := _place_of(left[0][0], shown, seen)) is not None:
                seen = at
                time.sleep(_A_MOMENT)
                os.write(ours, left.pop(0)[1].encode())
            if time.monotonic() > until:
                raise TimeoutError(f"the command did not end. It has shown: {shown.decode()}")
        return process.wait(5), shown.decode().replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _place_of(awaited: str | Callable[[], bool], shown: bytes, seen: int) -> int | None:
    """Return up to where all is seen once what was waited for has come, None before."""
    if callable(awaited):
        return seen if awaited() else None
    at = shown.find(awaited.encode(), seen)
    return None if at < 0 else at + len(awaited.encode())


def _read(descriptor: int) -> bytes | None:
    """Return what is shown within a moment, None once the other side has gone."""
    if not select.select([descriptor], [], [], 0.05)[0]:
        return b""
    try:
        return os.read(descriptor, 65_536) or None
    except OSError:
        return None


def effects(url: str) -> dict[str, int]:
    """What really happened at a sample API, by its own count."""
    with urllib.request.urlopen(f"{url}/_demo/effects") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def fault(url: str, kind: str, path: str, **more: float) -> None:
    """Let the next answer of a sample API at that path be a fault, and no other one."""
    clear_faults(url)
    body = json.dumps({"fault": kind, "path": path, **more}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/_demo/faults", body, headers)).close()


def clear_faults(url: str) -> None:
    """Let a sample API answer well."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/_demo/faults", method="DELETE")).close()


def has_struck(url: str) -> bool:
    """Whether the fault has been met: its request is there."""
    with urllib.request.urlopen(f"{url}/_demo/faults") as answer:
        return not any(one["times"] for one in json.load(answer)["faults"])
