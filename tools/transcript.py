"""Print the transcript that README.md shows: a newcomer's first commands on the sample shop.

The shop runs on its usual port; the commands run in a folder of their own, as a person types them.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from dragoman.demo import serve
from dragoman.demo.keys import Credentials

COMMANDS = (
    "init http://localhost:8001/openapi.json --name shop",
    'ask "Where is order 1042?"',
    'ask "Refund the shipping of order 1042: it is late"',
    "approvals approve {approval}",
)


def run(line: str, folder: Path, environ: dict[str, str]) -> str:
    """Show a command, run it and show what it prints; return that."""
    print(f"$ dragoman {line}")
    result = subprocess.run(  # noqa: S602 - fixed words, quoted as in a shell
        f"{sys.executable} -m dragoman {line}",
        cwd=folder,
        env=environ,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(result.stdout.rstrip())
    return result.stdout


async def main() -> int:
    """Serve the shop and run the commands against it."""
    hidden = {"OPENAI_API_KEY", "SHOP_KEY"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    async with serve(ports=(8001, 0, 0)):
        with tempfile.TemporaryDirectory() as name:
            folder, approval = Path(name), ""
            for number, line in enumerate(COMMANDS):
                if number == 1:
                    print("$ export SHOP_KEY=…")
                    environ["SHOP_KEY"] = Credentials.of().shop_key
                said = await asyncio.to_thread(run, line.format(approval=approval), folder, environ)
                approval = next(iter(re.findall(r"ap_[A-Z0-9]+", said)), approval)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
