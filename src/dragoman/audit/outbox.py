"""The outbox: who is to be told of what, stored in one transaction with what it tells of.

A row is one event for one destination. Events of one subject reach a destination in their order:
a later one waits until the earlier is delivered, or given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dragoman.clock import Clock
from dragoman.errors import NotFoundError
from dragoman.identifiers import new_id
from dragoman.operation import JsonObject
from dragoman.store.columns import json_text, moment_text, read_json, read_moment
from dragoman.store.statements import Parameters, Row, Statements
from dragoman.store.store import Store

__all__ = ["Notice", "Outbox"]

_COLUMNS = "id, event, subject, destination, at, payload, state, tries, due, error"
_PUT = f"""
INSERT INTO event_outbox ({_COLUMNS}) VALUES (:id, :event, :subject, :destination, :at, :payload,
  'waiting', 0, :due, NULL)
"""  # noqa: S608 - made of constants, as is all SQL here
_WAITING = """
SELECT at, event, payload, lease_until FROM event_outbox
WHERE destination = :destination AND subject = :subject AND state = 'waiting'
"""
_FREE = "state = 'waiting' AND (lease_until IS NULL OR lease_until <= :now)"
_LEASE = f"""
UPDATE event_outbox SET lease_until = :until, tries = tries + 1 WHERE id IN (
  SELECT id FROM event_outbox AS one
  WHERE destination = :destination AND due <= :now AND {_FREE} AND NOT EXISTS (
    SELECT 1 FROM event_outbox AS earlier WHERE earlier.destination = one.destination
      AND earlier.subject = one.subject AND earlier.state = 'waiting' AND earlier.at < one.at)
  ORDER BY due LIMIT :most) AND {_FREE} RETURNING {_COLUMNS}
"""  # noqa: S608
_DELIVERED = """
UPDATE event_outbox SET state = 'delivered', delivered = :now, payload = '{}', error = NULL
WHERE id = :id AND state = 'waiting'
"""
_FAILED = """
UPDATE event_outbox SET state = :state, due = :due, error = :error, lease_until = NULL
WHERE id = :id AND state = 'waiting' AND tries = :tries
"""
_RETRY = """
UPDATE event_outbox SET state = 'waiting', due = :now, tries = 0, lease_until = NULL
WHERE id = :id AND state IN ('waiting', 'given_up') RETURNING id
"""
_NEXT = """
SELECT min(CASE WHEN lease_until > due THEN lease_until ELSE due END) AS next
FROM event_outbox WHERE destination = :destination AND state = 'waiting'
"""
_LIST = f"""
SELECT {_COLUMNS} FROM event_outbox WHERE state IN ('waiting', 'given_up') ORDER BY at, id LIMIT 200
"""  # noqa: S608

_MAX_ERROR = 500

_log = logging.getLogger("dragoman.audit")


@dataclass(frozen=True, slots=True)
class Notice:
    """One event for one destination; `id` stays the same however often it is sent."""

    id: str
    event: str
    subject: str
    destination: str
    at: datetime
    payload: JsonObject
    state: str
    tries: int
    due: datetime
    error: str


@dataclass(slots=True)
class Outbox:
    """The events in the store; `subscribers` says of each destination which events it is told."""

    store: Store
    clock: Clock
    subscribers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    emitted: int = 0
    """How many times something was put here by this process."""
    heard: Callable[[str, JsonObject], None] | None = None
    """Is told of each event and what is told of it, also where nobody else is."""
    _watchers: list[asyncio.Event] = field(default_factory=list)
    _emitting: set[asyncio.Future[None]] = field(default_factory=set)

    def put(self, statements: Statements, event: str, subject: str, payload: JsonObject) -> None:
        """Add an event within a transaction; `wake` is called once that is committed.

        What waits to be told already is not told twice, so that few wait of one subject.
        """
        if self.heard is not None:
            self.heard(event, payload)
        for destination, events in self.subscribers.items():
            if event not in events:
                continue
            place = {"destination": destination, "subject": subject}
            now, text = self.clock.now(), json_text(payload)
            before = statements.run(_WAITING, place)
            if any(_is_told_by(row, event, text, now) for row in before):
                continue
            # Later than the one before, also where a clock stands still or another process' runs
            # ahead: it is the order.
            later = (read_moment(row["at"]) + timedelta(microseconds=1) for row in before)
            at = max([now, *later])
            statements.run(
                _PUT,
                place
                | {"id": new_id("ev_", 16), "event": event, "payload": text}
                | {"at": moment_text(at), "due": moment_text(now)},
            )

    async def emit(self, event: str, subject: str, payload: JsonObject) -> None:
        """Add an event; it is stored when this returns, and delivered some time after."""
        if any(event in events for events in self.subscribers.values()):
            await self.store.write(lambda s: self.put(s, event, subject, payload))
            self.wake()

    def emit_soon(self, event: str, subject: str, payload: JsonObject) -> None:
        """The same for code that cannot wait; what the store cannot take is logged."""
        task = asyncio.ensure_future(self.emit(event, subject, payload))
        self._emitting.add(task)
        task.add_done_callback(self._emitted)

    def _emitted(self, task: asyncio.Future[None]) -> None:
        self._emitting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an event could not be stored: %s", error)

    def watch(self) -> asyncio.Event:
        """Return what is set whenever something was put here; to be cleared by who waits for it."""
        self._watchers.append(asyncio.Event())
        return self._watchers[-1]

    def wake(self) -> None:
        """Tell whoever watches that there is something to deliver."""
        self.emitted += 1
        for watcher in self._watchers:
            watcher.set()

    async def lease(self, destination: str, most: int, seconds: float) -> Sequence[Notice]:
        """Take up to `most` that are due, for so many seconds; nobody else takes them meanwhile."""
        now = self.clock.now()
        until = now + timedelta(seconds=seconds)
        parameters: Parameters = {
            "destination": destination,
            "most": most,
            "now": moment_text(now),
            "until": moment_text(until),
        }
        rows = await self.store.write(lambda s: s.run(_LEASE, parameters))
        return [_read(row) for row in rows]

    async def delivered(self, notice: Notice) -> None:
        """Write down that it arrived; what it said is not kept any longer."""
        parameters = {"id": notice.id, "now": moment_text(self.clock.now())}
        await self.store.write(lambda s: s.run(_DELIVERED, parameters))

    async def failed(self, notice: Notice, error: str, again: float | None) -> None:
        """Write down why it did not; it is tried again after so many seconds, or given up."""
        due = self.clock.now() + timedelta(seconds=again or 0)
        parameters: Parameters = {
            "id": notice.id,
            "tries": notice.tries,
            "state": "given_up" if again is None else "waiting",
            "due": moment_text(due),
            "error": error[:_MAX_ERROR],
        }
        await self.store.write(lambda s: s.run(_FAILED, parameters))

    async def next_due(self, destination: str) -> datetime | None:
        """Return when there is something to do for a destination; None where nothing waits."""
        rows = await self.store.read(_NEXT, {"destination": destination})
        return read_moment(rows[0]["next"]) if rows[0]["next"] else None

    async def undelivered(self) -> Sequence[Notice]:
        """Return what was not delivered yet, or was given up, the oldest first, 200 at the most."""
        return [_read(row) for row in await self.store.read(_LIST, {})]

    async def retry(self, id: str) -> None:  # noqa: A002 - it is what people call it
        """Let one be tried again at once; raises `NotFoundError`."""
        parameters = {"id": id, "now": moment_text(self.clock.now())}
        if not await self.store.write(lambda s: s.run(_RETRY, parameters)):
            raise NotFoundError(
                f"There is no undelivered event '{id[:40]}'.", hint="List them: dragoman events"
            )
        self.wake()


def _is_told_by(waiting: Row, event: str, payload: str, now: datetime) -> bool:
    """Whether what waits says the same, and is not on its way just now."""
    on_its_way = waiting["lease_until"] is not None and read_moment(waiting["lease_until"]) > now
    return (waiting["event"], waiting["payload"]) == (event, payload) and not on_its_way


def _read(row: Row) -> Notice:
    return Notice(
        id=row["id"],
        event=row["event"],
        subject=row["subject"],
        destination=row["destination"],
        at=read_moment(row["at"]),
        payload=read_json(row["payload"]),
        state=row["state"],
        tries=row["tries"],
        due=read_moment(row["due"]),
        error=row["error"] or "",
    )
