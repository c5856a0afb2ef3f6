"""The compiled catalog gives what the document gives, and is made of all that goes into it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from catalog.described_by import (
    QUESTIONS,
    by_way_of,
    catalog_of,
    files,
    found,
    plainly,
    same,
    written,
)
from dragoman.apis.openapi import compiled as tables
from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.listing import Listing
from dragoman.catalog import compiled
from dragoman.catalog.compiled import Described
from openapi_reading import document, query


async def test_warm_is_as_cold_for_every_real_description(
    specs: Path, tmp_path: Path, kept: Path
) -> None:
    large = [path for path in files(specs) if path.stat().st_size >= 256 * 1024]
    assert len(large) > 10
    for path in large:
        plain = await plainly(path)
        every = max(1, len(plain.operations) // 60)
        without = catalog_of(Described(plain))
        for start in ("cold", "warm"):
            described = await by_way_of(kept, path)
            assert described.index is not None, (start, path.name)
            assert same(plain, described.description, every)
            for question in QUESTIONS:
                assert found(catalog_of(described), question) == found(without, question)
    assert len(files(kept)) == len(large)


WAYS = (
    "#",
    "#/",
    "#/paths",
    "#/components",
    "#/components/schemas",
    "#/components/schemas/A",
    "#/components/schemas/A/properties/b",
    "#/components/schemas/~0~1%25",
    "#/components/schemas/Absent",
    "#/components/securitySchemes/s",
    "#/components/odd",
    "#/components/odd/0",
    "#/x/y",
    "#/info",
    "#/definitions/A",
    "#/x-dragoman-files/0/A",
)

REFERENCES = {
    "operations under references": document(
        {
            "/a~b/%7Bc%7D/{d}": {"$ref": "#/components/pathItems/P"},
            "/e": {
                "summary": "Of the path",
                "get": {"parameters": [{"$ref": "#/paths/~1f/get/parameters/0"}]},
                "additionalOperations": {"GET": {"operationId": "shouting"}, "PURGE": {}},
            },
            "/f": {"get": {"parameters": [query("q", {"type": "string"})]}},
            "/nothing": {"$ref": "#/components/pathItems/Absent"},
            "/none": {"get": None},
        },
        components={
            "pathItems": {
                "P": {"put": {"parameters": [{"name": "d", "in": "path", "schema": True}]}}
            }
        },
    ),
    "references to what is cut": document(
        {
            f"/{number}": {"get": {"parameters": [query("q", {"$ref": reference})]}}
            for number, reference in enumerate(WAYS)
        },
        components={
            "schemas": {
                "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/A"}}},
                "~/%": {"enum": [1, 2.5, 12345678901234567890]},
                "type": {"type": "string"},
            },
            "odd": [{"type": "integer"}],
            "securitySchemes": {"s": {"type": "apiKey", "in": "query", "name": "k"}},
        },
        **{"x": {"y": {"type": "null"}}, "x-dragoman-files": {"0": {"A": {"type": "boolean"}}}},
    ),
    "components that are none": document({"/a": {"get": {}}}, components=[1, "x"]),
    "Swagger 2.0": {
        "swagger": "2.0",
        "host": "api.example",
        "basePath": "/v1",
        "paths": {
            f"/{place}": {
                "post": {
                    "parameters": [{"name": "b", "in": "body", "schema": {"$ref": f"#/{place}/A"}}]
                }
            }
            for place in ("definitions", "components/schemas")
        },
        "definitions": {
            "A": {"type": "object", "properties": {"n": {"$ref": "#/definitions/N"}}},
            "N": {"type": "string", "x-nullable": True},
        },
    },
    "servers and security everywhere": document(
        {
            "/a": {"servers": [{"url": "https://a.example"}], "get": {"security": []}},
            "/b": {
                "get": {
                    "servers": [
                        {"url": "https://{h}.example", "variables": {"h": {"default": "b"}}}
                    ]
                }
            },
            "/c": {"get": {"security": [{"s": []}, {}]}, "put": {"security": "odd"}},
        },
        security=[{"s": []}],
    ),
}


@pytest.mark.parametrize("source", REFERENCES.values(), ids=REFERENCES.keys())
@pytest.mark.parametrize("settings", [{}, {"auth": {"bearer": "${T}"}, "omit": ["q"]}])
async def test_references_lead_where_they_did_before_the_document_was_cut(
    source: Any, settings: dict[str, Any], tmp_path: Path, kept: Path, small: None
) -> None:
    path = written(tmp_path / "a.json", source)
    plain = await plainly(path, **settings)
    for _ in ("cold", "warm"):
        described = await by_way_of(kept, path, **settings)
        assert described.index is not None
        assert same(plain, described.description)


def test_a_document_is_put_together_once_whatever_names_it(shop: Path) -> None:
    root = json.loads(shop.read_text())
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables.SCHEMA)
    tables.write(connection, Listing(Document(root, is_3_0=False, location="a.json"), ()))
    document = tables.read(connection, Lock(), "a.json").document
    assert document.at("#") == root
    assert document.at("#/paths") is document.at("#/%70aths")
    assert document.at("#/paths/~1stock") is document.at("#/%70aths/~1stock")
    connection.close()


async def test_numbers_of_any_length_stay_exact(tmp_path: Path, kept: Path, small: None) -> None:
    path = tmp_path / "a.yaml"
    schema = "{type: integer, maximum: 123456789012345678901234567890}"
    path.write_text(
        "openapi: 3.1.0\npaths: {/a: {get: {parameters: "
        f"[{{name: n, in: query, schema: {schema}}}]}}}}}}\n"
    )
    for _ in ("cold", "warm"):
        assert same(await plainly(path), (await by_way_of(kept, path)).description)
    assert len(files(kept)) == 1


async def test_a_warm_start_does_not_parse_the_document(
    shop: Path, kept: Path, parses: list[str]
) -> None:
    await by_way_of(kept, shop)
    await by_way_of(kept, shop)
    assert parses == ["shop.json"]


async def test_settings_of_the_owner_are_applied_to_what_was_compiled_with_others(
    shop: Path, kept: Path
) -> None:
    await by_way_of(kept, shop, base_url="https://one.example", auth={"bearer": "${T}"})
    settings: dict[str, Any] = {
        "base_url": "https://two.example",
        "omit": ["note"],
        "operations": {"createOrder": {"description": "Place it.", "effect": "read"}},
    }
    described = await by_way_of(kept, shop, **settings)
    assert same(await plainly(shop, **settings), described.description)
    assert described.description.servers == ("https://two.example",)
    assert len(files(kept)) == 1


async def test_a_small_document_is_not_compiled(tmp_path: Path, kept: Path) -> None:
    path = written(tmp_path / "a.json", document({"/a": {"get": {}}}))
    described = await by_way_of(kept, path)
    assert described.index is None
    assert files(kept) == []


async def test_each_part_of_what_it_is_made_of_gives_another_file(shop: Path, kept: Path) -> None:
    overlay = {"overlay": "1.1.0", "info": {"title": "O", "version": "1"}}
    for name, text in (("one.json", "First"), ("two.json", "Second")):
        actions = [{"target": "$.info", "update": {"description": text}}]
        written(shop.with_name(name), {**overlay, "actions": actions})
    for count, overlays in enumerate([[], ["one.json"], ["two.json"], ["one.json", "two.json"]], 1):
        described = await by_way_of(kept, shop, overlays=overlays)
        assert len(files(kept)) == count
    assert described.description.description == "Second"
    await by_way_of(kept, shop, name="other")
    assert len(files(kept)) == 5
    written(shop, document({}, info={"title": "Changed", "version": "2"}))
    assert (await by_way_of(kept, shop)).description.title == "Changed"
    assert len(files(kept)) == 6


async def test_another_version_compiles_anew(
    shop: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await by_way_of(kept, shop)
    monkeypatch.setattr(compiled, "_FORMAT", compiled._FORMAT + 1)
    await by_way_of(kept, shop)
    monkeypatch.setattr(compiled, "version", lambda _: "99.0")
    await by_way_of(kept, shop)
    assert len(files(kept)) == 3


async def test_files_that_a_document_refers_to_count_with_it(
    tmp_path: Path, kept: Path, small: None, parses: list[str]
) -> None:
    schema = {"type": "string"}
    parameter = {"name": "q", "in": "query", "schema": {"$ref": "schema.json"}}
    path = written(tmp_path / "a.json", document({"/a": {"get": {"parameters": [parameter]}}}))
    other = tmp_path / "schema.json"

    async def read() -> Any:
        described = (await by_way_of(kept, path)).description
        assert same(await plainly(path), described)
        return described.findings

    assert "no such file" in (await read())[0]
    assert files(kept) == []
    written(other, schema)
    assert await read() == await read() == ()
    assert len(parses) == 2
    written(other, {"type": "integer"})
    assert await read() == ()
    assert len(parses) == 3
    other.unlink()
    assert "no such file" in (await read())[0]


async def test_search_speaks_the_words_of_the_catalog(shop: Path, kept: Path) -> None:
    for settings in (
        {"include": ["*Order*"]},
        {"exclude": ["getStock"]},
        {"operations": {"getStock": {"description": "Orders on hand."}}},
        {"operations": {"getStock": {"effect": "write"}}},
    ):
        plain = Described(await plainly(shop, **settings))
        described = await by_way_of(kept, shop, **settings)
        for question in ("orders", "stock", "hand"):
            expected = found(catalog_of(plain, **settings), question)
            assert found(catalog_of(described, **settings), question) == expected


async def test_ranks_of_several_apis_are_those_of_one_index(shop: Path, kept: Path) -> None:
    one, two = await by_way_of(kept, shop), await by_way_of(kept, shop, name="other")
    without = catalog_of(Described(one.description), Described(two.description))
    assert {name.partition(".")[0] for name, _ in found(without, "order")} == {"api", "other"}
    assert found(catalog_of(one, two), "order") == found(without, "order")
