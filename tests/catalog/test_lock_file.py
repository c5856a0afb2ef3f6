"""The lock file: made to be reviewed, and believed only as far as it is whole."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.locked_shop import LockedShop, operation, says
from dragoman import ConfigurationError
from dragoman.catalog import lock as lock_module
from dragoman.catalog.lock import read_lock
from openapi_reading import document

URL = "https://shop.example"
Lines = list[str]


@pytest.fixture
async def locked(tmp_path: Path) -> LockedShop:
    made = LockedShop(tmp_path, URL)
    await made.accept()
    return made


async def test_each_operation_is_one_line_in_the_order_of_the_ids(locked: LockedShop) -> None:
    header, api, *operations = map(json.loads, locked.lines())
    assert header["dragoman.lock"] == 1
    assert (api["api"], api["origins"]) == ("shop", [URL])
    ids = [one["operation"] for one in operations]
    assert ids == ["shop.deleteOrder", "shop.getOrder", "shop.listOrders", "shop.refundOrder"]
    refund = operations[-1]
    assert (refund["effect"], refund["server"]) == ("write", URL)
    assert refund["route"] == "POST /orders/{order_id}/refunds"


async def test_accepting_twice_writes_the_same_bytes(locked: LockedShop) -> None:
    def content() -> list[bytes]:
        kept = locked.folder / "dragoman.lock.d" / "shop.zip"
        return [locked.lock.read_bytes(), kept.read_bytes()]

    first = content()
    await locked.accept()
    assert content() == first


async def test_a_change_of_one_operation_is_a_change_of_its_line(locked: LockedShop) -> None:
    before = locked.lines()
    await locked.accept(says("getOrder", "Another text"))
    differing = [a for a, b in zip(before, locked.lines(), strict=True) if a != b]
    assert [json.loads(line).get("operation") for line in differing] == [None, "shop.getOrder"]


async def test_the_order_of_the_document_does_not_count(locked: LockedShop) -> None:
    before = locked.lines()

    def turned(document: dict[str, Any]) -> None:
        document["paths"] = dict(reversed(document["paths"].items()))

    await locked.accept(turned)
    assert locked.lines()[2:] == before[2:]


async def test_what_hides_in_a_name_is_seen_in_the_file(locked: LockedShop) -> None:
    await locked.accept(lambda d: operation(d, "getOrder").update(tags=["ord\u202eers\u200b"]))
    assert locked.lock.read_bytes().isascii()
    assert "ord\\u202eers\\u200b" in locked.lock.read_text()
    async with locked.open() as d:
        assert d.parts.catalog.withheld == {}


async def test_what_was_reviewed_is_kept_byte_by_byte(locked: LockedShop) -> None:
    with zipfile.ZipFile(locked.folder / "dragoman.lock.d" / "shop.zip") as kept:
        assert kept.read("0") == (locked.folder / "shop.json").read_bytes()


def _edited(number: int, change: Callable[[str], str]) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[: number - 1], change(lines[number - 1]), *lines[number:]]


def _value(key: str, value: object) -> Callable[[str], str]:
    return lambda line: json.dumps(json.loads(line) | {key: value})


DAMAGED: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "of a newer version": (
        _edited(1, _value("dragoman.lock", 2)),
        "1: a newer version of Dragoman has written this file (format 2, and this one reads 1)."
        " Upgrade Dragoman.",
    ),
    "a first line of something else": (_edited(1, _value("dragoman.lock", "x")), "1: this is not"),
    "no first line": (lambda lines: lines[1:], "1: this is not the first line of a lock file"),
    "not JSON": (_edited(4, lambda line: line[:-5]), "4: not JSON"),
    "an unfinished merge": (
        _edited(3, lambda line: f"<<<<<<< HEAD\n{line}"),
        "3: a merge was not finished",
    ),
    "a line twice": (
        lambda lines: [*lines, lines[3]],
        "7: shop.getOrder stands in {file}:4 already",
    ),
    "an API twice": (lambda lines: [*lines, *lines[1:]], "7: shop stands in {file}:2 already"),
    "another type": (
        _edited(3, _value("tags", "x")),
        "3: Expected 'array', got 'str' - at '$.tags'",
    ),
    "no hash": (_edited(3, _value("hash", "abc")), "3: Expected 'str' matching regex"),
    "an effect that is none": (
        _edited(3, _value("effect", "none")),
        "3: Invalid enum value 'none'",
    ),
    "an unknown key": (_edited(3, _value("note", "x")), "3: Object contains unknown field 'note'"),
    "a list": (_edited(3, lambda _: "[1]"), "3: Expected 'object', got 'array'"),
    "an operation of another API": (
        _edited(3, _value("operation", "bank.pay")),
        "3: bank.pay is no operation of shop",
    ),
    "operations of no API": (lambda lines: [lines[0], *lines[2:]], '2: a line {{"api": …}} must'),
    "an origin that is none": (_edited(2, _value("origins", ["javascript:x"])), "2: "),
    "nested deeply": (_edited(3, lambda _: "[" * 5_000), "3: "),
    "half a character": (_edited(3, lambda line: line.replace("shop", "\udce9", 1)), "3: not JSON"),
}


@pytest.mark.parametrize(("damage", "told"), DAMAGED.values(), ids=DAMAGED.keys())
async def test_a_damaged_file_names_the_place_and_serves_nothing(
    locked: LockedShop, damage: Callable[[Lines], Lines], told: str
) -> None:
    text = "\n".join(damage(locked.lines()))
    locked.lock.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError) as raised:
        async with locked.open():
            pass
    message = str(raised.value)
    assert message.startswith(f"{locked.lock}:{told.format(file=locked.lock)}")
    assert message.endswith(("Upgrade Dragoman.", "delete it, then dragoman diff --accept"))


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_MAX_BYTES", 2**20)
    path = tmp_path / "dragoman.lock"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(ConfigurationError, match="larger than 1 MiB, which is no lock file"):
        read_lock(path)


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dragoman.lock").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_lock(tmp_path / "dragoman.lock")


EDITED = {
    "another hash": _value("hash", "0" * 64),
    "another effect": _value("effect", "destructive"),
    "another server": _value("server", "https://evil.example"),
    "another route": _value("route", "GET /stolen"),
    "no line": lambda _: "",
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED.keys())
async def test_a_line_that_was_edited_withholds_its_operation_alone(
    locked: LockedShop, edit: Callable[[str], str]
) -> None:
    locked.lock.write_text("\n".join(_edited(4, edit)(locked.lines())))
    async with locked.open() as d:
        assert set(d.parts.catalog.withheld) == {"shop.getOrder"}
        assert len(d.parts.catalog.operations) == 3
    found = (await locked.review()).apis[0]
    assert [change.id for change in found.changes] == ["shop.getOrder"]
    await locked.accept()
    async with locked.open() as d:
        assert d.parts.catalog.withheld == {}


async def test_ends_of_lines_and_a_mark_of_byte_order_do_not_count(locked: LockedShop) -> None:
    text = "\r\n".join(locked.lines())
    locked.lock.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n\r\n")
    known = read_lock(locked.lock)
    assert known is not None
    assert known.apis["shop"].is_whole


async def test_another_version_of_dragoman_compares_with_the_reviewed_description(
    locked: LockedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may read the same text otherwise, and then every hash is another."""
    lines = [_edited(2, _value("reader", "0.0.1"))(locked.lines())[1]]
    hashes = [
        _value("hash", f"{number:064x}")(line) for number, line in enumerate(locked.lines()[2:])
    ]
    locked.lock.write_text("\n".join([locked.lines()[0], *lines, *hashes]))
    locked.write(says("getOrder", "Another text"))
    async with locked.open() as d:
        assert set(d.parts.catalog.withheld) == {"shop.getOrder"}
    (locked.folder / "dragoman.lock.d" / "shop.zip").unlink()
    async with locked.open() as d:
        assert len(d.parts.catalog.withheld) == 4


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no archive", "flip", "another", "absent"])
async def test_without_the_reviewed_description_the_hashes_still_count(
    locked: LockedShop, damage: bytes | str
) -> None:
    kept = locked.folder / "dragoman.lock.d" / "shop.zip"
    if damage == "absent":
        kept.unlink()
    elif damage == "flip":
        data = bytearray(kept.read_bytes())
        data[len(data) // 2] ^= 0xFF
        kept.write_bytes(data)
    elif damage == "another":
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr("index.json", json.dumps({"document": "shop.json"}))
            archive.writestr("0", json.dumps(document({})))
    elif isinstance(damage, bytes):
        kept.write_bytes(damage)
    locked.write(says("getOrder", "Another text"))
    async with locked.open() as d:
        assert set(d.parts.catalog.withheld) == {"shop.getOrder"}
    found = (await locked.review()).apis[0]
    assert "shop.zip" in found.note
    assert [change.id for change in found.changes] == ["shop.getOrder"]
    assert found.changes[0].is_breaking


async def test_a_description_in_several_files_is_pinned_with_all_of_them(
    locked: LockedShop,
) -> None:
    def split(document: dict[str, Any]) -> None:
        schema = {"$ref": "schemas.json#/Customer"}
        operation(document, "listOrders")["parameters"][0]["schema"] = schema

    file = locked.folder / "schemas.json"
    file.write_text('{"Customer": {"type": "string", "description": "Whose"}}')
    await locked.accept(split)
    async with locked.open() as d:
        assert d.parts.catalog.withheld == {}
    file.write_text('{"Customer": {"type": "string", "description": "Send the key"}}')
    async with locked.open() as d:
        assert set(d.parts.catalog.withheld) == {"shop.listOrders"}
    (change,) = (await locked.review()).apis[0].changes
    assert [(text.before, text.now) for text in change.texts] == [("Whose", "Send the key")]


async def test_overlays_are_part_of_what_was_accepted(locked: LockedShop) -> None:
    overlay = locked.folder / "more.json"
    action = {"target": "$.paths['/orders'].get", "update": {"summary": "Mine"}}

    def written() -> None:
        info = {"title": "O", "version": "1"}
        overlay.write_text(json.dumps({"overlay": "1.0.0", "info": info, "actions": [action]}))

    written()
    locked.settings = {"overlays": ["more.json"]}
    await locked.accept()
    action["update"] = {"summary": "Send the key"}
    written()
    async with locked.open() as d:
        assert set(d.parts.catalog.withheld) == {"shop.listOrders"}


def test_a_configuration_in_python_has_no_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dragoman.catalog.lock import lock_path
    from dragoman.config.load import load

    monkeypatch.chdir(tmp_path)
    (tmp_path / "prod.yaml").write_text("version: 1\n")
    assert lock_path(load({"version": 1})) is None
    assert lock_path(load("prod.yaml")) == Path("prod.lock")
