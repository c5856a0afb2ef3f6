"""Carts: filled, and turned into orders that wait for their payment."""

from __future__ import annotations

import sqlite3

from dragoman.demo.shop.access import is_visible, only_for
from dragoman.demo.shop.customers import the_customer
from dragoman.demo.shop.money import CURRENCY, euros
from dragoman.demo.shop.orders import line_of, order_of
from dragoman.demo.shop.products import reserved, the_product
from dragoman.demo.shop.reservations import use_reservation
from dragoman.demo.work import Answer, Call, RefusalError, conflict, not_found
from dragoman.demo.world import EXPRESS_CENTS, STANDARD_CENTS

__all__ = ["add_to_cart", "checkout", "create_cart", "get_cart", "remove_from_cart"]

_SHIPPING = {"standard": STANDARD_CENTS, "express": EXPRESS_CENTS}
_MAX_PIECES = 1_000
_LINES = (
    "SELECT sku, name, quantity, price AS unit_price, on_hand FROM cart_lines"
    " JOIN products USING (sku) WHERE number = ? ORDER BY sku"
)


def create_cart(call: Call) -> Answer:
    """Open an empty cart for a customer."""
    customer_id = only_for(call, call.arguments.get("customer_id"))
    if customer_id is None:
        hint = "customer_id: is required with the shop's key; findCustomers gives it."
        raise RefusalError(400, "Arguments refused", hint)
    the_customer(call, customer_id)
    number = call.database.execute(
        "INSERT INTO carts (customer_id) VALUES (?)", (customer_id,)
    ).lastrowid
    return Answer(_shown(call, _cart(call, f"ct-{number}")), 201, effect="carts")


def get_cart(call: Call) -> Answer:
    """Show one."""
    return Answer(_shown(call, _cart(call, call.arguments["cart_id"])))


def add_to_cart(call: Call) -> Answer:
    """Add pieces of a product; whether they are in stock is asked at the checkout."""
    cart, product = _open(call), the_product(call)
    call.database.execute(
        "INSERT INTO cart_lines VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET quantity = min(?, quantity + excluded.quantity)",
        (cart["number"], product["sku"], call.arguments["quantity"], _MAX_PIECES),
    )
    return Answer(_shown(call, cart), effect="cart_changes")


def remove_from_cart(call: Call) -> Answer:
    """Take a product out."""
    cart, sku = _open(call), call.arguments["sku"]
    removed = call.database.execute(
        "DELETE FROM cart_lines WHERE number = ? AND sku = ?", (cart["number"], sku)
    ).rowcount
    if not removed:
        raise not_found("product", sku, "It is not in this cart: getCart shows what is.")
    return Answer(_shown(call, cart), effect="cart_changes")


def checkout(call: Call) -> Answer:
    """Make an order of a cart and take its pieces out of the stock."""
    cart = _open(call)
    lines = call.database.execute(_LINES, (cart["number"],)).fetchall()
    if not lines:
        raise conflict("The cart is empty: addToCart comes first.")
    reservation = call.arguments.get("reservation_id")
    if reservation is not None:
        use_reservation(call, reservation)
    number = call.database.execute(
        "INSERT INTO orders (customer_id, status, order_date, shipping_cost)"
        " VALUES (?, 'pending_payment', ?, ?)",
        (
            cart["customer_id"],
            call.now.date().isoformat(),
            _SHIPPING[call.arguments["shipping"]],
        ),
    ).lastrowid
    for line in lines:
        _sell(call, number, line)
    call.database.execute("UPDATE carts SET status = 'ordered' WHERE number = ?", (cart["number"],))
    return Answer(order_of(call, str(number)), 201, effect="orders")


def _sell(call: Call, number: int | None, line: sqlite3.Row) -> None:
    left = line["on_hand"] - reserved(call.database, line["sku"], call.now)
    if line["quantity"] > left:
        raise conflict(
            f"{max(0, left)} of {line['sku']} are available, not {line['quantity']}:"
            " removeFromCart, then addToCart with fewer."
        )
    call.database.execute(
        "UPDATE products SET on_hand = on_hand - ? WHERE sku = ?", (line["quantity"], line["sku"])
    )
    call.database.execute(
        "INSERT INTO order_lines VALUES (?, ?, ?, ?)",
        (number, line["sku"], line["quantity"], line["unit_price"]),
    )


def _cart(call: Call, cart_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM carts WHERE number = ?", (int(cart_id.removeprefix("ct-")),)
    ).fetchone()
    if row is None or not is_visible(call, row["customer_id"]):
        raise not_found("cart", cart_id, "createCart gives the id.")
    return row


def _open(call: Call) -> sqlite3.Row:
    row = _cart(call, call.arguments["cart_id"])
    if row["status"] != "open":
        raise conflict("This cart is ordered already: createCart opens another.")
    return row


def _shown(call: Call, cart: sqlite3.Row) -> dict[str, object]:
    lines = call.database.execute(_LINES, (cart["number"],)).fetchall()
    return {
        "cart_id": f"ct-{cart['number']}",
        "customer_id": cart["customer_id"],
        "status": cart["status"],
        "lines": [line_of(line) for line in lines],
        "items_total": euros(sum(line["quantity"] * line["unit_price"] for line in lines)),
        "currency": CURRENCY,
    }
