"""Which server an operation is sent to."""

from __future__ import annotations

from typing import Any

import pytest

from openapi_reading import described, document, only, sent


def target(source: dict[str, Any], **settings: Any) -> str:
    return sent(only(source, **settings)).target


def at(url: str, **other: Any) -> list[dict[str, Any]]:
    return [{"url": url, **other}]


def with_server(url: str, **other: Any) -> dict[str, Any]:
    return document({"/x": {"get": {}}}, servers=at(url, **other))


def test_the_nearest_server_counts() -> None:
    node = {"servers": at("https://operation.example/v2/"), "get": {}}
    assert target(document({"/x": node})) == "https://operation.example/v2/x"
    node = {"servers": at("https://path.example"), "get": {"servers": at("https://op.example")}}
    assert target(document({"/x": node})) == "https://op.example/x"


def test_base_url_replaces_every_server() -> None:
    source = document({"/x": {"get": {"servers": at("https://op.example")}}})
    assert target(source, base_url="http://localhost:1/api/") == "http://localhost:1/api/x"
    assert described(source, base_url="http://localhost:1/api/").servers == (
        "http://localhost:1/api",
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/", "https://docs.example:8000/x"),
        ("/v1", "https://docs.example:8000/v1/x"),
        ("v1", "https://docs.example:8000/a/v1/x"),
        ("../v1/", "https://docs.example:8000/v1/x"),
        ("//other.example/v1", "https://other.example/v1/x"),
    ],
)
def test_a_relative_server_is_relative_to_the_address_of_the_document(
    url: str, expected: str
) -> None:
    location = "https://docs.example:8000/a/openapi.json"
    assert target(with_server(url), location=location) == expected


def test_a_document_that_names_no_server_is_served_where_it_lies() -> None:
    source = document({"/x": {"get": {}}}, servers=[])
    assert target(source, location="http://localhost:1/openapi.json") == "http://localhost:1/x"


def test_a_relative_server_of_a_file_needs_a_base_url() -> None:
    assert "set base_url" in only(with_server("/v1")).contract.unsupported
    assert described(with_server("/v1")).servers == ()


def test_variables_have_their_default_values_and_no_others() -> None:
    source = with_server(
        "https://{region}.example:{port}/{v}",
        variables={
            "region": {"default": "eu", "enum": ["eu", "us"]},
            "port": {"default": 8443},
            "v": {"default": "v1"},
        },
    )
    operation = only(source)
    assert sent(operation).target == "https://eu.example:8443/v1/x"
    assert operation.contract.input_schema["properties"] == {}


def test_a_server_that_cannot_be_used_is_passed_over_and_told() -> None:
    servers = [{"url": "https://{host}/"}, {"url": "https://b.example"}]
    operation = only(document({"/x": {"get": {}}}, servers=servers))
    assert sent(operation).target == "https://b.example/x"
    assert "the server variable host has no default" in operation.contract.changes[0]


@pytest.mark.parametrize(
    "url",
    [
        "ws://x.example",
        "file:///etc/passwd",
        "https://user:secret@x.example",
        "https://x.example/?key=1",
        "https://x.example/#a",
        "https://x.example/a/../b",
        "https://x.example/%2e%2e/b",
        "https://x.example/a b",
        "https://[::1",
        "https://",
        "http://\r\nX-Evil: 1",
    ],
)
def test_what_is_no_server_is_refused_with_the_reason(url: str) -> None:
    source = with_server(url)
    assert "server" in only(source).contract.unsupported + "server"
    assert only(source).contract.unsupported
    assert described(source).servers == ()


def test_the_description_names_every_server_once() -> None:
    source = document(
        {
            "/x": {"servers": at("https://path.example"), "get": {}},
            "/y": {"get": {"servers": at("https://op.example")}},
            "/z": {"get": {"servers": at("https://api.example/")}},
        }
    )
    assert described(source).servers == (
        "https://api.example",
        "https://path.example",
        "https://op.example",
    )


@pytest.mark.parametrize(
    ("url", "paths"),
    [
        ("/v1.56", ("/v1.56",)),
        ("v2/", ("/v2",)),
        ("/", ("/",)),
        ("https://api.example/v1", ()),
        ("//api.example/v1", ()),
        ("/a/../b", ()),
        ("/a?b=c", ()),
        ("/{version}", ()),
    ],
)
def test_a_document_on_disk_may_name_a_path_without_a_host(
    url: str, paths: tuple[str, ...]
) -> None:
    source = document({}, servers=[{"url": url}])
    assert described(source).relative_servers == paths
    assert described(source, base_url="https://own.example").relative_servers == ()
    assert described(source, location="https://api.example/openapi.json").relative_servers == ()
