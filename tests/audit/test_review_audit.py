"""Records and pauses where the store, or the owner's file, is not what it was."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from test_approvals import question
from test_claims import claim

from dragoman.audit import records
from dragoman.audit.approvals import Approvals
from dragoman.audit.caller_keys import CallerKeys
from dragoman.audit.claims import Claims
from dragoman.audit.pauses import Pauses
from dragoman.audit.privacy import Privacy, sweep
from dragoman.audit.records import AuditLog
from dragoman.clock import SystemClock
from dragoman.errors import NotFoundError
from dragoman.store.glance import glance
from dragoman.store.store import Store
from made_records import answered, called
from moved_clock import MovedClock


def log_of(store: Store, clock: MovedClock, privacy: Privacy | None = None) -> AuditLog:
    return AuditLog(store, clock, lambda value: value, privacy)


async def test_a_sweep_that_fails_loses_no_record(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise sqlite3.OperationalError("the disk is on fire")

    monkeypatch.setattr(records, "sweep", broken)
    log = log_of(store, clock)
    await log.call(called("C123456789"))
    await log.flush()
    assert (await log.get_call("C123456789")).operation == "shop.getOrder"


async def test_a_conversation_whose_question_has_expired_is_not_kept(
    store: Store, clock: MovedClock
) -> None:
    privacy = Privacy("redacted")
    log = log_of(store, clock, privacy)
    await log.answer(answered("A1", status="pending"))
    await Approvals(store, clock).ask(question("ap_1", answer_id="A1"))
    await log.flush()
    await store.write(lambda s: sweep(s, privacy, clock))
    assert (await log.get_answer("A1")).state is not None
    clock.later = timedelta(hours=25)
    await store.write(lambda s: sweep(s, privacy, clock))
    assert (await log.get_answer("A1")).state is None


async def test_what_was_denied_can_still_be_told_to_whoever_waits_for_it(
    store: Store, clock: MovedClock
) -> None:
    approvals = Approvals(store, clock)
    await approvals.ask(question("ap_1"))
    await approvals.answer("ap_1", approved=False, by="ana", reason="no")
    privacy = Privacy("nothing")
    log = log_of(store, clock, privacy)
    await log.answer(answered("A1", status="pending"))
    await log.flush()
    await store.write(lambda s: sweep(s, privacy, clock))
    assert (await approvals.get("ap_1")).call == question().call
    await log.answer(answered("A1"))
    await log.flush()
    await store.write(lambda s: sweep(s, privacy, clock))
    assert (await approvals.get("ap_1")).call == {}


async def test_a_claim_that_waited_in_vain_goes_with_its_approval(
    store: Store, clock: MovedClock
) -> None:
    await Claims(store, clock).wait(claim("k", "C1"))
    privacy = Privacy(keep=timedelta(days=1))
    await store.write(lambda s: sweep(s, privacy, clock))
    assert len(await store.read("SELECT key FROM claims", {})) == 1
    clock.later = timedelta(days=3)
    await store.write(lambda s: sweep(s, privacy, clock))
    assert await store.read("SELECT key FROM claims", {}) == []


async def test_a_key_that_is_revoked_while_it_is_rotated_has_no_heir(
    store: Store, clock: MovedClock
) -> None:
    revoking: list[str] = []

    async def server_key() -> bytes:
        for key_id in revoking:
            await keys.revoke(key_id)
        return b"k" * 32

    keys = CallerKeys(store, clock, server_key)
    old, _ = await keys.create("bot")
    revoking.append(old.id)
    with pytest.raises(NotFoundError, match="does not let anyone in"):
        await keys.rotate(old.id, overlap=timedelta(hours=1))
    assert [key.id for key in await keys.list()] == [old.id]


@pytest.mark.parametrize(
    "name", ["a b.db", "100%25.db", "what?.db", "a#b.db", "ä.db", "a&mode=rwc.db"]
)
async def test_a_pause_is_seen_at_a_glance_whatever_the_file_is_called(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE pause_log (id TEXT)")
    connection.execute("INSERT INTO pause_log VALUES ('p')")
    connection.commit()
    assert glance(path, "SELECT id FROM pause_log") == [{"id": "p"}], "out of the log, not the file"
    connection.close()
    assert glance(path, "SELECT id FROM pause_log") == [{"id": "p"}]


async def test_a_file_that_another_holds_for_itself_is_not_taken_for_one_without_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dragoman.store import glance as module

    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    path = tmp_path / "d.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE pause_log (id TEXT)")
    connection.execute("BEGIN EXCLUSIVE")
    assert glance(path, "SELECT id FROM pause_log") is None
    connection.close()


async def test_pauses_in_memory_and_in_postgres_hold_as_well(store: Store) -> None:
    pauses = Pauses(store, SystemClock())
    await pauses.begin("api:shop", reason="", by="ana")
    assert [one.subject for one in await pauses.in_force()] == ["api:shop"]


async def test_no_batch_is_lost_to_a_sweep_while_the_store_has_been_failing(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise sqlite3.OperationalError("locked")

    monkeypatch.setattr(records, "sweep", broken)
    log = log_of(store, clock)
    log._batches._failing = True  # so that a batch is tried once
    await log.call(called("C123456789"))
    await log.flush()
    assert (await log.get_call("C123456789")).operation == "shop.getOrder"


async def test_where_nothing_is_kept_no_name_of_an_argument_is(
    store: Store, clock: MovedClock
) -> None:
    log = log_of(store, clock, Privacy("nothing"))
    await log.call(called("C123456789", origins={"diagnosis": "the mail of Ana"}))
    await log.flush()
    assert "diagnosis" not in str(await store.read("SELECT * FROM call_log", {}))
