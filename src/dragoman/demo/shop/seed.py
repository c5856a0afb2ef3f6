"""The shop's side of the sample world."""

from __future__ import annotations

import sqlite3
from datetime import date

from dragoman.demo import world

__all__ = ["CARRIER", "seed"]

CARRIER = "Parcel Express"
_METHODS = ("card", "paypal", "bank_transfer")
_REFUNDED = (1020, 1033)
"""Orders of which the shipping was refunded before."""


def seed(database: sqlite3.Connection, today: date) -> None:
    """Fill an empty database."""
    database.executemany(
        "INSERT INTO customers VALUES (?, ?, ?, ?, ?)",
        [(f"cu-{p.number}", p.name, p.email, p.city, p.postcode) for p in world.PEOPLE],
    )
    database.executemany(
        "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)",
        [(p.sku, p.name, p.category, p.cents, p.on_hand, p.about) for p in world.PRODUCTS],
    )
    for order in world.orders(today):
        _add_order(database, order)
        _add_payment(database, order)


def _add_order(database: sqlite3.Connection, order: world.Order) -> None:
    dates = [day and day.isoformat() for day in (order.shipped, order.due, order.delivered)]
    database.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.number,
            f"cu-{order.person.number}",
            order.status,
            order.placed.isoformat(),
            order.shipping_cents,
            CARRIER if order.parcel else None,
            order.parcel,
            *dates,
        ),
    )
    database.executemany(
        "INSERT INTO order_lines VALUES (?, ?, ?, ?)",
        [(order.number, product.sku, quantity, product.cents) for product, quantity in order.lines],
    )


def _add_payment(database: sqlite3.Connection, order: world.Order) -> None:
    if order.status == "pending_payment":
        return
    total = order.shipping_cents + sum(product.cents * many for product, many in order.lines)
    is_void = order.status == "cancelled"
    status, captured = ("voided", 0) if is_void else ("captured", total)
    method = _METHODS[order.number % len(_METHODS)]
    row = (order.number, order.number, status, method, total, captured)
    database.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)", row)
    if order.number in _REFUNDED:
        day = (order.delivered or order.placed).isoformat()
        database.execute(
            "INSERT INTO refunds (payment_number, order_number, part, amount, reason, refund_date)"
            " VALUES (?, ?, 'shipping', ?, 'late', ?)",
            (order.number, order.number, order.shipping_cents, day),
        )
