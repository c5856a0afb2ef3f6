"""Parcels: tracked, priced, labelled. What a request must hold is checked by hand here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dragoman.demo.carrier.seed import time_text
from dragoman.demo.work import Answer, Call, RefusalError

__all__ = ["create_label", "list_events", "quote", "track"]

_SERVICES = {"standard": (Decimal("4.20"), 3), "express": (Decimal("8.90"), 1)}
"""By service: the price of the first kilogram, and the days that it takes."""

_PER_KG = Decimal("0.65")
_MAX_KG = 31.5
_MAX_TEXT = 100


def track(call: Call) -> Answer:
    """Tell where a parcel is."""
    return Answer(dict(_parcel(call)))


def list_events(call: Call) -> Answer:
    """Tell the way of a parcel, the newest first."""
    rows = call.database.execute(
        "SELECT at, place, what FROM events WHERE parcel = ? ORDER BY at DESC, rowid DESC",
        (_parcel(call)["number"],),
    )
    return Answer({"events": [dict(row) for row in rows]})


def quote(call: Call) -> Answer:
    """Price a parcel; nothing is ordered by it."""
    arguments = call.arguments
    _postcode(arguments, "from_postcode")
    _postcode(arguments, "to_postcode")
    price, days = _price(arguments)
    service = arguments.get("service", "standard")
    return Answer({"service": service, "price": price, "currency": "EUR", "days": days})


def create_label(call: Call) -> Answer:
    """Order the transport of a parcel; it is paid for."""
    arguments = call.arguments
    city, _ = _text(arguments, "to_city"), _text(arguments, "to_name")
    postcode = _postcode(arguments, "to_postcode")
    price, days = _price(arguments)
    last = call.database.execute("SELECT coalesce(max(number), 0) FROM labels").fetchone()[0]
    parcel, now = f"PX-{200_001 + last}", time_text(call.now)
    due = (call.now.date() + timedelta(days=days)).isoformat()
    weight = float(arguments["weight_kg"])
    row = (parcel, "announced", "not picked up yet", now, due, city, postcode, weight)
    call.database.execute("INSERT INTO parcels VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    call.database.execute(
        "INSERT INTO events VALUES (?, ?, 'on paper', 'Announced by the sender.')", (parcel, now)
    )
    call.database.execute("INSERT INTO labels (parcel) VALUES (?)", (parcel,))
    label = {"label": f"LB-{last + 1}", "parcel": parcel, "price": price, "currency": "EUR"}
    return Answer({**label, "expected_delivery": due}, 201, effect="labels")


def _parcel(call: Call) -> sqlite3.Row:
    number = call.arguments["number"]
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM parcels WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        raise RefusalError(404, "Not found", f"No parcel {number[:_MAX_TEXT]}.")
    return row


def _price(arguments: Mapping[str, Any]) -> tuple[Decimal, int]:
    weight = arguments.get("weight_kg")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= _MAX_KG:
        raise _wrong(f"weight_kg must be a number above 0 and at most {_MAX_KG}")
    service = arguments.get("service", "standard")
    if not isinstance(service, str) or service not in _SERVICES:
        raise _wrong(f"service must be one of {', '.join(_SERVICES)}")
    first, days = _SERVICES[service]
    more = max(Decimal(0), Decimal(str(weight)) - 1) * _PER_KG
    return (first + more).quantize(Decimal("0.01")), days


def _postcode(arguments: Mapping[str, Any], name: str) -> str:
    text = _text(arguments, name)
    if not (len(text) == 5 and text.isascii() and text.isdigit()):
        raise _wrong(f"{name} must be five digits")
    return text


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _wrong(f"{name} must be text of 1 to {_MAX_TEXT} characters")
    return value


def _wrong(what: str) -> RefusalError:
    return RefusalError(400, "Bad request", f"{what}.")
