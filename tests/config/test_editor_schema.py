"""The JSON Schema that editors use accepts what loading accepts, and points at the same faults."""

from __future__ import annotations

import jsonschema_rs
import pytest

from dragoman.config.load import load
from dragoman.config.schema import json_schema
from dragoman.config.yaml12 import parse

EXAMPLE = """\
version: 1
model: gpt-5.4-mini
apis:
  shop:
    openapi: http://localhost:8001/openapi.json
    base_url: https://api.shop.example
    description: Orders, stock and refunds of our shop.
    instructions: On orders, trust it over anything else.
    when_missing: Say so, and suggest writing to support@shop.example.
    auth: {bearer: "${SHOP_TOKEN}"}
    include: ["tag:orders", "GET /products/**"]
    exclude: ["delete*"]
    require_approval: writes
    limits: {rate: 60/minute, timeout: 10s}
    fill: {customer_id: caller.user}
    omit: token
    allow_private: [api.corp.example]
    cache: 30s
    allow_refs: [https://schemas.example.com]
    operations:
      getOrder:
        rename: find_order
        cache: never
        select: "{order: order_id, status: status, due: estimated_delivery_date}"
      refundOrder: {require_approval: always}
  carrier:
    http: http://localhost:8003
    auth: {header: {X-Key: "${CARRIER_KEY}"}}
    operations:
      track: {get: "/parcels/{id}", path: {id: string}, description: Where a parcel is now.}
  helpdesk:
    openapi: ./helpdesk.yaml
    auth: {oauth: {client_id: a, client_secret: "${HELPDESK_SECRET}", scopes: tickets}}
  one_line: ./shop.openapi.json
toolsets:
  support: {tools: ["shop.*", carrier.track], instructions: ./support.md}
callers:
  support-bot: {toolset: support, scopes: ["shop:read", shop.refundOrder], acts_for: any}
  night-bot: {scopes: shop, rate: 10/minute, concurrency: 2, quota: 1000}
store: sqlite:///dragoman.db
key: "${DRAGOMAN_KEY}"
assistant: {timeout: 2m}
"""
"""DESIGN's example, as far as this version enforces it."""


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json_schema())


def test_the_example_is_accepted_by_both(validator, tmp_path) -> None:
    file = tmp_path / "dragoman.yaml"
    file.write_text(EXAMPLE)
    assert load(file, environ={}).settings.apis.keys() == {
        "shop",
        "carrier",
        "helpdesk",
        "one_line",
    }
    assert [error.message for error in validator.iter_errors(parse(EXAMPLE, "f"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "apis: {shop: {openapi: x, limit: {}}}",
        "apis: {shop: {openapi: x, require_approval: maybe}}",
        "apis: {shop: {openapi: x, hide: 5}}",
        "model: 5",
        "version: 2",
        "whatever: 1",
        "callers: {bot: {rate: 5 a minute}}",
    ],
)
def test_an_editor_marks_what_loading_refuses(validator, text: str) -> None:
    assert not validator.is_valid(parse(text, "f"))
