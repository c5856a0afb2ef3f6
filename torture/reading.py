"""Descriptions that were tampered with: read, compiled, overlaid, and made into tools."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from threading import Lock
from typing import Any

from dragoman.apis.description import Description
from dragoman.apis.openapi import compiled as tables
from dragoman.apis.openapi import overlay as overlays
from dragoman.apis.openapi.listing import listing_of
from dragoman.apis.openapi.load import Source, parsed
from dragoman.apis.openapi.read import described, read
from dragoman.call.validate import Validate
from dragoman.config.settings import ApiSettings
from dragoman.exact_json import encode
from dragoman.models.tool_form import as_responses
from dragoman.operation import Contract
from dragoman.tools.size import size_of
from dragoman.tools.tools import make_tools
from torture import seeds
from torture.choices import Choices
from torture.documents import documents
from torture.hostile import as_json, mutated
from torture.promise import expected
from torture.requests import call

__all__ = ["compiled", "description", "overlay", "tools"]

_LOCATION = "./openapi.json"
_MAX_TOOL = 200_000


def description(data: bytes) -> None:
    """Read all contracts, and compile their schemas as the first call does."""
    choices = Choices(data)
    with expected():
        found = read("api", _source(choices), _settings(choices))
        validate = Validate()
        for operation in found.operations.values():
            contract = operation.contract
            assert contract.unsupported or contract.binding is not None
            encode(contract.input_schema)
            with expected():
                validate(call(operation, {"id": "a", "body": {}}), operation)


def tools(data: bytes) -> None:
    """Make a tool of each operation, as a model is shown it."""
    choices = Choices(data)
    with expected():
        found = read("api", _source(choices), _settings(choices))
        table = make_tools(found.operations.values())
        for tool in table.tools:
            shown = encode(as_responses(tool))
            assert len(shown) < _MAX_TOOL, f"the tool {tool.name} has {len(shown):,} bytes"
        size_of(table.tools)
        assert len(table.tools) + len(table.left_out) == len(found.operations)


def compiled(data: bytes) -> None:
    """Compare what is read of a compiled document with what is read of the document itself."""
    choices = Choices(data)
    with expected(tables.CompileError):
        source, settings = _source(choices), _settings(choices)
        listing = listing_of(source)
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(tables.SCHEMA)
            tables.write(connection, listing)
            again = described("api", tables.read(connection, Lock(), _LOCATION), settings)
            _compare(described("api", listing, settings), again)


def overlay(data: bytes) -> None:
    """Lay an overlay that was tampered with over a document, and read what comes of it."""
    choices = Choices(data)
    text = as_json(mutated(json.loads(choices.pick(seeds.OVERLAYS)), choices))
    with expected():
        document = json.loads(choices.pick(documents()))
        before = json.dumps(document)
        with expected():
            overlays.apply(document, json.loads(text, parse_float=float), "./overlay.yaml")
        assert json.dumps(document) == before, "the document itself was changed"
        source = parsed(
            before.encode(), _LOCATION, from_disk=True, overlays=[("./overlay.yaml", text)]
        )
        for operation in read("api", source, _settings(choices)).operations.values():
            encode(operation.contract.input_schema)


def _source(choices: Choices) -> Source:
    """Return a document that was tampered with, as JSON or as YAML."""
    root = json.loads(choices.pick(documents(real=True)))
    text = as_json(mutated(root, choices))
    if choices.one_in(4):
        text = b"# read as YAML\n" + text
    return parsed(text, _LOCATION, from_disk=choices.below(2) == 0)


def _settings(choices: Choices) -> ApiSettings:
    given: dict[str, Any] = {"openapi": _LOCATION}
    if choices.below(3):
        given["base_url"] = "https://base.example/v2"
    if choices.below(2):
        given["auth"] = {"bearer": "${T}"}
    return ApiSettings.model_validate(given)


def _compare(one: Description, other: Description) -> None:
    assert list(one.operations) == list(other.operations), "other operations"
    assert one.findings == other.findings, "other findings"
    for operation, twin in zip(one.operations.values(), other.operations.values(), strict=True):
        assert _shown(operation.contract) == _shown(twin.contract), f"{operation.route} differs"


def _shown(contract: Contract) -> object:
    schema = json.dumps(contract.input_schema, sort_keys=True)
    return contract.unsupported, contract.changes, contract.security, schema, contract.binding
