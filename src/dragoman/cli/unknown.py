"""`dragoman log --status unknown`: the writes that nobody knows the end of, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dragoman.cli.terminal import note, print_json, table
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from dragoman.app import Dragoman
    from dragoman.audit.claims import Claim

__all__ = ["unknown_calls"]


async def unknown_calls(
    d: Dragoman,
    *,
    json: bool,
    since: datetime | None = None,
    until: datetime | None = None,
    caller: str | None = None,
    operation: str | None = None,
) -> int:
    """Print them, also those whose process died before there was a record."""
    found = [
        claim
        for claim in await d.unknown()
        if (since is None or claim.started >= since)
        and (until is None or claim.started < until)
        and (caller is None or (claim.call or {}).get("caller") == caller)
        and (operation is None or fnmatchcase(claim.operation.lower(), operation.lower()))
    ]
    if json:
        print_json({"calls": [_as_json(d, claim) for claim in found]})
    elif not found:
        note("no calls")
    else:
        header = ("id", "at (UTC)", "operation", "caller", "user", "to settle it")
        print(table(header, [_row(d, claim) for claim in found]))
    return 0


def _row(d: Dragoman, claim: Claim) -> list[object]:
    call: Mapping[str, JsonValue] = claim.call or {}
    way = _way(d, claim)
    return [
        claim.call_id,
        claim.started,
        claim.operation,
        call.get("caller"),
        call.get("user"),
        way,
    ]


def _as_json(d: Dragoman, claim: Claim) -> dict[str, JsonValue]:
    call: Mapping[str, JsonValue] = claim.call or {}
    return {
        "id": claim.call_id,
        "at": claim.started.isoformat(),
        "operation": claim.operation,
        "caller": call.get("caller"),
        "user": call.get("user"),
        "arguments": call.get("arguments"),
        "settle": _way(d, claim),
    }


def _way(d: Dragoman, claim: Claim) -> str:
    """Return the command that settles a write: by its rule, by its key, or by the owner's word."""
    catalog = d.parts.catalog.operations
    rules = d.parts.policy.rules(catalog[claim.operation]) if claim.operation in catalog else None
    keep = timedelta(seconds=rules.idempotency_seconds if rules else 0)
    command = f"dragoman reconcile {claim.call_id}"
    if claim.call is None or rules is None:
        return f"{command} --happened | --did-not-happen"
    if rules.reconcile is not None:
        return command
    if rules.knows_keys and d.parts.clock.now() - claim.started < keep:
        return f"dragoman resume {claim.call_id}"
    return f"{command} --happened | --did-not-happen"
