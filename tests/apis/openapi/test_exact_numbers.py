"""Numbers of a description that no double and no 64 bits hold stay what they are."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from threading import Lock
from typing import Any

import jsonschema_rs
import pytest

from dragoman.apis.openapi import compiled
from dragoman.apis.openapi.exact_numbers import exact_number, read_json
from dragoman.apis.openapi.listing import listing_of
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import described, read
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.exact_json import decode, encode
from dragoman.operation import Contract
from openapi_reading import document, query

BIG = 604462909807314587353088  # two to the power of 79
SETTINGS = ApiSettings.model_validate({"openapi": "./x.json"})


def source_of(schema: str) -> bytes:
    """Return a document whose only parameter has this schema, as it is written."""
    node = document({"/things": {"get": {"parameters": [query("n", "SCHEMA")]}}})
    return json.dumps(node).replace('"SCHEMA"', schema).encode()


def contract_of(schema: str) -> Contract:
    """Return the contract of its only operation."""
    loaded = parsed(source_of(schema), "./x.json", from_disk=True)
    (operation,) = read("api", loaded, SETTINGS).operations.values()
    return operation.contract


def of_parameter(contract: Contract) -> Any:
    """Return the schema of the parameter."""
    schema: Any = contract.input_schema
    return schema["properties"]["n"]


@pytest.mark.parametrize(
    ("schema", "member", "value"),
    [
        (f'{{"const": {BIG}}}', "const", BIG),
        (f'{{"enum": [1, -{BIG}]}}', "enum", [1, -BIG]),
        (f'{{"minimum":{BIG}}}', "minimum", BIG),
        (f'{{"type": "integer", "maximum":\n\t{BIG}}}', "maximum", BIG),
        ('{"const": -9223372036854775809}', "const", -9223372036854775809),
        ('{"const": 0.12345678901234567891}', "const", Decimal("0.12345678901234567891")),
        ('{"enum": [12345678.123456789012]}', "enum", [Decimal("12345678.123456789012")]),
        ('{"exclusiveMaximum": 1e400}', "exclusiveMaximum", Decimal("1e400")),
        ('{"multipleOf": 0.00000000000000000001}', "multipleOf", 1e-20),
        ('{"maximum": 0.30000000000000004}', "maximum", 0.30000000000000004),
    ],
)
def test_a_long_number_keeps_every_digit(schema: str, member: str, value: object) -> None:
    found = of_parameter(contract_of(schema))[member]
    assert found == value
    assert type(found) is type(value)


def test_the_validator_takes_it_at_its_word() -> None:
    schema: Any = contract_of(f'{{"const": {BIG}}}').input_schema
    validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    assert validator.is_valid({"n": BIG})
    assert not validator.is_valid({"n": BIG + 1})
    schema = contract_of('{"maximum": 0.12345678901234567891}').input_schema
    validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    assert validator.is_valid({"n": Decimal("0.12345678901234567891")})
    assert not validator.is_valid({"n": Decimal("0.12345678901234567892")})


def test_the_schema_can_be_written_as_json_again() -> None:
    schema = contract_of('{"maximum": 0.12345678901234567891}').input_schema
    assert b"0.12345678901234567891" in encode(schema)
    assert decode(encode(schema)) == schema


@pytest.mark.parametrize("digits", [f"1e{'9' * 9}", f"0.{'1' * 5_000}"])
def test_a_number_without_end_does_not_count_and_is_told(digits: str) -> None:
    contract = contract_of(f'{{"maximum": {digits}}}')
    assert "maximum" not in of_parameter(contract)
    (change,) = contract.changes
    assert change.startswith("maximum: ")
    assert change.endswith(" is no number and does not count")
    assert len(change) < 100


@pytest.mark.parametrize("digits", ["1" * 5_000, f"1e{'9' * 30}"])
def test_a_number_that_nothing_can_hold_is_refused_by_its_place(digits: str) -> None:
    with pytest.raises(DescriptionError, match=r"x\.json"):
        contract_of(f'{{"maximum": {digits}}}')


def test_a_long_number_comes_back_from_the_compiled_catalog() -> None:
    source = source_of(f'{{"minimum": 0.12345678901234567891, "maximum": {BIG}, "default": 0.5}}')
    listing = listing_of(parsed(source, "./x.json", from_disk=True))
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(compiled.SCHEMA)
    compiled.write(connection, listing)
    warm = compiled.read(connection, Lock(), "./x.json")
    (operation,) = described("api", warm, SETTINGS).operations.values()
    found = of_parameter(operation.contract)
    assert found == {"minimum": Decimal("0.12345678901234567891"), "maximum": BIG, "default": 0.5}


@pytest.mark.parametrize("text", ["0.1", "1e5", "-2.50", "1E-7", "1234567890123456.0e0"])
def test_what_a_double_holds_stays_a_float(text: str) -> None:
    assert exact_number(text) == float(text)
    assert isinstance(exact_number(text), float)


def test_digits_in_texts_cost_no_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr("dragoman.apis.openapi.exact_numbers.msgspec.json.Decoder", refuse)
    data = b'{"sha": "a12345678901234567890", "id": "12345678901234567890", "n": [1.5, 42]}'
    assert read_json(data, "x.json") == json.loads(data)
