"""Customers: found, shown, deleted."""

from __future__ import annotations

import sqlite3

from dragoman.demo.shop.access import is_visible
from dragoman.demo.work import Answer, Call, conflict, not_found

__all__ = ["delete_customer", "find_customers", "get_customer", "the_customer"]


def find_customers(call: Call) -> Answer:
    """Find by e-mail address; capitals do not matter."""
    rows = call.database.execute(
        "SELECT * FROM customers WHERE email = ?", (call.arguments["email"],)
    ).fetchall()
    return Answer({"customers": [dict(row) for row in rows], "total": len(rows)})


def get_customer(call: Call) -> Answer:
    """Show one."""
    return Answer(dict(the_customer(call, call.arguments["customer_id"])))


def delete_customer(call: Call) -> Answer:
    """Delete one whose orders have all come to an end."""
    customer_id = the_customer(call, call.arguments["customer_id"])["customer_id"]
    open_orders = call.database.execute(
        "SELECT number FROM orders WHERE customer_id = ? AND status IN"
        " ('pending_payment', 'paid', 'shipped') ORDER BY number",
        (customer_id,),
    ).fetchall()
    if open_orders:
        numbers = ", ".join(str(row["number"]) for row in open_orders)
        raise conflict(f"{customer_id} has open orders: {numbers}. Cancel or deliver them first.")
    call.database.execute("DELETE FROM customers WHERE customer_id = ?", (customer_id,))
    return Answer(None, 204, effect="customers_deleted")


def the_customer(call: Call, customer_id: str) -> sqlite3.Row:
    """Return a customer that the caller may see; raises `RefusalError`."""
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM customers WHERE customer_id = ?", (customer_id,)
    ).fetchone()
    if row is None or not is_visible(call, customer_id):
        raise not_found("customer", customer_id, "findCustomers gives the id by e-mail address.")
    return row
