"""`dragoman log --status unknown`: the writes that nobody knows the end of, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from dragoman.audit.claims import Claim, ClaimState
from dragoman.cli.terminal import note, one_line, print_json, table, warn
from dragoman.errors import NotFoundError
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from dragoman.app import Dragoman

__all__ = ["claim_of", "tell_claim", "unknown_calls"]

_RUNS = "is out, or its process died: nobody knows before {:%H:%M:%S} UTC"
_NO_END = {ClaimState.RUNNING, ClaimState.UNKNOWN}
_DIED = "Its process died, and nobody knows whether it happened."


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
        return 0
    if found:
        header = ("id", "at (UTC)", "operation", "caller", "user", "to settle it")
        print(table(header, [_row(d, claim) for claim in found]))
    else:
        note("no calls")
    for claim in await d.parts.reconcile.unsettled.running():
        warn(f"{claim.operation} {claim.call_id} {_RUNS.format(claim.lease_until)}")
    return 0


async def claim_of(d: Dragoman, call_id: str) -> Claim | None:
    """Return what a write without an end holds, by the whole id of its call."""
    try:
        claim = await d.parts.reconcile.unsettled.get(call_id)
    except NotFoundError:
        return None
    return claim if claim.state in _NO_END and claim.call_id == call_id else None


async def tell_claim(d: Dragoman, wanted: str, *, json: bool) -> bool:
    """Tell of a write that has no record, because its process runs still or died; or say no."""
    claim = await claim_of(d, wanted.strip().upper())
    if claim is None:
        return False
    if json:
        print_json({**_as_json(d, claim), "status": claim.state.value})
        return True
    call: Mapping[str, JsonValue] = claim.call or {}
    print(one_line(f"{claim.operation} · {claim.state} · {claim.started:%a %Y-%m-%d %H:%M:%S} UTC"))
    for_user = f" for {call['user']}" if call.get("user") else ""
    print(one_line(f"call {claim.call_id} · {call.get('caller') or ''}{for_user}"))
    for name, value in cast("Mapping[str, JsonValue]", call.get("arguments") or {}).items():
        print(one_line(f"  {name} = {value}"))
    if claim.state is ClaimState.RUNNING:
        print(f"\n  It {_RUNS.format(claim.lease_until)}.")
    else:
        print(f"\n  {_DIED}\n  → {_way(d, claim)}")
    return True


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
