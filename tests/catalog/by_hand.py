"""Operations written by hand, for tests of what is made of operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dragoman.operation import Contract, Effect, Operation

EMPTY: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
_EFFECTS = {"GET": Effect.READ, "HEAD": Effect.READ, "DELETE": Effect.DESTRUCTIVE}


def operation(
    id: str,  # noqa: A002
    route: str = "",
    *,
    schema: Mapping[str, Any] = EMPTY,
    unsupported: str = "",
    **other: Any,
) -> Operation:
    """Return an operation of that id, with the effect of its method."""
    api, _, name = id.partition(".")
    contract = Contract(schema, (), None, unsupported=unsupported)
    effect = other.pop("effect", _EFFECTS.get(route.partition(" ")[0], Effect.WRITE))
    return Operation(id, api, name, "http", effect, route, read=lambda: contract, **other)


def properties(required: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    """Return a closed object schema with these properties."""
    return {
        "type": "object",
        "properties": members,
        "required": list(required),
        "additionalProperties": False,
    }


SHOP = (
    operation("shop.listOrders", "GET /orders", summary="List orders", tags=("orders",)),
    operation(
        "shop.getOrder",
        "GET /orders/{order_id}",
        summary="One order",
        description="Its lines, its state and when it arrives.",
        tags=("orders",),
    ),
    operation("shop.cancelOrder", "POST /orders/{order_id}/cancel", tags=("orders",)),
    operation(
        "shop.refundOrder",
        "POST /orders/{order_id}/refunds",
        summary="Refund an order",
        tags=("orders", "money"),
    ),
    operation("shop.deleteOrder", "DELETE /orders/{order_id}", tags=("orders",)),
    operation("shop.listProducts", "GET /products", tags=("stock",)),
    operation("shop.getProduct", "GET /products/{sku}", tags=("stock",)),
    operation("shop.getStock", "GET /products/{sku}/stock", summary="Units on hand"),
)
