from __future__ import annotations

from pathlib import Path

from dragoman.assistant import offline


def test_the_planner_stays_small_enough_to_be_read_at_one_sitting() -> None:
    folder = Path(str(offline.__file__)).parent
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines()]
    assert len([line for line in lines if line.strip()]) <= 500
