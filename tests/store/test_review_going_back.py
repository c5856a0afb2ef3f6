"""A store with a row in every table goes back to each version before, and up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from test_review_migrations import at

TIMES = {"at", "asked", "expires", "answered", "started", "lease_until", "due", "until"}
KINDS = {"INTEGER": 1, "BIGINT": 1, "DOUBLE": 0.5, "DOUBLE_PRECISION": 0.5, "FLOAT": 0.5}


def engine_of(url: str) -> sa.Engine:
    url = url.replace("postgresql:", "postgresql+psycopg:")
    return sa.create_engine(url, poolclass=sa.NullPool)


def filled(url: str) -> dict[str, int]:
    """Put a row into every table, with something in every column, and count all rows."""
    with engine_of(url).begin() as connection:
        looked = sa.inspect(connection)
        for table in set(looked.get_table_names()) - {"alembic_version"}:
            row = {one["name"]: _value(one) for one in looked.get_columns(table)}
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608
    return counted(url)


def _value(column: Any) -> object:
    if column["name"] in TIMES:
        return "2026-11-24T12:00:00.000000+00:00"
    kind = type(column["type"]).__name__
    return True if kind == "BOOLEAN" else KINDS.get(kind, "{}")


def counted(url: str) -> dict[str, int]:
    """Count the rows of every table and view."""
    with engine_of(url).connect() as connection:
        looked = sa.inspect(connection)
        names = {*looked.get_table_names(), *looked.get_view_names()} - {"alembic_version"}
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608
            for name in names
        }


@pytest.mark.parametrize("revision", ["0001", "0002"])
async def test_what_both_versions_know_is_there_after_going_back_and_up(
    shared_url: str, tmp_path: Path, revision: str
) -> None:
    at(shared_url, "head")
    assert set(filled(shared_url).values()) == {1}
    at(shared_url, revision, down=True)
    before = counted(shared_url)
    assert set(before.values()) == {1}
    at(shared_url, "head")
    after = counted(shared_url)
    assert {name: after[name] for name in before} == before
    assert {after[name] for name in after.keys() - before.keys()} <= {0, 1}
