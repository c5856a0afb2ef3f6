"""Money given back for shipping, items or an amount of an order; never more than was paid."""

from __future__ import annotations

import sqlite3

from dragoman.demo.shop.money import CURRENCY, cents, euros
from dragoman.demo.shop.orders import Sums, sums_of, the_order
from dragoman.demo.work import Answer, Call, RefusalError, conflict

__all__ = ["list_refunds", "refund", "refund_order"]


def list_refunds(call: Call) -> Answer:
    """List those of an order."""
    order = the_order(call, call.arguments["order_id"])
    rows = call.database.execute(
        "SELECT * FROM refunds WHERE order_number = ? ORDER BY number LIMIT 100",
        (order["number"],),
    ).fetchall()
    total = call.database.execute(
        "SELECT count(*) FROM refunds WHERE order_number = ?", (order["number"],)
    ).fetchone()[0]
    return Answer({"refunds": [_shown(row) for row in rows], "total": total})


def refund_order(call: Call) -> Answer:
    """Give back a part of an order."""
    order = the_order(call, call.arguments["order_id"])
    part, amount = call.arguments["part"], call.arguments.get("amount")
    if (part == "amount") != (amount is not None):
        hint = "amount: goes with the part amount, and with no other."
        raise RefusalError(400, "Arguments refused", hint)
    sums = sums_of(call, order)
    wanted = cents(amount) if amount is not None else _left_of(call, order, part, sums)
    row = refund(call, order, part, wanted)
    return Answer(_shown(row), 201, effect="refunds")


def refund(call: Call, order: sqlite3.Row, part: str, amount: int) -> sqlite3.Row:
    """Note a refund of so many cents; raises `RefusalError` for more than is left."""
    sums, payment = sums_of(call, order), _payment(call, order)
    left = sums.paid - sums.refunded
    if amount > left:
        raise conflict(
            f"{euros(amount)} is more than is left: of {euros(sums.paid)} paid for order"
            f" {order['number']}, {euros(sums.refunded)} is refunded. At most {euros(left)}."
        )
    if amount == left:
        call.database.execute(
            "UPDATE payments SET status = 'refunded' WHERE number = ?", (payment["number"],)
        )
    number = call.database.execute(
        "INSERT INTO refunds (payment_number, order_number, part, amount, reason, refund_date)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            payment["number"],
            order["number"],
            part,
            amount,
            call.arguments.get("reason", "other"),
            call.now.date().isoformat(),
        ),
    ).lastrowid
    row: sqlite3.Row = call.database.execute(
        "SELECT * FROM refunds WHERE number = ?", (number,)
    ).fetchone()
    return row


def _left_of(call: Call, order: sqlite3.Row, part: str, sums: Sums) -> int:
    """Return what a part costs; raises `RefusalError` if it is given back already."""
    done = call.database.execute(
        "SELECT 1 FROM refunds WHERE order_number = ? AND part = ?", (order["number"], part)
    ).fetchone()
    if done is not None:
        raise conflict(f"The {part} of order {order['number']} is refunded already.")
    return sums.shipping if part == "shipping" else sums.items


def _payment(call: Call, order: sqlite3.Row) -> sqlite3.Row:
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM payments WHERE order_number = ? AND captured > 0", (order["number"],)
    ).fetchone()
    if row is None:
        raise conflict(f"Nothing was paid for order {order['number']}: there is nothing to refund.")
    return row


def _shown(row: sqlite3.Row) -> dict[str, object]:
    return {
        "refund_id": f"rf-{row['number']}",
        "order_id": str(row["order_number"]),
        "part": row["part"],
        "amount": euros(row["amount"]),
        "reason": row["reason"],
        "refund_date": row["refund_date"],
        "currency": CURRENCY,
    }
