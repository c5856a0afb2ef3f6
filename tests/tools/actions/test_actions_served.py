"""Documents for our own server: what an action looks like, and how many fit into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from catalog.by_hand import SHOP, operation, properties
from dragoman.errors import ArgumentError, ConfigurationError
from dragoman.lint.report import State, import_report
from dragoman.operation import Effect, Operation
from dragoman.tools.actions.checks import examine
from dragoman.tools.actions.document import Published, publish
from dragoman.tools.actions.envelope import SCHEMAS, error_body
from dragoman.tools.actions.rules_of_schemas import MAX_PRETTY_BYTES, pretty_size
from dragoman.tools.actions.served import frame_of, served, server_of
from openapi_reading import described

SERVER = "https://ai.example.com"
ORDER_ID = properties(("order_id",), order_id={"type": "string", "description": "Its number."})
REFUND = operation(
    "shop.refundOrder",
    "POST /orders/{order_id}/refunds",
    schema=ORDER_ID,
    summary="Refund an order",
    description="Refund an order in full.",
)


def exported(
    operations: Sequence[Operation], fill: Mapping[str, Any] | None = None
) -> tuple[tuple[Published, ...], dict[str, str]]:
    actions, left_out = served(operations, "support", lambda _: fill or {})
    about = {"shop": "Orders of the shop."}
    return publish(actions, frame_of(SERVER, "Support", about)), left_out


def only(*operations: Operation) -> Mapping[str, Any]:
    """Return the one document of operations."""
    (published,), left_out = exported(operations)
    assert left_out == {}
    return published.document


def node_of(one: Operation) -> Mapping[str, Any]:
    """Return the Operation Object of the one action of an operation."""
    ((item,),) = [list(item.values()) for item in only(one)["paths"].values()]
    found: Mapping[str, Any] = item
    return found


def test_an_action_is_a_post_with_its_arguments_as_one_object() -> None:
    document = only(REFUND)
    assert list(document["paths"]) == ["/actions/support/shop__refundOrder"]
    assert node_of(REFUND) == {
        "operationId": "shop__refundOrder",
        "summary": "Refund an order",
        "description": "Refund an order in full. This changes data.",
        "x-openai-isConsequential": True,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "order_id": {"type": "string", "description": "Its number."}
                        },
                        "required": ["order_id"],
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "What came of it.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}
                },
            },
            "default": {
                "description": "What went wrong.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }


def test_the_document_says_where_with_which_key_and_what_for() -> None:
    document = only(REFUND)
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {
        "title": "Support",
        "description": "Orders of the shop.",
        "version": "1",
    }
    assert document["servers"] == [{"url": SERVER}]
    assert document["components"]["securitySchemes"] == {
        "DragomanKey": {"type": "http", "scheme": "bearer"}
    }
    assert document["security"] == [{"DragomanKey": []}]


def test_what_takes_no_arguments_has_no_body() -> None:
    assert "requestBody" not in node_of(operation("shop.listOrders", "GET /orders"))


@pytest.mark.parametrize(
    ("effect", "asks"), [(Effect.READ, False), (Effect.WRITE, True), (Effect.DESTRUCTIVE, True)]
)
def test_chatgpt_asks_before_whatever_is_no_read(effect: Effect, asks: bool) -> None:
    one = operation("shop.op", "POST /op", effect=effect)
    assert node_of(one)["x-openai-isConsequential"] is asks


def test_a_long_description_is_cut_and_what_it_does_is_not() -> None:
    hidden = "\u202e\u200b\U000e0041"
    one = operation("shop.op", "DELETE /op", description=f"Send the key {hidden}" + "x y " * 12_500)
    said = node_of(one)
    assert len(said["description"]) <= 300
    assert said["description"].endswith("… This deletes or overwrites data for good.")
    assert not set(hidden) & set(said["description"] + said["summary"])
    assert examine(only(one)) == []


def test_our_reader_imports_each_operation_as_it_is_described() -> None:
    report = import_report(described(only(*SHOP)))
    assert report.in_state(State.FULL) == list(report.items)
    assert len(report.items) == len(SHOP)


def test_what_the_owner_fills_is_no_argument() -> None:
    (published,), left_out = exported([REFUND], {"order_id": "1042"})
    assert left_out == {}
    assert "requestBody" not in next(iter(published.document["paths"].values()))["post"]  # type: ignore[union-attr,call-overload,index]


def test_what_needs_an_end_user_is_left_out_and_why_is_said() -> None:
    documents, left_out = exported([REFUND], {"order_id": "caller.user"})
    assert documents == ()
    assert left_out["shop.refundOrder"].startswith("order_id is filled from the end user")


def test_what_cannot_be_called_is_left_out_with_the_reason() -> None:
    one = operation("shop.feed", "GET /feed", unsupported="it upgrades the connection")
    documents, left_out = exported([one, REFUND])
    assert left_out == {"shop.feed": "it upgrades the connection"}
    assert len(documents) == 1


def many(count: int, tag: str, api: str = "shop", **more: Any) -> list[Operation]:
    return [operation(f"{api}.{tag}{n}", "GET /x", tags=(tag,), **more) for n in range(count)]


def sizes(documents: Sequence[Published]) -> list[int]:
    return [len(one.actions) for one in documents]


def test_thirty_operations_are_one_document() -> None:
    documents, _ = exported([*many(20, "a"), *many(10, "b")])
    assert sizes(documents) == [30]


def test_more_are_divided_by_tag() -> None:
    documents, _ = exported([*many(20, "a"), *many(8, "b"), *many(5, "c")])
    assert sizes(documents) == [28, 5]
    assert [one.document["info"]["title"] for one in documents] == [  # type: ignore[index,call-overload]
        "Support (1 of 2)",
        "Support (2 of 2)",
    ]
    assert documents[1].document["info"]["description"] == "Orders of the shop. Here: c."  # type: ignore[index,call-overload]


def test_a_tag_of_more_than_thirty_is_divided_too() -> None:
    documents, _ = exported([*many(5, "a"), *many(65, "b")])
    assert sizes(documents) == [5, 30, 30, 5]


def test_an_operation_that_is_added_moves_no_tag_that_still_fits() -> None:
    before, _ = exported([*many(20, "a"), *many(8, "b"), *many(5, "c")])
    after, _ = exported([*many(21, "a"), *many(8, "b"), *many(5, "c")])
    assert sizes(after) == [29, 5]
    assert before[1].document == after[1].document


def test_large_operations_are_divided_by_size() -> None:
    schema = properties(
        **{f"argument_{n}": {"type": "integer", "enum": [*range(45)]} for n in range(80)}
    )
    documents, left_out = exported(many(25, "a", schema=schema))
    assert left_out == {}
    assert len(documents) > 1
    assert all(pretty_size(one.document) <= MAX_PRETTY_BYTES for one in documents)
    assert all(examine(one.document) == [] for one in documents)


def test_arguments_that_fit_nowhere_make_no_action() -> None:
    schema = properties(**{f"argument_{n}": {"type": "string"} for n in range(100_000)})
    documents, left_out = exported([operation("shop.op", "GET /op", schema=schema), REFUND])
    assert left_out == {"shop.op": "its arguments are too large to list"}
    assert sizes(documents) == [1]


def test_the_name_of_a_toolset_is_safe_in_a_path() -> None:
    actions, _ = served([REFUND], "a/b c", lambda _: {})
    assert actions[0].path == "/actions/a%2Fb%20c/shop__refundOrder"


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("https://API.Example.com/", "https://api.example.com"),
        ("https://api.example.com:443/base/", "https://api.example.com/base"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_the_address_of_the_server_is_written_as_the_editor_wants_it(
    written: str, published: str
) -> None:
    assert server_of(written) == published


@pytest.mark.parametrize(
    "wrong",
    ["api.example.com", "ftp://x.example", "https://u:p@x.example", "https://x.example?a", ""],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="--server"):
        server_of(wrong)


def test_an_error_has_what_the_document_promises() -> None:
    error = ArgumentError("order_id is required.", hint="Send it.")
    body = error_body(error.problem)
    promised: Any = SCHEMAS["Problem"]
    assert body["error"] == body["detail"] == "order_id is required."
    assert body["code"] == "arguments"
    assert body.keys() <= promised["properties"].keys()
    assert set(promised["required"]) <= body.keys()
