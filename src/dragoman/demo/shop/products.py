"""The shop itself, its products, their stock and prices."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from dragoman.demo.shop.money import CURRENCY, cents, euros
from dragoman.demo.work import Answer, Call, not_found

__all__ = [
    "get_price",
    "get_product",
    "get_stock",
    "get_store_information",
    "list_products",
    "reserved",
    "the_product",
    "time_text",
]

_DISCOUNTS = ((25, 10), (10, 5), (1, 0))
"""From how many pieces there is how many per cent off."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def get_store_information(_: Call) -> Answer:
    """Tell when the shop is open and what may be sent back."""
    hours = [{"day": day, "opens": "09:00", "closes": "18:00"} for day in _DAYS[:-1]]
    hours.append({"day": _DAYS[-1], "opens": "10:00", "closes": "14:00"})
    return Answer(
        {
            "name": "Linden & Lark",
            "opening_hours": hours,
            "return_policy": "Unused goods may be sent back free of charge within 30 days of their"
            " delivery. The shipping is refunded where a parcel is more than seven days late.",
            "return_days": 30,
            "support_email": "support@linden-lark.example",
            "currency": CURRENCY,
        }
    )


def list_products(call: Call) -> Answer:
    """List those that hold every word, of a category, up to a price."""
    arguments = call.arguments
    wheres, values = ["1"], []
    for word in (arguments["query"] or "").split():
        wheres.append("instr(lower(sku || ' ' || name || ' ' || about), lower(?))")
        values.append(word)
    if arguments["category"] is not None:
        wheres.append("category = ?")
        values.append(arguments["category"])
    if arguments["max_price"] is not None:
        wheres.append("price <= ?")
        values.append(cents(arguments["max_price"]))
    # The pieces of the statement are ours; every value is bound.
    found = f"FROM products WHERE {' AND '.join(wheres)}"
    total = call.database.execute(f"SELECT count(*) {found}", values).fetchone()[0]
    rows = call.database.execute(
        f"SELECT * {found} ORDER BY sku LIMIT ? OFFSET ?",
        [*values, arguments["limit"], arguments["offset"]],
    )
    return Answer({"products": [_shown(row) for row in rows], "total": total})


def get_product(call: Call) -> Answer:
    """Show one."""
    return Answer(_shown(the_product(call)))


def get_stock(call: Call) -> Answer:
    """Tell how many there are, and how many of them can be bought."""
    row = the_product(call)
    held = reserved(call.database, row["sku"], call.now)
    left = max(0, row["on_hand"] - held)
    counts = {"on_hand": row["on_hand"], "reserved": held, "available": left}
    return Answer({"sku": row["sku"], "name": row["name"], **counts})


def get_price(call: Call) -> Answer:
    """Price a quantity; many cost less each."""
    row, many = the_product(call), call.arguments["quantity"]
    percent = next(off for least, off in _DISCOUNTS if many >= least)
    total = row["price"] * many * (100 - percent) // 100
    return Answer(
        {
            "sku": row["sku"],
            "quantity": many,
            "unit_price": euros(row["price"]),
            "discount_percent": percent,
            "total": euros(total),
            "currency": CURRENCY,
        }
    )


def the_product(call: Call) -> sqlite3.Row:
    """Return the product of the argument `sku`; raises `RefusalError`."""
    sku = call.arguments["sku"]
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM products WHERE sku = ?", (sku,)
    ).fetchone()
    if row is None:
        raise not_found("product", sku, "listProducts gives the sku of each product.")
    return row


def reserved(database: sqlite3.Connection, sku: str, now: datetime) -> int:
    """Return how many pieces are held by reservations that still run."""
    row = database.execute(
        "SELECT coalesce(sum(quantity), 0) FROM reservations"
        " WHERE sku = ? AND status = 'active' AND expires_at > ?",
        (sku, time_text(now)),
    ).fetchone()
    return int(row[0])


def time_text(time: datetime) -> str:
    """Return a time as it is stored and shown; such texts sort as the times do."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(row: sqlite3.Row) -> dict[str, object]:
    return {
        "sku": row["sku"],
        "name": row["name"],
        "category": row["category"],
        "price": euros(row["price"]),
        "currency": CURRENCY,
        "about": row["about"],
    }
