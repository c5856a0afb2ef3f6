"""Where the demo plays: a folder, and commands that run in it as a visitor would type them."""

from __future__ import annotations

import asyncio
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from dragoman.cli.terminal import bold, note

__all__ = ["Stage", "title"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder with a configuration in it."""

    folder: Path

    async def run(self, *words: str) -> int:
        """Show a command and run it as a process of its own; return its exit code.

        Nobody is at its standard input: what needs a yes waits, as it would on a server.
        """
        sys.stdout.flush()
        print(bold(f"$ dragoman {shlex.join(words)}"), flush=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dragoman",
            *words,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
        )
        code = await process.wait()
        if code:
            note(f"(exit {code})")
        return code


def title(text: str) -> None:
    """Begin a part of the scene."""
    print(f"\n{bold(f'── {text}')}")
