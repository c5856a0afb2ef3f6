"""Going on with a recorded call, by its id; one that was done is not done again by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dragoman.audit.approvals import Approvals
from dragoman.audit.records import AuditLog, CallRecord
from dragoman.audit.unsettled import Unsettled
from dragoman.call.path import CallPath
from dragoman.call.stored import read_call
from dragoman.clock import Deadline
from dragoman.errors import NotFoundError
from dragoman.operation import Call, Effect, JsonObject, Outcome, Status

__all__ = ["Resuming"]


@dataclass(frozen=True, slots=True)
class Resuming:
    """Finds what is kept of a call: with its question, its record or its claim."""

    path: CallPath
    approvals: Approvals
    audit: AuditLog
    unsettled: Unsettled

    async def __call__(self, call_id: str, deadline: Deadline) -> Outcome:
        """Run the call again from *identify*; raises `NotFoundError` where it was not kept."""
        approval = await self.approvals.of_call(call_id)
        record = await self._record(call_id)
        # A question that was answered keeps no words where less than all is kept.
        stored = (approval and approval.call) or await self._kept(call_id, record)
        if not stored:
            raise NotFoundError(f"The call {call_id} was not kept so that it could run again.")
        # However long ago it was sent: to be resumed does not make it another one.
        call = replace(read_call(stored, deadline), same_for=None)
        if record is not None and await self._is_over(call, record):
            return _done(record)
        return await self.path.run(call)

    async def _record(self, call_id: str) -> CallRecord | None:
        try:
            return await self.audit.get_call(call_id)
        except NotFoundError:
            return None

    async def _kept(self, call_id: str, record: CallRecord | None) -> JsonObject | None:
        """Return the call of a record; where there is none because its process died, of its claim.

        Raises `NotFoundError` where there is neither.
        """
        if record is not None and (record.resumable or record.status != Status.UNKNOWN):
            return record.resumable
        return (await self.unsettled.get(call_id)).call

    async def _is_over(self, call: Call, record: CallRecord) -> bool:
        """Whether it was a write that happened, and whose answer is kept no more.

        So it is once another write has ended the sameness: an equal call would be a new one.
        """
        if record.status != Status.OK or record.effect in {"", Effect.READ} or record.dry_run:
            return False
        claim = self.path.claim
        rules = self.path.authorize.policy.rules(self.path.authorize.operation(call.operation))
        return await claim.claims.find(await claim.keys.key(call, rules)) is None


def _done(record: CallRecord) -> Outcome:
    note = (
        f"It was done at {record.at:%Y-%m-%d %H:%M} UTC, and was not done again. What the API "
        f"answered is not kept any more. To do it once more: dragoman log {record.id} --replay"
    )
    return Outcome(
        id=record.id,
        operation=record.operation,
        status=Status.OK,
        note=note,
        source=record.api,
        repeated_from=record.at,
        record=record.as_json(),
    )
