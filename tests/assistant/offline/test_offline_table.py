from __future__ import annotations

from decimal import Decimal

import pytest

from dragoman.assistant.offline.table import table
from dragoman.operation import JsonValue


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (None, ""),
        ("", ""),
        ([], ""),
        ({}, ""),
        ({"orders": []}, ""),
        (0, "value  0"),
        (False, "value  false"),
        ("text", "value  text"),
        ({"a": 1, "bb": None}, "a   1\nbb"),
        ([{"a": 1}, {"a": 22, "b": Decimal("1.10")}], "a   b\n1\n22  1.10"),
        ({"orders": [{"a": 1}, {"a": 2}], "total": 2}, "a\n1\n2\ntotal: 2"),
        ({"tags": ["x", "y"], "name": "n"}, 'tags  ["x","y"]\nname  n'),
        ([1, "b"], "value\n1\nb"),
    ],
)
def test_data_as_a_table(data: JsonValue, shown: str) -> None:
    assert table(data) == shown


def test_a_table_is_bounded() -> None:
    wide = [{f"column{i}": "x" * 1_000 for i in range(100)} for _ in range(100)]
    lines = table(wide).splitlines()
    assert lines[-1] == "… and 80 more"
    assert len(lines) == 22
    assert max(map(len, lines)) < 600


def test_one_long_row_is_bounded() -> None:
    assert len(table({f"column{i}": i for i in range(1_000)}).splitlines()) == 20


def test_nothing_in_a_table_acts_on_a_terminal() -> None:
    assert table({"a\x1b[2J": "b\r\x1b]0;x\x07\u202ec"}) == "a[2J  b ]0;xc"
