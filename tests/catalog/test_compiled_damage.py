"""Nothing depends on the compiled catalog: whatever is wrong with it, it is made anew."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.described_by import by_way_of, compiled_of, files, plainly, same
from dragoman.apis.openapi import compiled as tables


def with_digest(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def is_whole(file: Path) -> bool:
    data = file.read_bytes()
    return data == with_digest(data[:-32]) and data.startswith(b"SQLite format 3\0")


def _other_tables() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE x (y)")
    content = connection.serialize()
    connection.close()
    return with_digest(content)


def _changed(statement: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(data[:-32])
        connection.executescript(statement)
        content = connection.serialize()
        connection.close()
        return with_digest(content)

    return change


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "garbage": lambda data: b"\xff" * len(data),
    "one bit": lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
    "another digest": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "no database": lambda _: with_digest(b"not a database"),
    "nothing at all": lambda _: with_digest(b""),
    "garbage in the middle": lambda data: with_digest(data[:200] + b"\x00" * (len(data) - 232)),
    "other tables": lambda _: _other_tables(),
    "another key": _changed("UPDATE made_of SET key = 'x'"),
    "no listing": _changed("DELETE FROM listing"),
    "a listing that is none": _changed("UPDATE listing SET value = '{\"root\": 1}'"),
    "a listing of bytes": _changed("UPDATE listing SET value = x'ff'"),
    "a listing of nothing": _changed(
        "DROP TABLE listing; CREATE TABLE listing (value); INSERT INTO listing VALUES (NULL)"
    ),
    "no files": _changed("UPDATE made_of SET files = '7'"),
    "no index": _changed("DROP TABLE named"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_a_damaged_file_is_made_anew(
    damage: Callable[[bytes], bytes], shop: Path, kept: Path, parses: list[str]
) -> None:
    file = await compiled_of(kept, shop)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    described = await by_way_of(kept, shop)
    assert same(await plainly(shop), described.description)
    assert len(parses) == 2
    assert is_whole(file)
    await by_way_of(kept, shop)
    assert len(parses) == 2


async def test_a_piece_that_is_damaged_costs_its_operations(shop: Path, kept: Path) -> None:
    file = await compiled_of(kept, shop)
    file.write_bytes(_changed("UPDATE piece SET value = x'ff'")(file.read_bytes()))
    operations = (await by_way_of(kept, shop)).description.operations
    assert all("damaged" in one.contract.unsupported for one in operations.values())


def _writable_by_all(file: Path) -> None:
    file.chmod(0o666)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize("change", [_writable_by_all, _link, _pipe])
async def test_a_file_that_others_may_have_written_is_made_anew(
    change: Callable[[Path], None], shop: Path, kept: Path, parses: list[str]
) -> None:
    file = await compiled_of(kept, shop)
    change(file)
    await by_way_of(kept, shop)
    assert len(parses) == 2
    assert file.is_file()
    assert not file.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
async def test_a_file_of_another_user_is_made_anew(shop: Path, kept: Path) -> None:
    file = await compiled_of(kept, shop)
    os.chown(file, 12345, 12345)
    await by_way_of(kept, shop)
    assert file.stat().st_uid == 0


async def test_nothing_fails_where_nothing_can_be_kept(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in (None, tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        described = await by_way_of(folder, shop)
        assert described.index is not None
        assert same(await plainly(shop), described.description)


async def test_a_full_disk_leaves_nothing_behind(shop: Path, kept: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        described = await by_way_of(kept, shop)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(await plainly(shop), described.description)
    assert files(kept) == []


async def test_a_document_that_shares_too_much_is_read_without(
    tmp_path: Path, kept: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_MAX_SIZE", 100_000)
    text = "x" * 1_000
    path = tmp_path / "a.yaml"
    path.write_text(
        f"openapi: 3.1.0\nx: [&t {text}, {', '.join(['*t'] * 1_000)}]\npaths: {{/a: {{get: {{}}}}}}"
    )
    described = await by_way_of(kept, path)
    assert described.index is None
    assert same(await plainly(path), described.description)
    assert files(kept) == []


_PROCESS = """
import asyncio, sys
from pathlib import Path
from catalog.described_by import by_way_of, catalog_of, found
from dragoman.catalog import compiled
compiled.MIN_BYTES = 1
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
sys.stdin.readline()
for _ in range(5):
    described = asyncio.run(by_way_of(folder, path))
    assert described.index is not None
    print([one.contract.unsupported for one in described.description.operations.values()])
    print(found(catalog_of(described), "order"))
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
"""


def test_several_processes_write_at_once(shop: Path, kept: Path) -> None:
    tests = str(Path(__file__).resolve().parent.parent)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(shop), str(kept)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": tests},
        )
        for _ in range(3)
    ]
    printed = set()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        output, faults = process.communicate(timeout=60)
        assert process.returncode == 0, faults
        printed |= set(output.splitlines())
    assert len(printed) == 2
    assert all(is_whole(file) for file in files(kept))
    asyncio.run(by_way_of(kept, shop))
    assert len(files(kept)) == 1
