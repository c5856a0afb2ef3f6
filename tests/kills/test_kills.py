"""The short form of the kill test of `make torture`: fifty kills, each point on each store."""

from __future__ import annotations

import pytest
from torture.kill_trial import ALL_POINTS
from torture.kills import faults_of, trial

from store_urls import POSTGRES

_KILLS = 25


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_row_21_nothing_is_done_twice_or_lost_whatever_a_worker_is_killed_at(store: str) -> None:
    if store == "postgresql":
        psycopg = pytest.importorskip("psycopg")
        try:
            psycopg.connect(POSTGRES, connect_timeout=3).close()
        except psycopg.OperationalError as error:
            pytest.skip(f"no PostgreSQL (DRAGOMAN_TEST_POSTGRES): {str(error).splitlines()[0]}")
    found = trial(store, _KILLS, least=1)
    assert faults_of(found, least=1) == []
    assert found["kills"] >= _KILLS
    assert found["requests"] > found["side effects"], "some were sent again"
    assert found["unknown"]["listed"] > 0


GOOD = {
    "wrong": [],
    "duplicates": 0,
    "lost": 0,
    "without a claim": 0,
    "side effects": 40,
    "orders": 40,
    "kills by point": dict.fromkeys(ALL_POINTS, 10),
}


@pytest.mark.parametrize(
    "broken",
    [
        {"wrong": ["p0-1S happened, is not done, and is not listed"]},
        {"duplicates": 1},
        {"lost": 1},
        {"without a claim": 1},
        {"side effects": 41},
        {"kills by point": {**GOOD["kills by point"], "all sent": 9}},
    ],
)
def test_each_broken_promise_and_each_point_that_was_not_hit_fails_the_trial(
    broken: dict[str, object],
) -> None:
    assert faults_of(GOOD, least=10) == []
    assert len(faults_of({**GOOD, **broken}, least=10)) == 1
