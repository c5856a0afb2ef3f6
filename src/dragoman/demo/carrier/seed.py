"""The carrier's side of the sample world: a parcel for each order that was shipped."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta

from dragoman.demo.world import Order, orders

__all__ = ["seed", "time_text"]

_HUBS = ("Hannover", "Leipzig", "Mannheim", "Nürnberg")
_STUCK = {
    1042: ("Kassel depot", "The address label is damaged; the parcel waits at the depot."),
    1045: ("Köln hub", "Missed the connection; waiting for the next truck."),
}
"""Where the parcels are that are late, and why."""

Event = tuple[datetime, str, str]


def seed(database: sqlite3.Connection, today: date) -> None:
    """Fill an empty database."""
    for order in orders(today):
        if order.parcel is not None and order.shipped is not None and order.due is not None:
            _add(database, order, order.parcel, _events(order, order.shipped))


def _events(order: Order, shipped: date) -> list[Event]:
    hub = _HUBS[order.number % len(_HUBS)]
    events = [
        (_at(shipped, 17), "Linden & Lark, Göttingen", "Picked up from the sender."),
        (_at(shipped + timedelta(days=1), 3), f"{hub} hub", "Sorted and sent on."),
    ]
    if order.number in _STUCK:
        place, why = _STUCK[order.number]
        events.append((_at(shipped + timedelta(days=2), 6), place, why))
    elif order.delivered is not None:
        events.append((_at(order.delivered, 11), order.person.city, "Delivered to the recipient."))
    return events


def _add(database: sqlite3.Connection, order: Order, parcel: str, events: list[Event]) -> None:
    at, place, _ = events[-1]
    stuck_or_moving = "held_at_depot" if order.number in _STUCK else "in_transit"
    status = "delivered" if order.delivered is not None else stuck_or_moving
    due = order.due and order.due.isoformat()
    person, weight = order.person, 0.5 + order.number % 8
    row = (parcel, status, place, time_text(at), due, person.city, person.postcode, weight)
    database.execute("INSERT INTO parcels VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    database.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?)",
        [(parcel, time_text(moment), where, what) for moment, where, what in events],
    )


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 40), UTC)


def time_text(moment: datetime) -> str:
    """Return a time as it is stored and shown."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
