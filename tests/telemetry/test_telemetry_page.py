"""`docs/telemetry.md` names what there is, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from telemetry_page import metric_rows

from dragoman.telemetry import names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "telemetry.md").read_text("utf-8")
ATTRIBUTE = re.compile(r"`((?:gen_ai|openai|dragoman|http|server|error)\.[\w.]+)`")


def test_the_table_of_numbers_is_that_of_the_code() -> None:
    assert metric_rows() in PAGE


def test_every_attribute_and_histogram_of_the_code_is_told_and_no_other() -> None:
    known = {
        value
        for name, value in vars(names).items()
        if name.isupper() and isinstance(value, str) and "." in value
    }
    assert set(ATTRIBUTE.findall(PAGE)) == known
