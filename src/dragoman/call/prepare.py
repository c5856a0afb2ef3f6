"""*prepare*: the exact request, without credentials. A dry run ends here, and shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dragoman.access.policy import Rules
from dragoman.apis.kinds import KINDS
from dragoman.operation import Call, JsonValue, Operation, Outcome, Prepared, Status

__all__ = ["prepare", "previewed", "shown"]

_MAX_SHOWN = 64 * 1024
"""Bytes of a body that are kept in records and shown to people."""


def prepare(call: Call, operation: Operation, account: str = "") -> Prepared:
    """Build the request by the operation's kind of API; pure.

    Raises `ArgumentError` for values that the request cannot carry faithfully.
    """
    prepared = KINDS[operation.kind].prepare(operation, call.arguments)
    return replace(prepared, account=account, origins=dict(call.origins))


def previewed(call: Call, prepared: Prepared, rules: Rules) -> Outcome:
    """Return the outcome of a dry run: what would be sent, and whether somebody would be asked."""
    needs_approval = rules.needs_approval(call, prepared.effect)
    return Outcome(
        id=call.id,
        operation=prepared.operation,
        status=Status.PREVIEWED,
        data={**shown(prepared), "needs_approval": needs_approval},
        prepared=prepared,
        note="Nothing was sent: this is a dry run.",
        source=prepared.api,
    )


def shown(prepared: Prepared) -> Mapping[str, JsonValue]:
    """Return a prepared request as a person, a record or a model is shown it."""
    members: dict[str, JsonValue] = {
        "operation": prepared.operation,
        "effect": prepared.effect.value,
        "method": prepared.method,
        "target": prepared.target,
        "origins": dict(prepared.origins),
        "hash": prepared.hash,
    }
    if prepared.headers:
        members["headers"] = dict(prepared.headers)
    if prepared.body is not None:
        members["body"] = _shown_body(prepared.body)
    return members


def _shown_body(body: bytes) -> str:
    """Return a body as text, or how large it is where nobody would read it."""
    if len(body) <= _MAX_SHOWN:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            return f"({len(body):,} bytes that are no text)"
    return f"({len(body):,} bytes)"
