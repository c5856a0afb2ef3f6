"""Let programs of others judge Dragoman: `prism`, `emulate` or `real`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from judge.programs import MissingError

ROOT = Path(__file__).resolve().parents[1]
SPECS = Path(os.environ.get("DRAGOMAN_SPECS", ROOT.parent / "shared" / "specs"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dragoman-judge"


def main() -> int:
    """Run one judge; return 0 where nothing of ours is wrong, 2 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m judge", description=__doc__)
    parser.add_argument("judge", choices=["prism", "emulate", "real"], nargs="?", default="prism")
    parser.add_argument("documents", nargs="*", help="names, or the beginnings of names")
    parser.add_argument("--specs", type=Path, default=SPECS, help="folder of the documents")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where programs are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence")
    options = parser.parse_args()
    if options.judge != "real" and not options.specs.is_dir():
        print(f"✗ documents are missing: {options.specs}: set DRAGOMAN_SPECS", file=sys.stderr)
        return 2
    try:
        if options.judge == "real":
            from judge import real  # noqa: PLC0415 - each judge needs other things

            return asyncio.run(real.demo(ROOT / ".venv-real"))
        if options.judge == "emulate":
            from judge import emulate  # noqa: PLC0415

            return asyncio.run(emulate.run(options.specs, options.cache, options.out))
        return prism(options)
    except MissingError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2


def prism(options: argparse.Namespace) -> int:
    """Judge one document after another, write the evidence, and say what is ours."""
    from judge import evidence  # noqa: PLC0415
    from judge.documents import paths_of  # noqa: PLC0415
    from judge.prism import VERSION, install, judged  # noqa: PLC0415

    node, package = install(options.cache)
    every = []
    for path in paths_of(options.specs, options.documents):
        every.append(asyncio.run(judged(path, node, package)))
        one = every[-1]
        print(f"{one.document}: {one.sent:,} sent, {one.accepted:,} accepted", flush=True)
    if options.documents:
        found = evidence.facts(every, VERSION)
        print(evidence.page(found, VERSION))
    else:
        found = evidence.write(options.out, every, VERSION)
        print(f"wrote {options.out / 'prism.json'} and prism.md")
    ours = found["totals"]["refused"]["ours"]
    print(f"refused for a fault of ours: {ours}")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
