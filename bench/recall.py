"""How many of the operations that a question needs are among the first that search finds.

    python -m bench.recall SPECS [TASKS]

SPECS is a folder of API descriptions, TASKS a file of RestBench's questions over tmdb.json; ten
questions of our own over each of four more APIs are in `questions.json`. Each is asked of the
description as it is, and of one from which every description and summary was removed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.catalog.catalog import Catalog
from dragoman.config.settings import ApiSettings

__all__ = ["Question", "catalog_of", "questions", "recall"]

OWN = Path(__file__).with_name("questions.json")
FIRST = (1, 5, 10, 20)
_TEXT = frozenset({"description", "summary"})


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and of which operations (by name or route) each step needs one."""

    text: str
    needs: tuple[frozenset[str], ...]


def questions(tasks: Path) -> dict[str, list[Question]]:
    """Return the questions of our own by file of description, and those of RestBench."""
    asked = {name: [_question(one) for one in many] for name, many in _read(OWN).items()}
    if tasks.is_file():
        asked = {"tmdb.json": [_question(one) for one in _read(tasks)], **asked}
    return asked


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _question(one: Mapping[str, object]) -> Question:
    steps = one["solution"]
    assert isinstance(steps, list)
    needs = [[step] if isinstance(step, str) else step for step in steps]
    return Question(str(one["query"]), tuple(frozenset(n.strip() for n in step) for step in needs))


def catalog_of(path: Path, *, bare: bool = False) -> Catalog:
    """Return the catalog of a description; a `bare` one has lost all prose about operations."""
    data = path.read_bytes()
    if bare:
        data = orjson.dumps(_without_prose(orjson.loads(data)))
    source = parsed(data, path.name, from_disk=True)
    return Catalog.of(read("api", source, ApiSettings()).operations.values())


def _without_prose(node: object) -> object:
    if isinstance(node, dict):
        return {
            name: _without_prose(value)
            for name, value in node.items()
            if not (name in _TEXT and isinstance(value, str))
        }
    return [_without_prose(one) for one in node] if isinstance(node, list) else node


def recall(catalog: Catalog, asked: Sequence[Question]) -> dict[int, float]:
    """Return the mean share of what a question needs among the first so many found."""
    shares: dict[int, list[float]] = {count: [] for count in FIRST}
    for question in asked:
        hits = [hit.operation for hit in catalog.search(question.text, max(FIRST))]
        for count in FIRST:
            found = {name for one in hits[:count] for name in (one.name, one.route)}
            met = sum(1 for step in question.needs if step & found)
            shares[count].append(met / len(question.needs))
    return {count: sum(every) / len(every) for count, every in shares.items()}


def _rows(specs: Path, tasks: Path) -> Iterator[str]:
    for name, asked in questions(tasks).items():
        if not (specs / name).is_file():
            continue
        for bare in (False, True):
            found = recall(catalog_of(specs / name, bare=bare), asked)
            what = f"{name}{', descriptions removed' if bare else ''}"
            yield f"{what:<42} {len(asked):>9} " + " ".join(f"{found[n]:>6.0%}" for n in FIRST)


def main(arguments: Sequence[str]) -> int:
    """Print one row a description, and return 0: a figure is no verdict."""
    if not arguments:
        print(__doc__)
        return 2
    specs = Path(arguments[0])
    tasks = Path(arguments[1]) if arguments[1:] else specs.parent / "tasks" / "restbench-tmdb.json"
    print(f"{'recall at':<42} questions " + " ".join(f"{n:>6}" for n in FIRST))
    for row in _rows(specs, tasks):
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
