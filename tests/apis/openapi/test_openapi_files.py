"""A document in several files: which of them are read, and which never."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman.apis.description import Description
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach
from openapi_reading import SERVER, document, sent

BODY = {"required": True, "content": {"application/json": {"schema": {"$ref": "S"}}}}


def with_schema(reference: str) -> dict[str, Any]:
    """Return a document whose one operation takes a body of the schema that is referred to."""
    body = json.loads(json.dumps(BODY).replace('"S"', json.dumps(reference)))
    return document({"/x": {"post": {"operationId": "x", "requestBody": body}}})


async def described(location: str, base: Path, *, reach: tuple[str, ...] = ()) -> Description:
    async with Network() as network:
        source = await load(location, base=base, network=network, reach=Reach.of(urls=reach))
    return read("api", source, ApiSettings(openapi=location, base_url=SERVER))


async def test_files_of_the_folder_are_read_and_refer_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "schemas").mkdir()
    (tmp_path / "api" / "openapi.json").write_text(
        json.dumps(with_schema("schemas/order.yaml#/Order"))
    )
    (tmp_path / "api" / "schemas" / "order.yaml").write_text(
        "Order: {type: object, properties: {id: {$ref: '#/Id'}, line: {$ref: './line.json'}}}\n"
        "Id: {type: string}\n"
    )
    (tmp_path / "api" / "schemas" / "line.json").write_text(
        json.dumps(
            {
                "type": "object",
                "properties": {
                    "n": {"type": "integer"},
                    "order": {"$ref": "order.yaml#/Order"},
                    "path": {"$ref": "../openapi.json#/x-id"},
                },
            }
        )
    )
    source = json.loads((tmp_path / "api" / "openapi.json").read_text())
    (tmp_path / "api" / "openapi.json").write_text(json.dumps({**source, "x-id": {"type": "null"}}))
    description = await described("./api/openapi.json", tmp_path)
    assert description.findings == ()
    operation = description.operations["x"]
    line = {"n": 1, "order": {"id": "2"}, "path": None}
    assert json.loads(sent(operation, id="1", line=line).body or b"") == {"id": "1", "line": line}


async def test_a_path_may_stand_in_a_file_of_its_own_also_in_2_0(tmp_path: Path) -> None:
    source = {"swagger": "2.0", "host": "x.example", "paths": {"/x": {"$ref": "x.json"}}}
    (tmp_path / "swagger.json").write_text(json.dumps(source))
    parameter = {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/B"}}
    (tmp_path / "x.json").write_text(
        json.dumps(
            {
                "put": {"operationId": "x", "parameters": [parameter]},
                "definitions": {"B": {"type": "object", "properties": {"a": {"type": "string"}}}},
            }
        )
    )
    description = await described("swagger.json", tmp_path)
    assert sent(description.operations["x"], a="1").body == b'{"a":"1"}'


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.json",
        "a/../../secret.json",
        "%2e%2e/secret.json",
        "/etc/passwd",
        "file:///etc/passwd",
        "link.json",
        "http://169.254.169.254/latest",
        "//localhost/secret.json",
        "absent.json",
    ],
)
async def test_a_document_on_disk_leads_into_no_other_folder_and_to_no_host(
    tmp_path: Path, reference: str
) -> None:
    folder = tmp_path / "api"
    folder.mkdir()
    (tmp_path / "secret.json").write_text('{"type": "string"}')
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "openapi.json").write_text(json.dumps(with_schema(reference)))
    description = await described("api/openapi.json", tmp_path)
    assert len(description.findings) == 1
    assert description.operations["x"].contract.unsupported


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, list[str]]]:
    """A server of documents, and the paths that it was asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        known = {
            "/docs/openapi.json": with_schema("../parts/a.json#/A"),
            "/docs/other.json": with_schema("http://localhost:1/a.json"),
            "/parts/a.json": {"A": {"type": "array", "items": {"type": "integer"}}},
        }
        return web.json_response(known[request.path])

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


async def test_a_fetched_document_leads_to_its_own_origin_only(
    site: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, asked = site
    description = await described(f"{url}/docs/openapi.json", tmp_path, reach=(url,))
    assert sent(description.operations["x"], body=[1]).body == b"[1]"
    assert asked == ["/docs/openapi.json", "/parts/a.json"]
    other = await described(f"{url}/docs/other.json", tmp_path, reach=(url,))
    assert "leads out of the document" in other.operations["x"].contract.unsupported
    assert "leads out of the document" in other.findings[0]


async def test_files_that_refer_to_ever_more_files_come_to_an_end(tmp_path: Path) -> None:
    source = with_schema("f0.json")
    (tmp_path / "openapi.json").write_text(json.dumps(source))
    for number in range(600):
        (tmp_path / f"f{number}.json").write_text(
            json.dumps({"properties": {"a": {"$ref": f"f{number + 1}.json"}}})
        )
    description = await described("openapi.json", tmp_path)
    assert "f100.json is not read: more than 100 files lead to it" in description.findings[0]
    everything = {"properties": {str(n): {"$ref": f"f{n}.json"} for n in range(600)}}
    (tmp_path / "f0.json").write_text(json.dumps(everything))
    description = await described("openapi.json", tmp_path)
    assert "refers to more than 500 files" in description.findings[0]
