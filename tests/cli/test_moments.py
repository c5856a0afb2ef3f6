"""Moments as people write them for `dragoman log --since`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dragoman.cli.moments import moment
from dragoman.errors import ArgumentError

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:00", "2026-11-18T14:00+00:00"),
        ("16:00", "2026-11-17T16:00+00:00"),
        ("tue 14:00", "2026-11-17T14:00+00:00"),
        ("Tuesday 14:02", "2026-11-17T14:02+00:00"),
        ("wed 16:00", "2026-11-11T16:00+00:00"),
        ("wed", "2026-11-18T00:00+00:00"),
        ("2h", "2026-11-18T13:30+00:00"),
        ("90 m", "2026-11-18T14:00+00:00"),
        ("3d", "2026-11-15T15:30+00:00"),
        ("2026-11-17", "2026-11-17T00:00+00:00"),
        ("2026-11-17T14:00", "2026-11-17T14:00+00:00"),
        ("2026-11-17T14:00+02:00", "2026-11-17T14:00+02:00"),
    ],
)
def test_a_moment_is_the_last_one_that_fits(text: str, at: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(at)


@pytest.mark.parametrize("text", ["", "soon", "xyz 14:00", "25:00", "14:75", "99999999999h", "2w"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"no moment|no time of day|before all time"):
        moment(text, NOW)
