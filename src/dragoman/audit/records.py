"""The audit log: what was called, asked and answered, written off the path and read by people."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dragoman.audit.batches import Batches
from dragoman.audit.changes import Changes
from dragoman.audit.facts import AnswerRecord, CallFilter, CallRecord, TurnRecord
from dragoman.audit.privacy import Privacy, forget_user, sweep, withheld
from dragoman.audit.rows import UPSERTS, R, Record, Redact, read_record, row_of
from dragoman.clock import Clock
from dragoman.errors import NotFoundError, StoreError
from dragoman.store.columns import moment_text
from dragoman.store.statements import Parameters, Statements
from dragoman.store.store import Store

__all__ = ["AnswerRecord", "AuditLog", "CallFilter", "CallRecord", "TurnRecord"]

_log = logging.getLogger("dragoman.audit")

_BY_NAME = "SELECT * FROM {} WHERE upper(id) >= :first AND upper(id) < :last ORDER BY id LIMIT 2"
_CONDITIONS = {
    "since": "at >= :since",
    "until": "at < :until",
    "caller": "caller = :caller",
    "operation": "lower(operation) LIKE :operation ESCAPE '!'",
    "status": "status = :status",
    "answer_id": "answer_id = :answer_id",
    "user": "user_id = :user",
}
_COUNT = """
SELECT count(*) AS calls FROM call_log
WHERE at >= :since AND caller = :caller AND prepared IS NOT NULL AND NOT dry_run
"""
_TURNS = "SELECT * FROM turn_log WHERE answer_id = :id ORDER BY step LIMIT 1000"
_MOST = 10_000
"""Calls in one answer."""

_LONGEST = timedelta(minutes=15)
"""How long after its beginning a call may be recorded so that it is still followed."""

_SWEEP_SECONDS = 3600.0
"""How often a process deletes what is too old, together with what it writes."""


class AuditLog:
    """The record of calls, turns and answers.

    What is handed in is written within 50 ms; a process that is killed loses no more than that. A
    later record of the same id takes the place of the earlier one. Nothing is written that
    `redact_json` finds a secret in.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        redact_json: Redact,
        privacy: Privacy | None = None,
        changes: Changes | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._redact = redact_json
        self._privacy = privacy or Privacy()
        self._changes = changes
        self._swept: float | None = None
        self._batches = Batches[Record](self._save)

    async def call(self, record: CallRecord) -> None:
        """Hand in the record of a call; waits only while ten thousand are not written yet."""
        await self._batches.put(record)

    async def turn(self, record: TurnRecord) -> None:
        """Hand in the record of a model's reply."""
        await self._batches.put(record)

    async def answer(self, record: AnswerRecord) -> None:
        """Hand in the record of an answer."""
        await self._batches.put(record)

    @property
    def waiting(self) -> int:
        """How many records are not written yet."""
        return self._batches.waiting

    @property
    def lost(self) -> int:
        """How many records could not be written, ever."""
        return self._batches.lost

    async def flush(self) -> None:
        """Wait until all that was handed in is written; raises `StoreError` for what was lost."""
        await self._batches.flush()

    async def aclose(self) -> None:
        """Write all that was handed in; raises `StoreError` for what was lost."""
        await self._batches.flush()

    async def get_call(self, id: str) -> CallRecord:  # noqa: A002 - it is what people call it
        """Return a call by its id or the beginning of it, in any case; or `NotFoundError`."""
        return await self._get(CallRecord, "call", id)

    async def get_answer(self, id: str) -> AnswerRecord:  # noqa: A002
        """Return an answer by its id or the beginning of it, in any case; or `NotFoundError`."""
        return await self._get(AnswerRecord, "answer", id)

    async def turns(self, answer_id: str) -> list[TurnRecord]:
        """Return the model's replies within an answer, in their order."""
        await self._batches.settle()
        rows = await self._store.read(_TURNS, {"id": answer_id})
        return [read_record(TurnRecord, row) for row in rows]

    async def calls(self, wanted: CallFilter, limit: int) -> list[CallRecord]:
        """Return calls, the newest first, `limit` and ten thousand at the most."""
        await self._batches.settle()
        where, parameters = _where(wanted)
        parameters["limit"] = max(0, min(limit, _MOST))
        sql = f"SELECT * FROM call_log {where} ORDER BY at DESC, id DESC LIMIT :limit"  # noqa: S608
        return [read_record(CallRecord, row) for row in await self._store.read(sql, parameters)]

    async def follow(self, wanted: CallFilter, seconds: float) -> AsyncGenerator[CallRecord, None]:
        """Yield calls as they are recorded from now on; the store is asked every `seconds`.

        A call is recorded when it ends, and again when it was resumed.
        """
        known: set[tuple[str, str]] | None = None
        while True:
            since = self._clock.now() - _LONGEST
            where, parameters = _where(replace(wanted, since=since))
            sql = f"SELECT id, status, at FROM call_log {where} ORDER BY at DESC LIMIT {_MOST}"  # noqa: S608
            await self._batches.settle()
            rows = await self._store.read(sql, parameters)
            new = [] if known is None else [r for r in rows if (r["id"], r["status"]) not in known]
            known = {(row["id"], row["status"]) for row in rows}
            for row in reversed(new):
                yield await self.get_call(row["id"])
            await self._clock.sleep(seconds)

    async def count(self, caller: str, since: datetime) -> int:
        """Return how many requests a caller had made for it since then; a dry run is none.

        What was refused before there was a request (a scope, an argument) is none either.
        """
        await self._batches.settle()
        wanted = {"caller": caller, "since": moment_text(since)}
        return int((await self._store.read(_COUNT, wanted))[0]["calls"])

    async def _get(self, kind: type[R], noun: str, name: str) -> R:
        await self._batches.settle()
        beginning = name.strip().upper()[:100]
        if not beginning:
            raise NotFoundError(f"There is no {noun} without an id.")
        bounds = {"first": beginning, "last": beginning + "\U0010ffff"}
        rows = await self._store.read(_BY_NAME.format(f"{noun}_log"), bounds)
        if len(rows) == 1 or (rows and rows[0]["id"].upper() == beginning):
            return read_record(kind, rows[0])
        if rows:
            raise NotFoundError(
                f"More than one {noun} begins with '{name[:40]}'.",
                hint=f"{rows[0]['id']} and {rows[1]['id']} do: write more of it.",
            )
        raise NotFoundError(
            f"There is no {noun} '{name[:40]}'.", hint="dragoman log lists what there is."
        )

    async def forget_user(self, user: str) -> int:
        """Delete what is kept of an end user; returns how many calls and answers that were."""
        await self._batches.settle()
        return await self._store.write(lambda statements: forget_user(statements, user))

    async def _save(self, batch: Sequence[Record]) -> None:
        now = self._clock.monotonic()
        is_due = self._swept is None or now - self._swept > _SWEEP_SECONDS
        self._swept = now if is_due else self._swept

        def keep(statements: Statements) -> None:
            """Make the rows here, in the thread of the store, and not on the path of a call."""
            rows: dict[type[Record], list[Parameters]] = {kind: [] for kind in UPSERTS}
            for record in batch:
                kept = withheld(record, self._privacy.bodies)
                rows[type(kept)].append(row_of(kept, self._redact))
            for kind, some in rows.items():
                if some:
                    statements.run_many(UPSERTS[kind], some)

        await self._store.write(keep, durable=False)
        if is_due:
            await self._sweep()

    async def _sweep(self) -> None:
        """Note what has changed, and delete what is too old: where it fails no record is lost."""

        def tidy(statements: Statements) -> None:
            if self._changes is not None:
                self._changes.write(statements)
            sweep(statements, self._privacy, self._clock)

        try:
            await self._store.write(tidy, durable=False)
        except StoreError as error:
            _log.error("what is too old could not be deleted: %s", error.detail)
        else:
            self._changes = None


def _where(wanted: CallFilter) -> tuple[str, dict[str, str | int]]:
    """Return the condition of SQL for a filter, empty where it wants all, and its parameters."""
    parameters: dict[str, str | int] = {}
    for name in _CONDITIONS:
        value = getattr(wanted, name)
        if isinstance(value, datetime):
            parameters[name] = moment_text(value)
        elif value is not None:
            parameters[name] = _glob(value) if name == "operation" else value
    conditions = [sql for name, sql in _CONDITIONS.items() if name in parameters]
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", parameters


def _glob(pattern: str) -> str:
    """Return a glob as a pattern of LIKE, in which `!` escapes."""
    escaped = pattern.lower()
    for special in "!%_":
        escaped = escaped.replace(special, f"!{special}")
    return escaped.replace("*", "%").replace("?", "_")
