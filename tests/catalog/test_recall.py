"""What search finds of real APIs; `python -m bench.recall` prints all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.recall import catalog_of, questions, recall


@pytest.mark.parametrize(("bare", "least"), [(False, 0.62), (True, 0.68)])
def test_two_thirds_of_what_a_question_needs_are_among_the_first_ten(
    specs: Path, *, bare: bool, least: float
) -> None:
    tasks = specs.parent / "tasks" / "restbench-tmdb.json"
    if not tasks.is_file():
        pytest.skip(f"RestBench's questions are not at {tasks}")
    found = recall(catalog_of(specs / "tmdb.json", bare=bare), questions(tasks)["tmdb.json"])
    assert found[10] >= least


@pytest.mark.parametrize(
    ("name", "least"),
    [("github.json", 0.7), ("stripe.json", 0.8), ("slack.json", 0.5), ("kubernetes.json", 0.9)],
)
def test_our_own_questions_find_their_operation(specs: Path, name: str, least: float) -> None:
    asked = questions(Path("absent"))[name]
    assert recall(catalog_of(specs / name), asked)[10] >= least
