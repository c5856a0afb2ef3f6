"""Orders: listed, shown, cancelled."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from dragoman.demo.shop.access import is_visible, only_for
from dragoman.demo.shop.money import CURRENCY, euros
from dragoman.demo.work import Answer, Call, conflict, not_found

__all__ = [
    "Sums",
    "cancel_order",
    "get_order",
    "line_of",
    "list_orders",
    "order_of",
    "sums_of",
    "the_order",
]

_ITEMS = "(SELECT sum(quantity * unit_price) FROM order_lines WHERE number = orders.number)"
_IF_KNOWN = (
    "carrier",
    "tracking_number",
    "shipped_date",
    "estimated_delivery_date",
    "delivered_date",
)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of an order in cents: its price, what was paid, what was given back."""

    items: int
    shipping: int
    paid: int
    refunded: int

    @property
    def total(self) -> int:
        """Return the price of all."""
        return self.items + self.shipping


def list_orders(call: Call) -> Answer:
    """List the newest first, of a customer, with a status."""
    arguments = call.arguments
    customer = only_for(call, arguments["customer_id"])
    chosen = {"customer": customer, "status": arguments["status"]}
    where = (
        "FROM orders WHERE (:customer IS NULL OR customer_id = :customer)"
        " AND (:status IS NULL OR status = :status)"
    )
    total = call.database.execute(f"SELECT count(*) {where}", chosen).fetchone()[0]
    rows = call.database.execute(
        f"SELECT *, {_ITEMS} AS items {where} ORDER BY number DESC LIMIT :limit OFFSET :offset",
        {**chosen, "limit": arguments["limit"], "offset": arguments["offset"]},
    )
    return Answer({"orders": [_summary(row) for row in rows], "total": total})


def get_order(call: Call) -> Answer:
    """Show one."""
    return Answer(order_of(call, call.arguments["order_id"]))


def cancel_order(call: Call) -> Answer:
    """Cancel one that has not left the shop; give back the money and the pieces."""
    order = the_order(call, call.arguments["order_id"])
    number, status = order["number"], order["status"]
    if status == "cancelled":
        raise conflict(f"Order {number} is cancelled already.")
    if status not in {"pending_payment", "paid"}:
        raise conflict(f"Order {number} is {status} and cannot be cancelled: use refundOrder.")
    call.database.execute("UPDATE orders SET status = 'cancelled' WHERE number = ?", (number,))
    call.database.execute(
        "UPDATE products SET on_hand = on_hand + (SELECT quantity FROM order_lines AS line"
        " WHERE line.sku = products.sku AND line.number = :number)"
        " WHERE sku IN (SELECT sku FROM order_lines WHERE number = :number)",
        {"number": number},
    )
    _give_back(call, number)
    return Answer(order_of(call, str(number)), effect="cancellations")


def _give_back(call: Call, number: int) -> None:
    call.database.execute(
        "UPDATE payments SET status = 'voided' WHERE order_number = ? AND status = 'authorized'",
        (number,),
    )
    sums = sums_of(call, the_order(call, str(number)))
    if sums.paid > sums.refunded:
        call.database.execute(
            "INSERT INTO refunds (payment_number, order_number, part, amount, reason, refund_date)"
            " SELECT number, order_number, 'amount', ?, 'other', ? FROM payments"
            " WHERE order_number = ? AND status = 'captured'",
            (sums.paid - sums.refunded, call.now.date().isoformat(), number),
        )
        call.database.execute(
            "UPDATE payments SET status = 'refunded'"
            " WHERE order_number = ? AND status = 'captured'",
            (number,),
        )


def the_order(call: Call, order_id: str) -> sqlite3.Row:
    """Return an order that the caller may see; raises `RefusalError`."""
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM orders WHERE number = ?", (int(order_id),)
    ).fetchone()
    if row is None or not is_visible(call, row["customer_id"]):
        raise not_found("order", order_id, "listOrders shows the orders that there are.")
    return row


def sums_of(call: Call, order: sqlite3.Row) -> Sums:
    """Add up an order."""
    row = call.database.execute(
        "SELECT (SELECT sum(quantity * unit_price) FROM order_lines WHERE number = :n),"
        " (SELECT coalesce(sum(captured), 0) FROM payments WHERE order_number = :n),"
        " (SELECT coalesce(sum(amount), 0) FROM refunds WHERE order_number = :n)",
        {"n": order["number"]},
    ).fetchone()
    return Sums(items=row[0], shipping=order["shipping_cost"], paid=row[1], refunded=row[2])


def order_of(call: Call, order_id: str) -> dict[str, object]:
    """Return an order as it is shown; what is not known yet is left out."""
    order = the_order(call, order_id)
    sums = sums_of(call, order)
    lines = call.database.execute(
        "SELECT * FROM order_lines JOIN products USING (sku) WHERE number = ? ORDER BY sku",
        (order["number"],),
    )
    payment = call.database.execute(
        "SELECT max(number) FROM payments WHERE order_number = ?", (order["number"],)
    ).fetchone()[0]
    return {
        "order_id": str(order["number"]),
        "customer_id": order["customer_id"],
        "status": order["status"],
        "order_date": order["order_date"],
        "lines": [line_of(line) for line in lines],
        "items_total": euros(sums.items),
        "shipping_cost": euros(sums.shipping),
        "total": euros(sums.total),
        "paid": euros(sums.paid),
        "refunded": euros(sums.refunded),
        "currency": CURRENCY,
        **({} if payment is None else {"payment_id": f"pay-{payment}"}),
        **{name: order[name] for name in _IF_KNOWN if order[name] is not None},
    }


def line_of(line: sqlite3.Row) -> dict[str, object]:
    """Return a line of an order or a cart as it is shown."""
    return {
        "sku": line["sku"],
        "name": line["name"],
        "quantity": line["quantity"],
        "unit_price": euros(line["unit_price"]),
        "line_total": euros(line["quantity"] * line["unit_price"]),
    }


def _summary(order: sqlite3.Row) -> dict[str, object]:
    known = ("tracking_number", "estimated_delivery_date")
    return {
        "order_id": str(order["number"]),
        "customer_id": order["customer_id"],
        "status": order["status"],
        "order_date": order["order_date"],
        "total": euros(order["items"] + order["shipping_cost"]),
        **{name: order[name] for name in known if order[name] is not None},
    }
