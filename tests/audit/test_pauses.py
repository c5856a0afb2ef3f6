"""Pauses as stored facts: seen by every process within a second, and kept across restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.audit.pauses import ALL, Pauses
from dragoman.clock import SystemClock
from dragoman.errors import NotFoundError, PolicyError
from dragoman.operation import Contract, Effect, Operation
from dragoman.store.store import Store

Call = tuple[str, str, str]
"""A caller, an API and the name of an operation."""


class Seconds(SystemClock):
    """A clock whose seconds a test moves."""

    passed = 100.0

    def monotonic(self) -> float:
        return self.passed


def operation(name: str = "getOrder", api: str = "shop") -> Operation:
    return Operation(
        id=f"{api}.{name}",
        api=api,
        name=name,
        kind="http",
        effect=Effect.READ,
        read=lambda: Contract({}, (), None),
    )


@pytest.mark.parametrize(
    ("subject", "stopped", "goes_on"),
    [
        ("api:shop", [("bot", "shop", "getOrder")], [("bot", "crm", "getOrder")]),
        ("operation:shop.getOrder", [("bot", "shop", "getOrder")], [("bot", "shop", "list")]),
        ("caller:bot", [("bot", "crm", "list")], [("owner", "crm", "list")]),
        (ALL, [("bot", "shop", "getOrder"), ("owner", "crm", "list")], []),
    ],
)
async def test_a_pause_stops_what_it_names_and_nothing_else(
    store: Store,
    subject: str,
    stopped: list[tuple[str, str, str]],
    goes_on: list[tuple[str, str, str]],
) -> None:
    pauses = Pauses(store, SystemClock())
    await pauses.begin(subject, reason="a fault", by="ana")
    for caller, api, name in stopped:
        with pytest.raises(PolicyError, match=r"is paused since .* by ana: a fault\. To go on"):
            await pauses.check(caller, operation(name, api))
    for caller, api, name in goes_on:
        await pauses.check(caller, operation(name, api))


async def test_another_process_heeds_a_pause_within_a_second_and_after_a_restart(
    shared_url: str, tmp_path: Path
) -> None:
    clock = Seconds()
    ours, theirs = Store(shared_url, tmp_path), Store(shared_url, tmp_path)
    here, there = Pauses(ours, clock), Pauses(theirs, clock)
    await here.check("bot", operation())
    await there.begin("api:shop", reason="", by="ana")
    clock.passed += 1.0
    with pytest.raises(PolicyError, match=r"by ana\. To go on: dragoman unpause shop"):
        await here.check("bot", operation())
    await ours.aclose()
    await theirs.aclose()
    later = Store(shared_url, tmp_path)
    restarted = Pauses(later, clock)
    with pytest.raises(PolicyError):
        await restarted.check("bot", operation())
    await restarted.end("api:shop", by="ana")
    await restarted.check("bot", operation())
    await later.aclose()


async def test_nothing_is_asked_of_the_store_for_a_second(store: Store) -> None:
    clock = Seconds()
    pauses = Pauses(store, clock)
    await pauses.check("bot", operation())
    await store.aclose()
    clock.passed += 0.9
    await pauses.check("bot", operation())


async def test_a_second_pause_of_one_subject_replaces_its_reason(store: Store) -> None:
    pauses = Pauses(store, SystemClock())
    await pauses.begin("api:shop", reason="first", by="ana")
    await pauses.begin("api:shop", reason="second", by="bo")
    assert [(one.reason, one.by) for one in await pauses.in_force()] == [("second", "bo")]
    await pauses.end("api:shop", by="bo")
    with pytest.raises(NotFoundError, match=r"api:shop is not paused\. Nothing is\."):
        await pauses.end("api:shop", by="bo")


async def test_a_file_that_is_not_there_yet_pauses_nothing_and_is_not_made(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/new.db", tmp_path)
    await Pauses(store, SystemClock()).check("bot", operation())
    assert not (tmp_path / "new.db").exists()


async def test_a_store_that_cannot_be_read_lets_nothing_through(tmp_path: Path) -> None:
    from dragoman.errors import StoreError

    (tmp_path / "bad.db").write_bytes(b"this is no database" * 100)
    store = Store(f"sqlite:///{tmp_path}/bad.db", tmp_path)
    with pytest.raises(StoreError):
        await Pauses(store, SystemClock()).check("bot", operation())
