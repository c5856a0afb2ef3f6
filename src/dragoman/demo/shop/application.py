"""The shop as a web application: its description, and the work behind each operation."""

from __future__ import annotations

import json
from http import HTTPStatus
from importlib.resources import files

from aiohttp import web

from dragoman.demo.application import application_of
from dragoman.demo.description import operations_of
from dragoman.demo.keys import Credentials
from dragoman.demo.program import Clock, Program
from dragoman.demo.routing import add_operations
from dragoman.demo.shop import carts, customers, orders, payments, products, refunds, reservations
from dragoman.demo.shop.access import identify_by
from dragoman.demo.shop.idempotency import once
from dragoman.demo.shop.seed import seed
from dragoman.demo.work import RefusalError, Work

__all__ = ["DOCUMENT", "shop"]

DOCUMENT = "/openapi.json"

_WORKS: dict[str, Work] = {
    "getStoreInformation": products.get_store_information,
    "findCustomers": customers.find_customers,
    "getCustomer": customers.get_customer,
    "deleteCustomer": customers.delete_customer,
    "listProducts": products.list_products,
    "getProduct": products.get_product,
    "getStock": products.get_stock,
    "getPrice": products.get_price,
    "listOrders": orders.list_orders,
    "getOrder": orders.get_order,
    "cancelOrder": once(orders.cancel_order),
    "listRefunds": refunds.list_refunds,
    "refundOrder": once(refunds.refund_order),
    "createCart": once(carts.create_cart),
    "getCart": carts.get_cart,
    "addToCart": once(carts.add_to_cart),
    "removeFromCart": carts.remove_from_cart,
    "checkout": once(carts.checkout),
    "createReservation": once(reservations.create_reservation),
    "getReservation": reservations.get_reservation,
    "releaseReservation": reservations.release_reservation,
    "authorizePayment": once(payments.authorize_payment),
    "getPayment": payments.get_payment,
    "capturePayment": once(payments.capture_payment),
    "voidPayment": once(payments.void_payment),
    "refundPayment": once(payments.refund_payment),
}
_EFFECTS = (
    "refunds",
    "cancellations",
    "orders",
    "authorizations",
    "captures",
    "voids",
    "carts",
    "cart_changes",
    "reservations",
    "reservations_released",
    "customers_deleted",
)


def shop(now: Clock, credentials: Credentials) -> web.Application:
    """Return the shop, freshly filled."""
    here = files("dragoman.demo.shop")
    text = (here / "openapi.json").read_text("utf-8")
    schema = (here / "schema.sql").read_text("utf-8")
    program = Program("shop", schema, seed, _refused, now, _EFFECTS, frozenset({DOCUMENT}))
    app = application_of(program)

    async def document(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    app.router.add_get(DOCUMENT, document)
    add_operations(app, operations_of(json.loads(text)), _WORKS, identify_by(credentials))
    return app


def _refused(refusal: RefusalError) -> tuple[str, object]:
    """Word a refusal as RFC 9457 does."""
    slug = HTTPStatus(refusal.status).phrase.lower().replace(" ", "-")
    problem = {
        "type": f"https://linden-lark.example/problems/{slug}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        **({"errors": refusal.errors} if refusal.errors else {}),
    }
    return "application/problem+json", problem
