"""What is read as an OpenAPI document, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.apis.openapi import fetch as loading
from dragoman.apis.openapi.load import load, parsed
from dragoman.errors import DescriptionError
from dragoman.network import Network, Reach


def read(data: bytes) -> object:
    return parsed(data, "x.json", from_disk=True)


@pytest.mark.parametrize(
    "data",
    [
        b'{"openapi": "3.1.0", "paths": {}}',
        b'\xef\xbb\xbf{"openapi": "3.1.0", "paths": {}}',
        b"openapi: 3.0.3\npaths: {}\n",
        b"{openapi: 3.0.3, paths: {}}",
        b"swagger: 2.0\npaths: {}\n",
        b'{"openapi": "3.1.0"}',
    ],
)
def test_json_and_yaml_are_read(data: bytes) -> None:
    assert read(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"<html>", "it is HTML or XML"),
        (b"[1]", "its root is not an object"),
        (b"\x00", "it is not text"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b'{"openapi": ', "not JSON"),
        (b"a: [", "not YAML"),
        (b'{"a": 1e999}', "only: a"),
        (b'{"openapi": "3.1.0", "paths": []}', "its paths are not an object"),
        (b'{"openapi": "4.0.0"}', r"is OpenAPI 4\.0\.0"),
        (b'{"swagger": "1.2"}', r"is OpenAPI 1\.2"),
        (b'{"openapi": null}', "no OpenAPI document"),
        (b'{"asyncapi": "2.0.0"}', "it is AsyncAPI"),
        (b'{"data": {}}', "it looks like GraphQL"),
        (b'{"info": {}, "item": []}', "it looks like a Postman collection"),
        (b'{"log": {}}', "it looks like a HAR file"),
        (b'{"apis": {}}', "it is a configuration of Dragoman"),
        (b'{"a": 1}', "only: a"),
    ],
)
def test_everything_else_is_refused_and_named(data: bytes, said: str) -> None:
    with pytest.raises(DescriptionError, match=said):
        read(data)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(DescriptionError, match="aliases"):
        read("\n".join(lines).encode())


@pytest.mark.parametrize("data", [b"[" * 200_000, b"- " * 200_000, b'{"a":' * 200_000])
def test_endless_depth_is_refused(data: bytes) -> None:
    with pytest.raises(DescriptionError):
        read(data)


async def test_files_are_looked_for_beside_the_configuration_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Network() as network:

        async def from_disk(name: str) -> object:
            return await load(name, base=tmp_path, network=network, reach=Reach.of())

        with pytest.raises(DescriptionError, match="no such file"):
            await from_disk("absent.json")
        with pytest.raises(DescriptionError, match="cannot be read"):
            await from_disk(".")
        (tmp_path / "x.json").write_bytes(b'{"openapi": "3.1.0", "paths": {}}')
        assert await from_disk("x.json")
        monkeypatch.setattr(loading, "MAX_BYTES", 8)
        with pytest.raises(DescriptionError, match="is larger than"):
            await from_disk("x.json")
