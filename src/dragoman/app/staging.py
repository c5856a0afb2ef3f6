"""The call path: each stage is given what it needs of the open rooms, and nothing else."""

from __future__ import annotations

from dragoman.app.rooms import Rooms
from dragoman.audit.claims import Claims
from dragoman.call.allowance import Allowance
from dragoman.call.approve import Approve
from dragoman.call.attempts import Attempts
from dragoman.call.authorize import Authorize
from dragoman.call.breaker import Breakers
from dragoman.call.claim import Claiming
from dragoman.call.edited import Edits
from dragoman.call.fresh import Fresh
from dragoman.call.generations import LocalGenerations, SharedGenerations
from dragoman.call.identify import Identify
from dragoman.call.keys import Keys
from dragoman.call.learned import Learned
from dragoman.call.limit import Limit, Rates
from dragoman.call.path import CallPath
from dragoman.call.places import Places
from dragoman.call.record import Record
from dragoman.call.retry import Budgets
from dragoman.call.reuse import Reuse
from dragoman.call.send import Send
from dragoman.call.shape import Shape
from dragoman.call.validate import Validate
from dragoman.operation import Call, Prepared

__all__ = ["call_path"]


def call_path(rooms: Rooms) -> CallPath:
    """Return the path that every call takes."""
    clock, live, settings = rooms.clock, rooms.live, rooms.configuration.settings
    claims = Claims(rooms.store, clock, rooms.outbox)
    keys = Keys(lambda: rooms.key("claims"))
    rates = Rates(rooms.shared)

    def credential(prepared: Prepared) -> str:
        return rooms.credentials(prepared).label(prepared.security)

    async def shown(call: Call, prepared: Prepared) -> str:
        found = await rooms.credentials(prepared).credential(
            prepared.security, prepared.target, call.deadline, user=call.user
        )
        return found.fingerprint

    def opened(api: str, origin: str) -> None:
        rooms.outbox.emit_soon("breaker.opened", api, {"api": api, "origin": origin})

    limit = Limit(rates, Places(), Learned(clock, rooms.shared), credential, clock)
    generations = SharedGenerations(rooms.shared) if rooms.shared.fleet else LocalGenerations()
    fresh = Fresh(clock, generations, shown)
    edits = Edits(rooms.approvals, claims, keys)
    allowance = Allowance(clock, rooms.audit.count)
    return CallPath(
        identify=Identify(rooms.policy),
        authorize=Authorize(rooms.operation, rooms.pauses, rooms.policy, rates, allowance),
        validate=Validate(),
        reuse=Reuse(claims, keys, fresh, edits),
        approve=Approve(
            rooms.approvals,
            claims,
            keys,
            clock,
            live.redact_json,
            credential,
            edits,
            (settings.public_url or "").rstrip("/"),
        ),
        limit=limit,
        claim=Claiming(claims, rooms.approvals, keys, clock, live.redact_bytes, fresh.forget),
        send=Send(
            rooms.routes,
            rooms.network,
            live,
            Attempts(limit, Breakers(clock, opened), Budgets(clock)),
        ),
        shape=Shape(live, rooms.results, settings.assistant.result_tokens),
        record=Record(rooms.audit, live, clock, rooms.telemetry, rooms.changes),
    )
