"""References to another origin: followed only where the owner has listed it, and within bounds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman.apis.description import Description
from dragoman.apis.openapi import load as loading
from dragoman.apis.openapi.load import Source, load
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach
from openapi_reading import SERVER, document, sent


@dataclass
class Site:
    """A server of files: what it has, and what it was asked for."""

    url: str = ""
    files: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.headers.append(dict(request.headers))
        file = self.files.get(request.path)
        if isinstance(file, web.StreamResponse):
            return file
        return web.json_response(file, status=404 if file is None else 200)


@pytest.fixture
async def sites() -> AsyncIterator[tuple[Site, Site]]:
    """Two origins on this machine."""
    both = Site(), Site()
    async with AsyncExitStack() as stack:
        for site in both:
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", site.answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield both


def with_schema(reference: str) -> dict[str, Any]:
    """Return a document whose operation `x` takes a body of the schema that is referred to."""
    content = {"application/json": {"schema": {"$ref": reference}}}
    body = {"required": True, "content": content}
    operations = {"post": {"operationId": "x", "requestBody": body}}
    return document({"/x": operations, "/y": {"get": {"operationId": "y"}}})


async def loaded(
    base: Path, location: str, allow_refs: list[str], reach: tuple[str, ...] = ()
) -> Source:
    async with Network() as network:
        return await load(
            location,
            base=base,
            network=network,
            reach=Reach.of(urls=reach),
            allow_refs=allow_refs,
        )


async def described(
    base: Path, source: Any, allow_refs: list[str], reach: tuple[str, ...] = ()
) -> Description:
    (base / "openapi.json").write_text(json.dumps(source))
    found = await loaded(base, "openapi.json", allow_refs, reach)
    return read("api", found, ApiSettings(openapi="openapi.json", base_url=SERVER))


def why_not(description: Description) -> str:
    """Return why `x` cannot be called, or is not as described; the rest of the document works."""
    assert not description.operations["y"].contract.unsupported
    contract = description.operations["x"].contract
    return contract.unsupported or " ".join(contract.changes)


async def test_an_origin_that_is_not_listed_is_not_asked(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, other = sites
    reference = f"{other.url}/a.json#/A"
    description = await described(
        tmp_path, with_schema(reference), [listed.url], (listed.url, other.url)
    )
    assert why_not(description) == (
        f"the reference {reference} leads out of the document, which is not followed:"
        f" if it is right, write allow_refs: [{other.url}]"
    )
    assert f"allow_refs: [{other.url}]" in description.findings[0]
    assert other.asked == listed.asked == []


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "/etc/passwd",
        "SECRET",
        "file://SECRET",
        "//127.0.0.1/a.json",
        "ftp://127.0.0.1/a.json",
        "http:a.json",
        "https://127.0.0.1:1/a.json",
        "http://127.0.0.1:1@127.0.0.1:2/a.json",
        "http://127.0.0.1:1\\@127.0.0.1:2/a.json",
        "http://127.0.0.1:1.example/a.json",
        "http%3A//127.0.0.1:2/a.json",
        "http://",
        "http://[",
        "http://[#/A",
        "http://[::1#/A",
    ],
)
@pytest.mark.parametrize("nested", [False, True])
async def test_nothing_else_is_taken_for_an_origin_that_is_listed(
    tmp_path: Path, sites: tuple[Site, Site], reference: str, nested: bool
) -> None:
    listed, other = sites
    ports = (listed.url.rpartition(":")[2], other.url.rpartition(":")[2])
    reference = reference.replace(":1", f":{ports[0]}").replace(":2", f":{ports[1]}")
    (tmp_path.parent / "secret.json").write_text('{"type": "string", "pattern": "of-the-disk"}')
    reference = reference.replace("SECRET", str(tmp_path.parent / "secret.json"))
    source = with_schema(reference)
    if nested:
        listed.files["/s.json"] = {
            "A": {"type": "object", "properties": {"a": {"$ref": reference}}}
        }
        source = with_schema(f"{listed.url}/s.json#/A")
    description = await described(tmp_path, source, [listed.url], (listed.url, other.url))
    # In a file of that origin a path is one of its own, and so asked for there.
    assert nested or why_not(description)
    assert nested or len(description.findings) == 1
    assert nested or set(listed.asked) <= {"/a.json"}
    assert "of-the-disk" not in json.dumps(description.operations["x"].contract.input_schema)
    assert other.asked == []


async def test_a_cloud_s_metadata_is_never_asked_even_where_it_is_listed(tmp_path: Path) -> None:
    place = "http://169.254.169.254"
    description = await described(
        tmp_path, with_schema(f"{place}/latest/meta-data#/A"), [place], (place,)
    )
    assert "where a cloud keeps its credentials: refused" in why_not(description)
    assert "where a cloud keeps its credentials" in description.findings[0]
    unlisted = await described(tmp_path, with_schema(f"{place}/latest#/A"), [])
    assert "which is not followed" in why_not(unlisted)


async def test_a_listed_origin_on_a_private_address_is_not_asked_unless_that_is_allowed(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, _ = sites
    source = with_schema(f"{listed.url}/a.json#/A")
    description = await described(tmp_path, source, [listed.url])
    assert "allow_private: [127.0.0.1:" in description.findings[0]
    assert listed.asked == []


async def test_a_listed_origin_that_redirects_elsewhere_is_not_followed_there(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, other = sites
    other.files["/a.json"] = {"A": {"type": "string"}}
    listed.files["/a.json"] = web.Response(status=302, headers={"Location": f"{other.url}/a.json"})
    source = with_schema(f"{listed.url}/a.json#/A")
    description = await described(
        tmp_path, source, [listed.url, other.url], (listed.url, other.url)
    )
    assert "another origin, not followed" in why_not(description)
    assert (listed.asked, other.asked) == (["/a.json"], [])


async def test_a_chain_of_a_thousand_files_comes_to_an_end_and_costs_one_operation(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, _ = sites
    for number in range(1_000):
        onward = {"$ref": f"f{number + 1}.json"}
        listed.files[f"/f{number}.json"] = {"type": "object", "properties": {"a": onward}}
    source = with_schema(f"{listed.url}/f0.json")
    description = await described(tmp_path, source, [listed.url], (listed.url,))
    assert "100 files lead to it" in description.findings[0]
    assert why_not(description)
    assert len(listed.asked) == 100


async def test_files_without_end_are_counted(tmp_path: Path, sites: tuple[Site, Site]) -> None:
    listed, _ = sites
    properties = {str(n): {"$ref": f"{listed.url}/p{n}.json"} for n in range(700)}
    listed.files |= {f"/p{n}.json": {"type": "string"} for n in range(700)}
    listed.files["/all.json"] = {"type": "object", "properties": properties}
    source = with_schema(f"{listed.url}/all.json")
    description = await described(tmp_path, source, [listed.url], (listed.url,))
    assert "more than 500 files" in " ".join(description.findings)
    assert len(listed.asked) == 500
    assert why_not(description)


async def test_files_without_end_are_measured(
    tmp_path: Path, sites: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, _ = sites
    monkeypatch.setattr(loading, "MAX_BYTES", 2**20)
    listed.files["/a.json"] = {"A": {"type": "string"}, "x": "x" * 2**20}
    source = with_schema(f"{listed.url}/a.json#/A")
    description = await described(tmp_path, source, [listed.url], (listed.url,))
    assert "larger than 1 MiB" in why_not(description)


async def test_files_that_never_come_cost_only_what_needs_them(
    tmp_path: Path, sites: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, _ = sites
    monkeypatch.setattr(loading, "_SECONDS", 0.2)

    class Slow(web.StreamResponse):
        async def prepare(self, request: web.BaseRequest) -> Any:
            import asyncio

            await asyncio.sleep(2)
            return await super().prepare(request)

    listed.files["/a.json"] = Slow()
    source = with_schema(f"{listed.url}/a.json#/A")
    description = await described(tmp_path, source, [listed.url], (listed.url,))
    assert "not read within 0.2 seconds" in why_not(description)


async def test_files_that_refer_to_each_other_are_read_once_each_without_a_credential(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, other = sites
    listed.files["/s/a.json"] = {
        "A": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "next": {"$ref": "../b.json#/B"},
                "other": {"$ref": f"{other.url}/c.json"},
            },
        }
    }
    listed.files["/b.json"] = {"B": {"$ref": f"{listed.url}/s/a.json#/A"}}
    other.files["/c.json"] = {"type": "array", "items": {"$ref": f"{listed.url}/b.json#/B"}}
    source = with_schema(f"{listed.url}/s/a.json#/A")
    description = await described(
        tmp_path, source, [listed.url, other.url.replace("http", "HTTP")], (listed.url, other.url)
    )
    assert description.findings == ()
    body = {"id": "1", "next": {"id": "2"}, "other": [{"id": "3"}]}
    assert json.loads(sent(description.operations["x"], **body).body or b"") == body
    assert sorted(listed.asked) == ["/b.json", "/s/a.json"]
    assert other.asked == ["/c.json"]
    for headers in listed.headers + other.headers:
        assert headers.keys().isdisjoint({"Authorization", "Cookie", "X-Key"})


async def test_a_fetched_document_leads_to_its_own_origin_and_to_those_listed(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    own, other = sites
    own.files["/openapi.json"] = with_schema(f"{other.url}/a.json#/A")
    other.files["/a.json"] = {"A": {"type": "array", "items": {"$ref": f"{own.url}/b.json"}}}
    own.files["/b.json"] = {"type": "integer"}
    location, reach = f"{own.url}/openapi.json", (own.url, other.url)
    settings = ApiSettings(openapi=location, base_url=SERVER)
    found = await loaded(tmp_path, location, [other.url], reach)
    assert sent(read("api", found, settings).operations["x"], body=[1]).body == b"[1]"
    assert own.asked == ["/openapi.json", "/b.json"]
    without = await loaded(tmp_path, location, [], reach)
    assert f"[{other.url}]" in why_not(read("api", without, settings))


async def test_what_was_fetched_is_no_word_of_the_owner_s_disk(
    tmp_path: Path, sites: tuple[Site, Site]
) -> None:
    listed, _ = sites
    listed.files["/p.json"] = {
        "x": {"servers": [{"url": "https://evil.example"}], "post": {"operationId": "x"}}
    }
    source = document({"/x": {"$ref": f"{listed.url}/p.json#/x"}})
    (tmp_path / "openapi.json").write_text(json.dumps(source))
    own = await loaded(tmp_path, "openapi.json", [], (listed.url,))
    assert own.from_disk
    both = await loaded(tmp_path, "openapi.json", [listed.url], (listed.url,))
    assert not both.from_disk
