"""Where the store is: what may stand under `store:`, and what a wrong address says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dragoman.errors import ConfigurationError, StoreError
from dragoman.store.store import Store


async def test_a_sqlite_path_is_relative_to_the_configuration_and_only_its_owners(
    tmp_path: Path,
) -> None:
    store = Store("sqlite:///data.db", tmp_path)
    assert not (tmp_path / "data.db").exists(), "opened before it was needed"
    await store.read("SELECT 1", {})
    assert (tmp_path / "data.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data.db-wal").stat().st_mode & 0o777 == 0o600
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:hunter22@host/db", "'mysql' is no store that works"),
        ("dragoman.db", "no scheme"),
        ("sqlite://dragoman.db", "three slashes"),
        ("sqlite:///dragoman.db?mode=ro", "no options"),
        ("postgresql://u:hunter22@host:port/db", "cannot be read"),
        ("postgresql://u:hunter22@[::1/db", "cannot be read"),
    ],
)
def test_an_address_that_is_none_says_what_works(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Store(url, tmp_path)
    assert says in str(caught.value)
    assert "sqlite:///dragoman.db" in str(caught.value)
    assert "hunter22" not in str(caught.value)


async def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    store = Store("postgresql://ana:hunter%2022@127.0.0.1:1/db?password=hunter33", tmp_path)
    with pytest.raises(StoreError) as caught:
        await store.read("SELECT 1", {})
    text = f"{caught.value} {caught.value.__cause__!r} {store!r}"
    assert "The store postgresql://127.0.0.1:1/db could not be opened" in text
    assert "hunter" not in text
    await store.aclose()


async def test_without_the_driver_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    store = Store("postgresql://127.0.0.1/db", tmp_path)
    with pytest.raises(ConfigurationError, match=r"pip install 'dragoman\[postgres\]'"):
        await store.read("SELECT 1", {})


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database at all, but some text of mine. " * 50)
    store = Store("sqlite:///notes.txt", tmp_path)
    with pytest.raises(StoreError, match=r"sqlite:///notes\.txt could not be opened.*not a data"):
        await store.read("SELECT 1", {})
    assert (tmp_path / "notes.txt").read_text().startswith("not a database at all")


async def test_a_folder_that_is_missing_is_an_error_that_says_so(tmp_path: Path) -> None:
    store = Store("sqlite:///no/such/folder.db", tmp_path)
    with pytest.raises(StoreError, match="No such file or directory"):
        await store.read("SELECT 1", {})
