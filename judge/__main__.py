"""Judge Dragoman by programs of others (`prism`, `emulate`, `real`, `mcp`), rules, or faults."""

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
    judges = ["prism", "emulate", "real", "lint", "tools", "actions", "mcp", "faults"]
    parser.add_argument("judge", choices=judges, nargs="?", default="prism")
    parser.add_argument("documents", nargs="*", help="names, or the beginnings of names")
    parser.add_argument("--specs", type=Path, default=SPECS, help="folder of the documents")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where programs are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence")
    parser.add_argument("--sets", type=int, default=200, help="of arguments, for tools")
    options = parser.parse_args()
    if options.judge not in {"real", "mcp", "faults"} and not options.specs.is_dir():
        print(f"✗ documents are missing: {options.specs}: set DRAGOMAN_SPECS", file=sys.stderr)
        return 2
    try:
        if options.judge == "real":
            from judge import real  # noqa: PLC0415 - each judge needs other things

            return asyncio.run(real.demo(ROOT / ".venv-real"))
        if options.judge == "emulate":
            from judge import emulate  # noqa: PLC0415

            return asyncio.run(emulate.run(options.specs, options.cache, options.out))
        if options.judge == "mcp":
            from judge import mcp  # noqa: PLC0415

            return asyncio.run(mcp.run(ROOT, options.cache, options.out))
        if options.judge == "faults":
            from judge import faults  # noqa: PLC0415

            return asyncio.run(faults.run(options.cache, ROOT / "docs" / "faults.md"))
        if options.judge == "tools":
            return tools(options)
        if options.judge == "actions":
            return actions(options)
        return lint(options) if options.judge == "lint" else prism(options)
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


def lint(options: argparse.Namespace) -> int:
    """Lint and fix one document after another, write the page, and say what was broken."""
    from judge.documents import paths_of  # noqa: PLC0415
    from judge.lint import linted, page  # noqa: PLC0415

    every = []
    for path in paths_of(options.specs, options.documents):
        every.append(one := linted(path))
        print(f"{one.document}: {one.before.score:.2f}, then {one.after.score:.2f}", flush=True)
        for told in one.broken:
            print(f"✗ {one.document}: {told}", file=sys.stderr)
    if not options.documents:
        (options.out / "lint.md").write_text(page(every), "utf-8")
    return 1 if any(one.broken for one in every) else 0


def tools(options: argparse.Namespace) -> int:
    """Judge the tools of one document after another, and write the evidence."""
    from judge.documents import paths_of  # noqa: PLC0415
    from judge.tools_report import examined, page  # noqa: PLC0415

    every = []
    for path in paths_of(options.specs, options.documents):
        every.append(examined(path, options.sets))
        alike = every[-1].alike
        faults = len(alike.refused) + len(alike.otherwise) + len(every[-1].breaches)
        print(f"{path.name}: {len(every[-1].tools):,} tools, {faults} faults", flush=True)
    text = page(every, options.sets)
    if options.documents:
        print(text)
    else:
        (options.out / "tools.md").write_text(text, "utf-8")
        print(f"wrote {options.out / 'tools.md'}")
    return 1 if any(one.is_faulty for one in every) else 0


def actions(options: argparse.Namespace) -> int:
    """Judge the GPT Actions documents of each description, and write the evidence."""
    from judge.actions import judged, page  # noqa: PLC0415
    from judge.documents import paths_of  # noqa: PLC0415

    every = []
    for path in paths_of(options.specs, options.documents):
        every.append(judged(path))
        one = every[-1]
        print(f"{one.document}: {one.actions:,} actions in {one.documents} documents", flush=True)
    if options.documents:
        print(page(every))
    else:
        (options.out / "actions.md").write_text(page(every), "utf-8")
        print(f"wrote {options.out / 'actions.md'}")
    wrong = [one.document for one in every if not one.is_right]
    print(f"wrong: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
