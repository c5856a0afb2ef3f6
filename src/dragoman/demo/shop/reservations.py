"""Stock that is held for a while, and is free again when the time is over."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from dragoman.demo.shop.products import reserved, the_product, time_text
from dragoman.demo.work import Answer, Call, conflict, not_found

__all__ = ["create_reservation", "get_reservation", "release_reservation", "use_reservation"]


def create_reservation(call: Call) -> Answer:
    """Hold pieces that nobody holds yet."""
    product, many = the_product(call), call.arguments["quantity"]
    left = product["on_hand"] - reserved(call.database, product["sku"], call.now)
    if many > left:
        raise conflict(f"{max(0, left)} of {product['sku']} are available, not {many}.")
    until = call.now + timedelta(minutes=call.arguments["minutes"])
    row = (call.client, product["sku"], many, time_text(until))
    number = call.database.execute(
        "INSERT INTO reservations (client, sku, quantity, expires_at) VALUES (?, ?, ?, ?)", row
    ).lastrowid
    return Answer(_shown(call, _reservation(call, f"rs-{number}")), 201, effect="reservations")


def get_reservation(call: Call) -> Answer:
    """Show one, and whether it still holds."""
    return Answer(_shown(call, _reservation(call, call.arguments["reservation_id"])))


def release_reservation(call: Call) -> Answer:
    """Free the pieces before their time."""
    identifier = call.arguments["reservation_id"]
    _end(call, identifier, "released")
    return Answer(_shown(call, _reservation(call, identifier)), effect="reservations_released")


def use_reservation(call: Call, identifier: str) -> None:
    """Use one up for an order, which takes its pieces; raises `RefusalError` if it ended."""
    _end(call, identifier, "used")


def _end(call: Call, identifier: str, status: str) -> None:
    row = _reservation(call, identifier)
    now_is = _status(call, row)
    if now_is != "active":
        raise conflict(f"Reservation {identifier} is {now_is}: it holds nothing any more.")
    call.database.execute(
        "UPDATE reservations SET status = ? WHERE number = ?", (status, row["number"])
    )


def _reservation(call: Call, identifier: str) -> sqlite3.Row:
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM reservations WHERE number = ?", (int(identifier.removeprefix("rs-")),)
    ).fetchone()
    if row is None or call.customer not in (None, row["client"]):
        raise not_found("reservation", identifier, "createReservation gives the id.")
    return row


def _status(call: Call, row: sqlite3.Row) -> str:
    is_over = row["status"] == "active" and row["expires_at"] <= time_text(call.now)
    return "expired" if is_over else str(row["status"])


def _shown(call: Call, row: sqlite3.Row) -> dict[str, object]:
    return {
        "reservation_id": f"rs-{row['number']}",
        "sku": row["sku"],
        "quantity": row["quantity"],
        "status": _status(call, row),
        "expires_at": row["expires_at"],
    }
