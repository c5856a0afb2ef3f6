"""Write the lock files: every dependency by name, version and hash, for every platform we name.

No address of a registry is written, so that the files serve behind any mirror.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_ALL_EXTRAS = ("--all-extras",)

LOCKS = {
    "requirements/run.txt": ["--extra", "postgres", "--group", "build"],
    "requirements/dev.txt": [*_ALL_EXTRAS, "--group", "build", "--group", "dev"],
    "requirements/torture.txt": [
        *(*_ALL_EXTRAS, "--group", "build", "--group", "dev", "--group", "torture"),
    ],
}


def lock(target: str, selection: list[str]) -> None:
    """Resolve one selection of dependencies into one file."""
    command = [
        *(
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--universal",
            "--generate-hashes",
        ),
        *("--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links"),
        *("--no-header", "--no-annotate", "--quiet", "--output-file", target),
        *selection,
    ]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - fixed words


def main() -> int:
    """Write all lock files, and say which."""
    for target, selection in LOCKS.items():
        lock(target, selection)
        print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
