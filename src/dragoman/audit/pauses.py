"""Pauses: what the owner has stopped for now, as stored facts that every process heeds.

A subject is `all`, `api:shop`, `operation:shop.refundOrder` or `caller:support-bot`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from dragoman.clock import Clock
from dragoman.errors import NotFoundError, PolicyError
from dragoman.identifiers import new_id
from dragoman.operation import Operation
from dragoman.store.columns import moment_text, read_moment
from dragoman.store.statements import Row, Statements
from dragoman.store.store import Store

__all__ = ["ALL", "Pause", "Pauses"]

ALL = "all"
"""The subject that stops everything."""

_CACHED_SECONDS = 1.0
"""How long a process may go on without looking whether a pause was made elsewhere."""

_COLUMNS = "id, subject, reason, by_whom, at"
_IN_FORCE = f"SELECT {_COLUMNS} FROM pause_log WHERE ended IS NULL ORDER BY at, id"  # noqa: S608
_BEGIN = f"INSERT INTO pause_log ({_COLUMNS}) VALUES (:id, :subject, :reason, :by_whom, :at)"  # noqa: S608
_END = """
UPDATE pause_log SET ended = :now, ended_by = :by WHERE subject = :subject AND ended IS NULL
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause in force: who stopped what, when and why."""

    id: str
    subject: str
    reason: str
    by: str
    at: datetime

    @property
    def named(self) -> str:
        """What is paused, as a sentence begins with it."""
        kind, _, name = self.subject.partition(":")
        return "everything" if kind == ALL else name

    @property
    def again(self) -> str:
        """What `dragoman unpause` takes to end it."""
        return "--all" if self.subject == ALL else self.named


class Pauses:
    """The pauses in the store; a process sees those of others within a second."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, Pause] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def begin(self, subject: str, *, reason: str, by: str) -> Pause:
        """Stop a subject from the next call on; one that is paused gets the new reason."""
        pause = Pause(new_id("pz_"), subject, reason, by, self._clock.now())

        def work(statements: Statements) -> None:
            ending = {"subject": subject, "now": moment_text(pause.at), "by": by}
            statements.run(_END, ending)
            statements.run(
                _BEGIN,
                {
                    "id": pause.id,
                    "subject": subject,
                    "reason": reason,
                    "by_whom": by,
                    "at": moment_text(pause.at),
                },
            )

        await self._store.write(work)
        self._read_at = None
        return pause

    async def end(self, subject: str, *, by: str) -> None:
        """Let a subject go on; raises `NotFoundError` naming what is paused where it is not."""
        ending = {"subject": subject, "now": moment_text(self._clock.now()), "by": by}
        ended = await self._store.write(lambda statements: statements.run(_END, ending))
        self._read_at = None
        if not ended:
            known = ", ".join(pause.subject for pause in await self.in_force())
            raise NotFoundError(
                f"{subject} is not paused.", hint=f"Paused: {known}." if known else "Nothing is."
            )

    async def in_force(self) -> list[Pause]:
        """Return the pauses that hold now, the oldest first, straight from the store."""
        return [_read(row) for row in await self._store.glance(_IN_FORCE)]

    async def check(self, caller: str, operation: Operation) -> None:
        """Let a call go on; raises `PolicyError` with who paused what and why."""
        await self._refresh()
        if not self._known:
            return
        subjects = (
            ALL,
            f"api:{operation.api}",
            f"operation:{operation.id}",
            # The name it had before the owner renamed it: a pause is not undone by that.
            f"operation:{operation.api}.{operation.described_as}",
            f"caller:{caller}",
        )
        for subject in subjects:
            if pause := self._known.get(subject):
                raise _paused(pause)

    async def _refresh(self) -> None:
        if self._is_fresh():
            return
        async with self._reading:
            if not self._is_fresh():
                read_at = self._clock.monotonic()
                self._known = {pause.subject: pause for pause in await self.in_force()}
                self._read_at = read_at

    def _is_fresh(self) -> bool:
        return (
            self._read_at is not None and self._clock.monotonic() - self._read_at < _CACHED_SECONDS
        )


def _paused(pause: Pause) -> PolicyError:
    named = "Everything" if pause.subject == ALL else pause.named
    why = f": {pause.reason.rstrip('.')}" if pause.reason else ""
    return PolicyError(
        f"{named} is paused since {pause.at:%Y-%m-%d %H:%M} UTC by {pause.by}{why}.",
        hint=f"To go on: dragoman unpause {pause.again}",
        rule=f"pause {pause.id}",
    )


def _read(row: Row) -> Pause:
    return Pause(row["id"], row["subject"], row["reason"], row["by_whom"], read_moment(row["at"]))
