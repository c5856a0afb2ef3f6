"""The views that others read are what docs/data.md says, on each kind of database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dragoman.store.store import Store

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"


def documented() -> dict[str, list[str]]:
    """The columns of each view, in the order of the page."""
    columns: dict[str, list[str]] = {}
    for part in PAGE.read_text("utf-8").split("\n### ")[1:]:
        text = part.partition("\n## ")[0]
        columns[text.split("\n", 1)[0]] = re.findall(r"^\| (\w+) \|", text, re.MULTILINE)[1:]
    return columns


@pytest.mark.parametrize("view", ["calls", "answers", "turns", "approvals", "changes"])
async def test_a_view_has_the_columns_that_are_documented(store: Store, view: str) -> None:
    # One row is always there, of which the view's own columns are empty.
    nothing = "SELECT {0}.* FROM (SELECT 1) AS one LEFT JOIN {0} ON 1 = 0"
    row = await store.read(nothing.format(view), {})
    assert list(row[0]) == documented()[view]


def test_the_page_documents_nothing_else() -> None:
    assert list(documented()) == ["calls", "answers", "turns", "approvals", "changes"]
