"""A tool as MCP has it: annotations that say the truth, schemas that clients can hand on."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from dragoman.errors import ArgumentError
from dragoman.operation import Contract, Effect, Operation, Outcome, Status, Tool
from dragoman.tools.mcp import OUTPUT_SCHEMA, as_mcp, envelope
from dragoman.tools.meta import META_TOOLS


def operation(effect: Effect, route: str, summary: str = "Do it.") -> Operation:
    contract = Contract({"type": "object", "properties": {}}, (), None)
    return Operation(
        "shop.op", "shop", "op", "openapi", effect, route, summary, read=lambda: contract
    )


def tool(effect: Effect, **schema: Any) -> Tool:
    parameters = {"type": "object", "properties": {"id": {"type": "string"}}, **schema}
    return Tool("shop__op", "shop.op", "Do it.", parameters, effect)


HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@pytest.mark.parametrize(
    ("effect", "route", "hints"),
    [
        (Effect.READ, "GET /orders", (True, False, True, True)),
        (Effect.READ, "POST /orders/search", (True, False, True, True)),
        (Effect.WRITE, "POST /orders", (False, False, False, True)),
        (Effect.WRITE, "PATCH /orders/{id}", (False, False, False, True)),
        (Effect.WRITE, "PUT /orders/{id}", (False, False, True, True)),
        (Effect.DESTRUCTIVE, "DELETE /orders/{id}", (False, True, True, True)),
        (Effect.DESTRUCTIVE, "POST /orders/{id}/purge", (False, True, False, True)),
        (Effect.WRITE, "", (False, False, False, True)),
    ],
)
def test_all_four_annotations_are_said(effect: Effect, route: str, hints: tuple[bool, ...]) -> None:
    form: Any = as_mcp(tool(effect), operation(effect, route)).form
    assert tuple(form["annotations"][name] for name in HINTS) == hints


def test_the_meta_tools_say_what_the_worst_of_them_can_do() -> None:
    search, describe, call = (as_mcp(one, None).form for one in META_TOOLS)
    hints: list[Any] = [one["annotations"] for one in (search, describe, call)]
    assert [tuple(one[name] for name in HINTS) for one in hints] == [
        (True, False, True, False),
        (True, False, True, False),
        (False, True, False, True),
    ]


def test_the_title_is_the_summary_or_the_name() -> None:
    titled: Any = as_mcp(tool(Effect.READ), operation(Effect.READ, "GET /", "Show it.")).form
    assert (titled["title"], titled["annotations"]["title"]) == ("Show it.", "Show it.")
    hidden = as_mcp(tool(Effect.READ), operation(Effect.READ, "GET /", "Show\u202e " * 99)).form
    assert len(str(hidden["title"])) <= 80
    assert "\u202e" not in str(hidden["title"])
    assert (
        as_mcp(tool(Effect.READ), operation(Effect.READ, "GET /", "")).form["title"] == "shop__op"
    )


def test_a_name_is_one_that_the_protocol_allows() -> None:
    name = str(as_mcp(tool(Effect.READ), None).form["name"])
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", name)


def test_what_models_refuse_at_the_root_is_taken_out_and_told() -> None:
    closed = tool(
        Effect.WRITE,
        anyOf=[{"required": ["id"]}, {"properties": {"n": {}}}],
        unevaluatedProperties=False,
    )
    made = as_mcp(closed, operation(Effect.WRITE, "POST /"))
    schema: Any = made.form["inputSchema"]
    assert "anyOf at the root" in made.changes[0].replace(", unevaluatedProperties", "")
    # What is listed may only be wider: `n` is accepted by the API, so it is by the tool.
    assert jsonschema_rs.is_valid(schema, {"n": 1})
    assert as_mcp(tool(Effect.WRITE), None).changes == ()


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_a_structured_result_by_the_output_schema(status: Status) -> None:
    problem = ArgumentError("id is missing.", hint="Send it.").problem
    outcomes = [
        Outcome("1", "shop.op", status),
        Outcome("1", "shop.op", status, data={"a": [1, None]}, note="n", approval="ap_1"),
        Outcome("1", "shop.op", status, data=None, problem=problem),
        Outcome("1", "shop.op", status, data=[1, 2], total=7),
    ]
    for outcome in outcomes:
        structured: Any = envelope(outcome, 2 if outcome.total else None)
        jsonschema_rs.validate(dict(OUTPUT_SCHEMA), structured)
        assert structured["status"] == status.value
        assert ("data" in structured) == (outcome.data is not None or status is Status.OK)
    assert (structured["shown"], structured["total"]) == (2, 7)


def test_nothing_is_said_of_the_data_because_it_is_shaped() -> None:
    assert OUTPUT_SCHEMA["required"] == ["status"]
    for data in ({}, [], "text", 1.5, True, None):
        assert jsonschema_rs.is_valid(dict(OUTPUT_SCHEMA), {"status": "ok", "data": data})
