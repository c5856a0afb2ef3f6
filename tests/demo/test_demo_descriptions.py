"""What the APIs say of themselves is true: documents, answers, and the sample configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
import yaml
from demo_client import KEYS, Client

from dragoman.config.load import load

METHODS = {"get", "post", "put", "patch", "delete"}
SHOP_OPERATIONS = {
    "findCustomers", "getCustomer", "deleteCustomer", "listProducts", "getProduct", "getStock",
    "getPrice", "listOrders", "getOrder", "cancelOrder", "refundOrder", "listRefunds",
    "createCart", "getCart", "addToCart", "removeFromCart", "checkout", "createReservation",
    "getReservation", "releaseReservation", "authorizePayment", "capturePayment", "voidPayment",
    "refundPayment", "getPayment", "getStoreInformation",
}  # fmt: skip
HELPDESK_OPERATIONS = {
    "findCustomer", "listTickets", "getTicket", "listReplies", "addReply", "closeTicket",
}  # fmt: skip


@pytest.fixture
async def documents(shop: Client, helpdesk: Client) -> dict[str, dict[str, Any]]:
    in_json = await shop.get("/openapi.json", headers={})
    in_yaml = await helpdesk.get("/openapi.yaml", headers={})
    assert in_yaml.headers["Content-Type"].startswith("application/yaml")
    return {"shop": in_json.body, "helpdesk": yaml.safe_load(in_yaml.body)}


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from (item[method] for method in METHODS & item.keys())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def nullable(value: Any) -> Any:
    """`nullable: true` of OpenAPI 3.0 as JSON Schema 2020-12 says it."""
    if isinstance(value, list):
        return [nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {name: nullable(one) for name, one in value.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if value.get("nullable") is True else plain


async def test_the_documents_have_the_versions_and_operations_that_are_promised(
    documents,
) -> None:
    shop, helpdesk = documents["shop"], documents["helpdesk"]
    assert shop["openapi"].startswith("3.1")
    assert helpdesk["openapi"].startswith("3.0")
    assert {one["operationId"] for one in operations(shop)} == SHOP_OPERATIONS
    assert {one["operationId"] for one in operations(helpdesk)} == HELPDESK_OPERATIONS
    assert [o["operationId"] for o in operations(shop) if o.get("security") == []] == [
        "getStoreInformation"
    ]


@pytest.mark.parametrize("api", ["shop", "helpdesk"])
async def test_every_reference_resolves_and_every_schema_is_one(documents, api) -> None:
    document = documents[api]
    found = set(references(document))
    assert found
    for reference in found:
        assert isinstance(resolved(document, reference), dict)
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(nullable(schema))


@pytest.mark.parametrize("api", ["shop", "helpdesk"])
async def test_every_operation_says_what_it_does_in_one_sentence(documents, api) -> None:
    for operation in operations(documents[api]):
        summary = operation["summary"]
        assert summary.endswith(".")
        assert summary.count(". ") == 0
        assert len(summary) <= 120
        assert operation["tags"]


async def test_the_shop_describes_every_parameter_with_an_example(documents) -> None:
    shop = documents["shop"]
    for operation in operations(shop):
        for parameter in operation.get("parameters", []):
            told = resolved(shop, parameter["$ref"]) if "$ref" in parameter else parameter
            assert told["description"]
            assert "example" in told
            schema = {**told["schema"], "components": shop["components"]}
            jsonschema_rs.validator_for(schema).validate(told["example"])
        body = operation.get("requestBody")
        if body is not None:
            schema = body["content"]["application/json"]["schema"]
            assert schema["additionalProperties"] is False
            whole = {**schema, "components": shop["components"]}
            jsonschema_rs.validator_for(whole).validate(schema["example"])


SHOP_READS = {
    "/store": "/store",
    "/customers": "/customers?email=maria.keller@example.com",
    "/customers/{customer_id}": "/customers/cu-101",
    "/products": "/products?limit=100",
    "/products/{sku}": "/products/LAMP-01",
    "/products/{sku}/stock": "/products/LAMP-01/stock",
    "/products/{sku}/price": "/products/LAMP-01/price?quantity=12",
    "/orders": "/orders?limit=100",
    "/orders/{order_id}": "/orders/1042",
    "/orders/{order_id}/refunds": "/orders/1020/refunds",
    "/carts/{cart_id}": "/carts/ct-1",
    "/reservations/{reservation_id}": "/reservations/rs-1",
    "/payments/{payment_id}": "/payments/pay-1042",
}
HELPDESK_READS = {
    "/customers": "/customers?email=maria.keller@example.com",
    "/tickets": "/tickets?limit=50",
    "/tickets/{ticket_id}": "/tickets/tk-296",
    "/tickets/{ticket_id}/replies": "/tickets/tk-297/replies",
}


async def test_the_shop_answers_as_it_says(shop: Client, documents) -> None:
    await shop.post("/carts", {"customer_id": "cu-101"})
    await shop.post("/carts/ct-1/lines", {"sku": "LAMP-01"})
    await shop.post("/reservations", {"sku": "MUG-01", "quantity": 1})
    described = {path for path, item in documents["shop"]["paths"].items() if "get" in item}
    assert described == SHOP_READS.keys()
    for path, example in SHOP_READS.items():
        await check(shop, documents["shop"], path, example)
    for number in range(1010, 1050):
        await check(shop, documents["shop"], "/orders/{order_id}", f"/orders/{number}")
    await check(shop, documents["shop"], "/orders/{order_id}", "/orders/1", status="default")


async def test_the_helpdesk_answers_as_it_says(helpdesk: Client, documents) -> None:
    document = documents["helpdesk"]
    for path, example in HELPDESK_READS.items():
        await check(helpdesk, document, path, example)
    for number in range(296, 311):
        await check(helpdesk, document, "/tickets/{ticket_id}", f"/tickets/tk-{number}")
    await check(helpdesk, document, "/tickets/{ticket_id}", "/tickets/tk-1", status="default")


async def check(client: Client, document, path: str, example: str, status: str = "200") -> None:
    response = document["paths"][path]["get"]["responses"][status]
    if "$ref" in response:
        response = resolved(document, response["$ref"])
    [(media_type, content)] = response["content"].items()
    schema = nullable({**content["schema"], "components": document["components"]})
    reply = await client.get(example)
    assert (reply.status == 200) == (status == "200"), example
    assert reply.headers["Content-Type"].startswith(media_type)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert [error.message for error in validator.iter_errors(reply.body)] == []


def test_the_sample_configuration_loads_and_holds_no_secret(tmp_path) -> None:
    text = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
    path = tmp_path / "dragoman.yaml"
    path.write_text(text, "utf-8")
    configuration = load(path, environ={"DEMO_SHOP_URL": "http://localhost:9999"})
    apis = configuration.settings.apis
    assert list(apis) == ["shop", "helpdesk", "carrier"]
    assert apis["shop"].openapi == "http://localhost:9999/openapi.json"
    assert apis["carrier"].http == "http://localhost:8003"
    assert set(apis["carrier"].operations) == {
        "trackParcel", "listParcelEvents", "quoteShipping", "createLabel",
    }  # fmt: skip
    for secret in (KEYS.shop_key, KEYS.helpdesk_secret, KEYS.carrier_key):
        assert secret not in text


def test_the_documents_are_written_for_people_too() -> None:
    text = files("dragoman.demo").joinpath("shop", "openapi.json").read_text("utf-8")
    assert json.loads(text)
    assert max(map(len, text.splitlines())) < 500
