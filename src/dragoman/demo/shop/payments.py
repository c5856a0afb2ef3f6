"""Payments: money that is held, taken, let go, given back."""

from __future__ import annotations

import sqlite3

from dragoman.demo.shop.access import is_visible
from dragoman.demo.shop.money import CURRENCY, cents, euros
from dragoman.demo.shop.orders import sums_of, the_order
from dragoman.demo.shop.refunds import refund
from dragoman.demo.work import Answer, Call, conflict, not_found

__all__ = ["authorize_payment", "capture_payment", "get_payment", "refund_payment", "void_payment"]

_PAYMENT = (
    "SELECT payments.*, customer_id, (SELECT coalesce(sum(amount), 0) FROM refunds"
    " WHERE payment_number = payments.number) AS refunded"
    " FROM payments JOIN orders ON orders.number = order_number WHERE payments.number = ?"
)


def authorize_payment(call: Call) -> Answer:
    """Hold the price of an order that waits for its payment."""
    order = the_order(call, call.arguments["order_id"])
    number = order["number"]
    if order["status"] != "pending_payment":
        raise conflict(f"Order {number} is {order['status']}: it waits for no payment.")
    held = call.database.execute(
        "SELECT number FROM payments WHERE order_number = ? AND status = 'authorized'", (number,)
    ).fetchone()
    if held is not None:
        raise conflict(f"pay-{held['number']} is held for order {number}: capture or void it.")
    row = (number, call.arguments["method"], sums_of(call, order).total)
    new = call.database.execute(
        "INSERT INTO payments (order_number, status, method, amount)"
        " VALUES (?, 'authorized', ?, ?)",
        row,
    ).lastrowid
    return Answer(_shown(call, f"pay-{new}"), 201, effect="authorizations")


def get_payment(call: Call) -> Answer:
    """Show one."""
    return Answer(_shown(call, call.arguments["payment_id"]))


def capture_payment(call: Call) -> Answer:
    """Take what is held; the order is paid then."""
    row = _held(call)
    call.database.execute(
        "UPDATE payments SET status = 'captured', captured = amount WHERE number = ?",
        (row["number"],),
    )
    call.database.execute(
        "UPDATE orders SET status = 'paid' WHERE number = ?", (row["order_number"],)
    )
    return Answer(_shown(call, call.arguments["payment_id"]), effect="captures")


def void_payment(call: Call) -> Answer:
    """Let go of what is held."""
    row = _held(call)
    call.database.execute(
        "UPDATE payments SET status = 'voided' WHERE number = ?", (row["number"],)
    )
    return Answer(_shown(call, call.arguments["payment_id"]), effect="voids")


def refund_payment(call: Call) -> Answer:
    """Give back an amount of what was taken."""
    row = _payment(call, call.arguments["payment_id"])
    order = the_order(call, str(row["order_number"]))
    refund(call, order, "amount", cents(call.arguments["amount"]))
    return Answer(_shown(call, call.arguments["payment_id"]), 201, effect="refunds")


def _held(call: Call) -> sqlite3.Row:
    row = _payment(call, call.arguments["payment_id"])
    if row["status"] != "authorized":
        raise conflict(f"Payment pay-{row['number']} is {row['status']}, not authorized.")
    return row


def _payment(call: Call, payment_id: str) -> sqlite3.Row:
    number = int(payment_id.removeprefix("pay-"))
    row: sqlite3.Row | None = call.database.execute(_PAYMENT, (number,)).fetchone()
    if row is None or not is_visible(call, row["customer_id"]):
        raise not_found("payment", payment_id, "getOrder gives the payment_id of an order.")
    return row


def _shown(call: Call, payment_id: str) -> dict[str, object]:
    row = _payment(call, payment_id)
    return {
        "payment_id": payment_id,
        "order_id": str(row["order_number"]),
        "status": row["status"],
        "method": row["method"],
        "amount": euros(row["amount"]),
        "captured": euros(row["captured"]),
        "refunded": euros(row["refunded"]),
        "currency": CURRENCY,
    }
