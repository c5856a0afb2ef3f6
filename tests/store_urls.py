"""The databases that the store is tested on: SQLite in a file and in memory, and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

POSTGRES = os.environ.get("DRAGOMAN_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, for each kind of database."""
    return _url(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, of the kinds that several processes can share."""
    return _url(request, tmp_path)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty schema of its own in PostgreSQL, gone afterwards; its name is also the client's."""
    psycopg = pytest.importorskip("psycopg")
    name = f"dragoman_{uuid4().hex}"
    try:
        connection = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL (DRAGOMAN_TEST_POSTGRES): {str(error).splitlines()[0]}")
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield f"{POSTGRES}?options={quote(f'-csearch_path={name}')}&application_name={name[:60]}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="session")
def one_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A connection, and the address of a schema that is used again and again by many tests."""
    psycopg = pytest.importorskip("psycopg")
    name = f"dragoman_{uuid4().hex}"
    try:
        connection = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL (DRAGOMAN_TEST_POSTGRES): {str(error).splitlines()[0]}")
    with connection:
        connection.execute(f"CREATE SCHEMA {name}")
        connection.execute(f"SET search_path TO {name}")
        yield connection, f"{POSTGRES}?options={quote(f'-csearch_path={name}')}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def emptied_postgres(one_postgres: tuple[Any, str]) -> str:
    """The address of a store without rows: making its tables anew takes longer than most tests."""
    connection, url = one_postgres
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        " AND tablename <> 'alembic_version'"
    ).fetchall()
    if found:
        connection.execute(f"TRUNCATE {', '.join(name for (name,) in found)}")
    return url


def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    if request.param == "memory":
        return "sqlite:///:memory:"
    return f"sqlite:///{tmp_path}/dragoman.db"
