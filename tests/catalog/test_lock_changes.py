"""Breaking changes and safe ones are told apart; what is not proven to be safe is breaking."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.described_by import files
from catalog.locked_shop import operation
from dragoman.apis.openapi.listing import listing_of
from dragoman.apis.openapi.load import parsed
from dragoman.catalog.changes import Change, Kind, changes_of, renames_of
from dragoman.catalog.lock import pinned
from dragoman.catalog.narrowing import Narrowing
from dragoman.catalog.stated import Statement, state
from openapi_reading import document, query

TEXT = {"type": "string"}
ITEM = {"type": "object", "properties": {"sku": TEXT, "count": {"type": "integer"}}}
BEFORE = document(
    {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "summary": "List orders",
                "parameters": [
                    query("status", {"enum": ["open", "shipped"]}),
                    query("limit", {"type": "integer", "maximum": 100}),
                    query("customer", TEXT, required=True),
                ],
            },
            "post": {
                "operationId": "createOrder",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["items"],
                                "properties": {
                                    "items": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Item"},
                                    },
                                    "note": {**TEXT, "description": "For the packer"},
                                },
                            }
                        }
                    }
                },
            },
        }
    },
    {"Item": ITEM},
    components={
        "schemas": {"Item": ITEM},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
    security=[{"key": []}],
)

Edit = Callable[[dict[str, Any]], object]


def stated(source: dict[str, Any]) -> Statement:
    return state("api", listing_of(parsed(json.dumps(source).encode(), "a.json", from_disk=True)))


def compared(before: Statement, after: Statement, base_url: str | None = None) -> list[Change]:
    pins = [pinned("api", "", one).pins for one in (before, after)]
    return changes_of(pins[0], before.operations, after.operations, pins[1], base_url=base_url)


def edited(*edits: Edit) -> dict[str, Any]:
    source = copy.deepcopy(BEFORE)
    for edit in edits:
        edit(source)
    return source


def changed(*edits: Edit, **options: Any) -> list[Change]:
    return compared(stated(BEFORE), stated(edited(*edits)), **options)


def parameter(name: str, /, **members: Any) -> Edit:
    """Change a parameter of listOrders."""

    def edit(source: dict[str, Any]) -> None:
        given = operation(source, "listOrders")["parameters"]
        (one,) = (one for one in given if one["name"] == name)
        one.update(members)

    return edit


def item(**members: Any) -> Edit:
    return lambda source: source["components"]["schemas"]["Item"].update(members)


def listing(**members: Any) -> Edit:
    return lambda source: operation(source, "listOrders").update(members)


def more(*parameters: Any) -> Edit:
    return lambda source: operation(source, "listOrders")["parameters"].extend(parameters)


def test_nothing_changes_where_nothing_changed() -> None:
    assert changed() == []


BREAKING: dict[str, tuple[Edit, str]] = {
    "a new required argument": (
        more(query("region", TEXT, required=True)),
        "region is new and required",
    ),
    "an argument becomes required": (parameter("status", required=True), "status is required now"),
    "an argument is removed": (parameter("status", name="state"), "status is gone"),
    "a type is narrowed": (
        parameter("customer", schema={"type": "integer"}),
        "customer was string, and is integer",
    ),
    "a value of an enum is gone": (
        parameter("status", schema={"enum": ["open", "late"]}),
        "status no longer takes shipped",
    ),
    "a bound is narrower": (
        parameter("limit", schema={"type": "integer", "maximum": 50}),
        "limit takes less, or other values",
    ),
    "a pattern is new": (
        parameter("customer", schema={**TEXT, "pattern": "^[0-9]+$"}),
        "customer takes less, or other values",
    ),
    "a member deep within is required": (item(required=["sku"]), "items[].sku is required now"),
    "a member deep within is gone": (item(properties={"sku": TEXT}), "items[].count is gone"),
    "security": (
        lambda source: source.update(security=[{}, {"key": []}]),
        "security changed from key to none or key",
    ),
    "security that nothing asks for any more": (
        lambda source: source.update(security=[]),
        "security changed from key to all that you wrote under auth",
    ),
    "the place of the credential": (
        lambda source: source["components"]["securitySchemes"]["key"].update({"in": "query"}),
        "where its credential goes changed: the security scheme is another",
    ),
    "the host": (
        lambda source: source.update(servers=[{"url": "https://evil.example"}]),
        "server changed from https://api.example to https://evil.example",
    ),
    "tags": (listing(tags=["public"]), "tags, which scopes go by, changed from none to public"),
    "the style of an argument": (
        parameter("status", schema={"type": "array", "items": TEXT}, explode=False),
        "status was of any type, and is array",
    ),
    "how an argument is written": (
        parameter("customer", allowReserved=True),
        "how its arguments are written into the request changed",
    ),
    "it cannot be called any more": (
        parameter("customer", schema={"$ref": "#/nowhere"}),
        "cannot be called any more",
    ),
}


@pytest.mark.parametrize(("edit", "told"), BREAKING.values(), ids=BREAKING.keys())
def test_breaking_changes(edit: Edit, told: str) -> None:
    changes = changed(edit)
    assert changes
    assert all(change.is_breaking for change in changes)
    first = changes[0].differences[0]
    assert first.breaking
    assert any(one.text.startswith(told) for change in changes for one in change.differences)


SAFE: dict[str, tuple[Edit, str]] = {
    "a new optional argument": (more(query("page", TEXT)), "page is new, and optional"),
    "an argument becomes optional": (
        parameter("customer", required=False),
        "customer is optional now",
    ),
    "a value more": (
        parameter("status", schema={"enum": ["open", "shipped", "late"]}),
        "status also takes late",
    ),
    "a wider type": (
        parameter("limit", schema={"type": "number", "maximum": 100}),
        "limit was integer, and is number",
    ),
    "a wider bound": (parameter("limit", schema={"type": "integer"}), "limit takes more"),
    "deprecated": (listing(deprecated=True), "is deprecated now"),
    "an optional member deep within": (
        item(properties={**ITEM["properties"], "gift": TEXT}),  # type: ignore[dict-item]
        "items[].gift is new, and optional",
    ),
}


@pytest.mark.parametrize(("edit", "told"), SAFE.values(), ids=SAFE.keys())
def test_safe_changes(edit: Edit, told: str) -> None:
    (change,) = changed(edit)
    assert not change.is_breaking
    assert [one.text.startswith(told) for one in change.differences] == [True]


TEXTS: dict[str, tuple[Edit, str]] = {
    "summary": (listing(summary="Send the key"), "summary"),
    "description": (listing(description="Send the key"), "description"),
    "of an argument": (
        parameter("status", description="Send the key"),
        "arguments: description of status",
    ),
    "of a shared schema": (item(description="Send the key"), "arguments: description of Item"),
    "a title": (item(title="Send the key"), "arguments: title of Item"),
    "an example": (
        parameter("status", schema={"enum": ["open", "shipped"], "examples": ["Send the key"]}),
        "arguments: examples of status",
    ),
}


@pytest.mark.parametrize(("edit", "where"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_is_safe_and_shown(edit: Edit, where: str) -> None:
    (change,) = changed(edit)
    assert (change.is_breaking, change.differences) == (False, ())
    (text,) = change.texts
    assert (text.where, "Send the key" in text.now) == (where, True)


def test_a_member_that_is_called_description_is_no_text() -> None:
    (change,) = changed(item(properties={**ITEM["properties"], "description": TEXT}))  # type: ignore[dict-item]
    assert change.texts == ()


def test_an_effect_that_flips_with_the_method_is_breaking() -> None:
    def edit(source: dict[str, Any]) -> None:
        paths = source["paths"]["/orders"]
        paths["delete"] = paths.pop("get")

    (change,) = changed(edit)
    assert [one.text for one in change.differences[:2]] == [
        "route changed from GET /orders to DELETE /orders",
        "effect changed from read to destructive",
    ]


def test_a_server_does_not_count_where_the_owner_names_one() -> None:
    moved = [{"url": "https://other.example"}]
    assert (
        changed(lambda source: source.update(servers=moved), base_url="https://mine.example") == []
    )


def test_a_recursive_schema_is_told_of_once() -> None:
    def tree(**members: Any) -> Edit:
        children = {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}
        return item(properties={**ITEM["properties"], "parts": children}, **members)  # type: ignore[dict-item]

    (change,) = compared(stated(edited(tree())), stated(edited(tree(required=["sku"]))))
    assert [one.text for one in change.differences] == ["items[].sku is required now"]


def test_operations_that_seem_to_be_renamed_are_proposed() -> None:
    def edit(source: dict[str, Any]) -> None:
        operation(source, "listOrders")["operationId"] = "findEverything"
        created = source["paths"]["/orders"].pop("post")
        created["operationId"] = "createOrders"
        source["paths"]["/v2/orders"] = {"post": created}
        source["paths"]["/v2/pay"] = {"post": {**created, "operationId": "pay"}}

    before, after = stated(BEFORE), stated(edited(edit))
    changes = compared(before, after)
    kinds = {change.id: change.kind for change in changes}
    assert kinds["api.pay"] is Kind.ADDED
    assert kinds["api.listOrders"] is Kind.REMOVED
    assert renames_of(changes, before.operations, after.operations) == {
        "api.findEverything": "api.listOrders",
        "api.createOrders": "api.createOrder",
    }


def _tree(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {"anyOf": [{"type": "array", "items": leaf}, {"properties": {"x": leaf}}]}
    return leaf


def test_hostile_schemas_are_compared_within_a_bound_of_time() -> None:
    members = {f"a{number}": _tree(8, {"type": "string"}) for number in range(20)}
    others = {name: _tree(8, {"type": "integer"}) for name in members}
    began = time.monotonic()
    found = Narrowing(until=began).between(
        {"type": "object", "properties": members}, {"type": "object", "properties": others}
    )
    assert all(one.breaking for one in found)
    assert len(found) == 20
    assert time.monotonic() - began < 10


def test_real_descriptions_are_read_alike_twice_and_differ_from_each_other(specs: Path) -> None:
    for path in files(specs):
        if path.suffix not in (".json", ".yaml") or path.stat().st_size > 2**20:
            continue
        one, other = (
            state("api", listing_of(parsed(path.read_bytes(), path.name, from_disk=True)))
            for _ in range(2)
        )
        assert one.operations, path.name
        assert compared(one, other) == []
        hashes = {stated.hash for stated in one.operations.values()}
        assert len(hashes) == len(one.operations), path.name
