"""Documents of real descriptions pass the checks, and their arguments survive; in a short form.

`python -m judge actions` does the whole, and writes docs/evidence/actions.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from judge.actions import judged, page
from judge.documents import paths_of


def test_documents_of_real_descriptions_pass_the_checks(specs: Path) -> None:
    every = [judged(path, step=_step(path), sets=1) for path in paths_of(specs, [])]
    assert [one.document for one in every if not one.is_right] == []
    assert all(one.actions > 0 and one.documents > 0 for one in every)
    assert "| stripe.json |" in page(every)


def test_a_large_description_is_divided_as_a_whole(specs: Path) -> None:
    one = judged(specs / "tmdb.json", sets=0)
    assert (one.actions, one.documents, one.is_right) == (54, 2, True)


def _step(path: Path) -> int:
    """Return of how many operations one is looked at: the larger the file, the fewer."""
    return max(1, path.stat().st_size // 400_000)


@pytest.mark.parametrize("name", ["hubspot-deals.json", "notion.json"])
def test_the_same_description_gives_the_same_documents(specs: Path, name: str) -> None:
    assert judged(specs / name, sets=0) == judged(specs / name, sets=0)
