"""Tickets and their customers: listed, shown, answered, closed."""

from __future__ import annotations

import sqlite3

from dragoman.demo.helpdesk.cursor import number_after, page_of
from dragoman.demo.helpdesk.seed import time_text
from dragoman.demo.work import Answer, Call, conflict, not_found

__all__ = [
    "add_reply",
    "close_ticket",
    "find_customer",
    "get_ticket",
    "list_replies",
    "list_tickets",
]

_MAX_NUMBER = 10**9
_TICKETS = (
    "SELECT tickets.*, email, (SELECT count(*) FROM replies WHERE ticket = tickets.number)"
    " AS replies FROM tickets JOIN customers ON customers.number = customer"
)


def find_customer(call: Call) -> Answer:
    """Find by e-mail address; capitals do not matter."""
    rows = call.database.execute(
        "SELECT *, (SELECT count(*) FROM tickets WHERE customer = customers.number) AS tickets"
        " FROM customers WHERE email = ?",
        (call.arguments["email"],),
    )
    found = [
        {"id": f"hc-{r['number']}", "name": r["name"], "email": r["email"], "tickets": r["tickets"]}
        for r in rows
    ]
    return Answer({"customers": found})


def list_tickets(call: Call) -> Answer:
    """List the newest first, a page at a time."""
    arguments = call.arguments
    chosen = {
        "email": arguments["email"],
        "status": arguments["status"],
        "before": number_after(arguments["cursor"], _MAX_NUMBER),
        "many": arguments["limit"] + 1,
    }
    rows = call.database.execute(
        f"{_TICKETS} WHERE tickets.number < :before AND (:email IS NULL OR email = :email)"
        " AND (:status IS NULL OR status = :status) ORDER BY tickets.number DESC LIMIT :many",
        chosen,
    ).fetchall()
    page, cursor = page_of(rows, arguments["limit"])
    return Answer({"tickets": [_summary(row) for row in page], "next_cursor": cursor})


def get_ticket(call: Call) -> Answer:
    """Show one."""
    return Answer(_shown(_ticket(call)))


def list_replies(call: Call) -> Answer:
    """List the oldest first, a page at a time."""
    after = number_after(call.arguments["cursor"], 0)
    rows = call.database.execute(
        "SELECT * FROM replies WHERE ticket = ? AND number > ? ORDER BY number LIMIT ?",
        (_ticket(call)["number"], after, call.arguments["limit"] + 1),
    ).fetchall()
    page, cursor = page_of(rows, call.arguments["limit"])
    return Answer({"replies": [_reply(row) for row in page], "next_cursor": cursor})


def add_reply(call: Call) -> Answer:
    """Add one; a customer who gets it is waited for then."""
    ticket, is_internal = _ticket(call), call.arguments["internal"]
    if ticket["status"] == "closed":
        raise conflict(f"Ticket tk-{ticket['number']} is closed and takes no replies.")
    row = (ticket["number"], "Support", call.arguments["text"], is_internal, time_text(call.now))
    number = call.database.execute(
        "INSERT INTO replies (ticket, author, text, internal, created_at) VALUES (?, ?, ?, ?, ?)",
        row,
    ).lastrowid
    if not is_internal:
        call.database.execute(
            "UPDATE tickets SET status = 'pending' WHERE number = ?", (ticket["number"],)
        )
    reply = call.database.execute("SELECT * FROM replies WHERE number = ?", (number,)).fetchone()
    return Answer(_reply(reply), 201, effect="replies")


def close_ticket(call: Call) -> Answer:
    """Close one."""
    ticket = _ticket(call)
    if ticket["status"] == "closed":
        raise conflict(f"Ticket tk-{ticket['number']} is closed already.")
    call.database.execute(
        "UPDATE tickets SET status = 'closed', closed_at = ? WHERE number = ?",
        (time_text(call.now), ticket["number"]),
    )
    return Answer(_shown(_ticket(call)), effect="tickets_closed")


def _ticket(call: Call) -> sqlite3.Row:
    ticket_id = call.arguments["ticket_id"]
    row: sqlite3.Row | None = call.database.execute(
        f"{_TICKETS} WHERE tickets.number = ?", (int(ticket_id.removeprefix("tk-")),)
    ).fetchone()
    if row is None:
        raise not_found("ticket", ticket_id, "listTickets shows the tickets that there are.")
    return row


def _summary(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": f"tk-{row['number']}",
        "subject": row["subject"],
        "status": row["status"],
        "priority": row["priority"],
        "customer_email": row["email"],
        "order_id": row["order_id"],
        "created_at": row["created_at"],
    }


def _shown(row: sqlite3.Row) -> dict[str, object]:
    more = {"text": row["text"], "closed_at": row["closed_at"], "replies": row["replies"]}
    return {**_summary(row), **more}


def _reply(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": f"re-{row['number']}",
        "author": row["author"],
        "text": row["text"],
        "internal": bool(row["internal"]),
        "created_at": row["created_at"],
    }
