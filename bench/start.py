"""How long a command takes to start."""

from __future__ import annotations

import sys

from bench.measure import Row, commands

__all__ = ["starts"]


def starts() -> list[Row]:
    """Measure `dragoman --help` and importing the package against Python itself."""
    python = sys.executable
    return [
        commands(
            "dragoman --help / python -c pass",
            [python, "-m", "dragoman", "--help"],
            [python, "-c", "pass"],
            "≤ 200 ms more",
        ),
        commands(
            "import Dragoman / import aiohttp, pydantic",
            [python, "-c", "from dragoman import Dragoman"],
            [python, "-c", "import aiohttp, pydantic"],
            "≤ 2",
        ),
    ]
