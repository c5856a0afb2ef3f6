"""What changed of configuration, descriptions and lock is noted in the store with the calls."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from dragoman.apis.description import Description
from dragoman.audit.changes import Changes
from dragoman.audit.privacy import Privacy, sweep
from dragoman.audit.records import AuditLog
from dragoman.catalog.compiled import Described
from dragoman.catalog.lock import Lock, Pin, Pinned
from dragoman.config.load import load
from dragoman.operation import Effect
from dragoman.store.store import Store
from made_records import called
from moved_clock import NOON, MovedClock

SHOP = {"openapi": "./shop.json", "auth": {"bearer": "${SHOP_TOKEN}"}}


def described(digest: str) -> dict[str, Described]:
    description = Description("shop", "Shop", "1", "", operations={})
    return {"shop": Described(description, digest=digest)}


def locked(*hashes: str) -> Lock:
    pins = {h: Pin(f"shop.{h}", "GET /", Effect.READ, "", (), h * 64) for h in hashes}
    return Lock(Path("dragoman.lock"), "dragoman.lock", {"shop": Pinned("shop", "", (), "1", pins)})


async def opened(
    store: Store,
    clock: MovedClock,
    *,
    digest: str = "1" * 64,
    lock: Lock | None = None,
    top: dict[str, Any] | None = None,
    **settings: Any,
) -> Changes:
    """Let a process open a configuration and make one call."""
    file = Path(store.folder or Path("/tmp")) / "dragoman.yaml"  # noqa: S108 - it is only named
    configuration = load({"version": 1, "apis": {"shop": SHOP | settings}, **(top or {})})
    configuration.positions[()] = file.as_posix()  # type: ignore[index] # as if it were a file
    changes = Changes(configuration, described(digest), lock, clock)
    log = AuditLog(store, clock, lambda value: value, changes=changes)
    await log.call(called(at=clock.now()))
    await log.aclose()
    return changes


async def rows(store: Store) -> list[str]:
    query = (
        "SELECT kind, subject, note FROM change_log WHERE kind <> 'version' ORDER BY at, kind, id"
    )
    found = await store.read(query, {})
    return [f"{row['kind']} {row['subject']}: {row['note']}" for row in found]


FIRST = [
    "configuration dragoman.yaml: apis.shop: first seen",
    "description shop: first seen: 0 operations",
]


async def test_the_first_call_notes_how_all_was_and_the_next_processes_nothing_more(
    store: Store, clock: MovedClock
) -> None:
    for _ in range(3):
        await opened(store, clock)
    assert await rows(store) == FIRST
    kinds = await store.read("SELECT subject, note FROM changes WHERE kind = 'version'", {})
    assert [row["subject"] for row in kinds] == ["dragoman"]


async def test_what_changes_is_one_row_that_names_it(store: Store, clock: MovedClock) -> None:
    await opened(store, clock)
    clock.later += timedelta(seconds=1)
    await opened(store, clock, limits={"rate": "5/minute"})
    clock.later += timedelta(seconds=1)
    await opened(store, clock, limits={"rate": "5/minute"}, digest="2" * 64)
    clock.later += timedelta(seconds=1)
    await opened(store, clock, limits={"rate": "5/minute"}, digest="2" * 64, lock=locked("a"))
    clock.later += timedelta(seconds=1)
    lock = locked("a", "b")
    await opened(store, clock, limits={"rate": "5/minute"}, digest="2" * 64, lock=lock)
    clock.later += timedelta(seconds=1)
    top = {"callers": {"bot": {"scopes": ["shop:read"]}}}
    await opened(store, clock, digest="2" * 64, lock=lock, top=top)
    clock.later += timedelta(seconds=1)
    await opened(store, clock, digest="2" * 64, lock=lock)
    assert (await rows(store))[2:] == [
        "configuration dragoman.yaml: apis.shop: changed",
        "description shop: still 0 operations",
        "lock shop: added: 1 operations accepted",
        "lock shop: 2 operations accepted, before: 1 operations accepted",
        "configuration dragoman.yaml: apis.shop: changed",
        "configuration dragoman.yaml: callers: added",
        "configuration dragoman.yaml: callers: taken away",
    ]


async def test_processes_that_start_together_note_a_change_once(
    shared_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    stores = [Store(shared_url, tmp_path) for _ in range(5)]
    await asyncio.gather(*(opened(store, clock) for store in stores))
    assert await rows(stores[0]) == FIRST
    await asyncio.gather(*(store.aclose() for store in stores))


async def test_calls_carry_the_digests_of_what_they_were_made_under(
    store: Store, clock: MovedClock
) -> None:
    one = await opened(store, clock)
    same = await opened(store, clock)
    other = await opened(store, clock, digest="2" * 64, cache="1m")
    assert one.settings_digest == same.settings_digest != other.settings_digest
    assert (one.description_digest("shop"), other.description_digest("shop")) == (
        "1" * 16,
        "2" * 16,
    )
    assert one.description_digest("written_by_hand") == ""


async def test_no_value_of_the_configuration_is_kept(store: Store, clock: MovedClock) -> None:
    await opened(store, clock, description="A word of ours")
    kept = json.dumps([dict(row) for row in await store.read("SELECT * FROM change_log", {})])
    assert "word" not in kept
    assert "SHOP_TOKEN" not in kept


async def test_opening_and_reading_the_log_note_nothing(store: Store, clock: MovedClock) -> None:
    changes = Changes(load({"version": 1, "apis": {"shop": SHOP}}), described("1"), None, clock)
    log = AuditLog(store, clock, lambda value: value, changes=changes)
    await log.turns("A1")
    await log.aclose()
    assert await rows(store) == []


async def test_the_last_row_of_each_thing_outlives_the_others(
    store: Store, clock: MovedClock
) -> None:
    await opened(store, clock)
    clock.later += timedelta(seconds=86_400)
    await opened(store, clock, cache="1m")
    clock.later += timedelta(seconds=86_400 * 100)
    await store.write(lambda statements: sweep(statements, Privacy(), clock))
    assert await rows(store) == [FIRST[1], "configuration dragoman.yaml: apis.shop: changed"]
    assert clock.now() > NOON
