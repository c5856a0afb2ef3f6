"""What was published against what would be now, told by operations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dragoman.tools.actions.difference import compare


def published() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "Its id."},
            "state": {"type": "string", "enum": ["open", "closed"]},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {}}}},
        },
        "required": ["id"],
    }
    return {
        "servers": [{"url": "https://ai.example.com"}],
        "paths": {
            "/actions/desk/a": {
                "post": {
                    "operationId": "a",
                    "description": "Get it.",
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "responses": {},
                }
            },
            "/actions/desk/b": {"post": {"operationId": "b", "responses": {}}},
        },
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def changed(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Return what is said of a change to the document."""
    now = published()
    change(now)
    return [str(one) for one in compare([published()], [now])]


def a(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/actions/desk/a"]["post"]
    return found


def body(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = a(document)["requestBody"]["content"]["application/json"]["schema"]
    return found


def test_the_same_documents_do_not_differ() -> None:
    assert compare([published()], [copy.deepcopy(published())]) == []


CASES: dict[str, Callable[[dict[str, Any]], object]] = {
    "removed b (breaks)": lambda d: d["paths"].pop("/actions/desk/b"),
    "added c": lambda d: d["paths"].update({"/c": {"post": {"operationId": "c"}}}),
    "changed a: its description": lambda d: a(d).update(description="Fetch it."),
    "changed a: what it answers": lambda d: a(d).update(responses={"200": {}}),
    "changed a: whether ChatGPT asks before it calls": lambda d: a(d).update(
        {"x-openai-isConsequential": True}
    ),
    "changed a: POST /actions/desk/a became POST /actions/desk/z (breaks)": lambda d: d[
        "paths"
    ].update({"/actions/desk/z": d["paths"].pop("/actions/desk/a")}),
    "changed a: id is another type (breaks)": lambda d: body(d)["properties"].update(
        id={"type": "integer"}
    ),
    "changed a: state is gone (breaks)": lambda d: body(d)["properties"].pop("state"),
    "changed a: page is new": lambda d: body(d)["properties"].update(page={"type": "integer"}),
    "changed a: page is new (breaks)": lambda d: body(d).update(
        properties={**body(d)["properties"], "page": {}}, required=["id", "page"]
    ),
    "changed a: state is required now (breaks)": lambda d: body(d).update(required=["id", "state"]),
    "changed a: id is optional now": lambda d: body(d).pop("required"),
    "changed a: state has other values": lambda d: body(d)["properties"]["state"]["enum"].append(
        "lost"
    ),
    "changed a: state has other values (breaks)": lambda d: body(d)["properties"]["state"][
        "enum"
    ].remove("open"),
    "changed a: id has another pattern (breaks)": lambda d: body(d)["properties"]["id"].update(
        pattern="^a"
    ),
    "changed a: lines[].sku is gone (breaks)": lambda d: body(d)["properties"]["lines"]["items"][
        "properties"
    ].pop("sku"),
    "changed a: the description of id": lambda d: body(d)["properties"]["id"].update(
        description="Of the order."
    ),
    "changed the server: https://ai.example.com became https://b.example (breaks)": lambda d: (
        d.update(servers=[{"url": "https://b.example"}])
    ),
    "changed the authentication (breaks)": lambda d: d.pop("components"),
    "changed the documents: order or components": lambda d: d.update(more=1),
}


@pytest.mark.parametrize("said", CASES)
def test_a_change_is_told_by_operation_and_by_whether_it_breaks(said: str) -> None:
    assert changed(CASES[said]) == [said]


def test_all_that_differs_in_an_operation_is_one_change() -> None:
    def both(document: dict[str, Any]) -> None:
        a(document)["description"] = "Fetch it."
        body(document)["properties"].pop("state")

    assert changed(both) == ["changed a: state is gone; its description (breaks)"]


def test_several_documents_are_compared_together() -> None:
    one, other = published(), published()
    del one["paths"]["/actions/desk/b"]
    del other["paths"]["/actions/desk/a"]
    assert [str(change) for change in compare([published()], [one, other])] == [
        "changed the number of documents: 1 before, 2 now"
    ]


@pytest.mark.parametrize(
    "hostile",
    [{}, {"paths": []}, {"servers": [5], "paths": {"/a": {"get": {"parameters": [None, {}]}}}}],
)
def test_what_was_published_may_be_anything(hostile: Any) -> None:
    assert compare([hostile], [published()])
