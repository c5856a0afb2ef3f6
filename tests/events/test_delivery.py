"""Delivery: at least once, in order, as soon as there is something, and given up after a day."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from dragoman.audit.approval import Approval
from dragoman.audit.approvals import Approvals
from dragoman.audit.outbox import Notice, Outbox
from dragoman.events.delivery import Delivery, pause_after
from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError
from dragoman.store.store import Store
from moved_clock import NOON, MovedClock

EVENTS = frozenset({"approval.asked", "approval.answered", "approval.expired"})


@dataclass
class Hearer:
    """Somebody who writes down what it is told, where `fails` lets it."""

    fails: list[UndeliveredError] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)
    new: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.heard.append(message)
        self.new.set()


@dataclass
class Process:
    """What one process has: its own outbox and delivery over a store."""

    outbox: Outbox
    approvals: Approvals
    delivery: Delivery


def process(store: Store, clock: MovedClock, hearer: Hearer) -> Process:
    outbox = Outbox(store, clock, {"ops": EVENTS})
    approvals = Approvals(store, clock, outbox)

    async def message(notice: Notice) -> Message:
        return Message(notice.id, notice.event, notice.subject, notice.at, notice.payload)

    delivery = Delivery(
        outbox,
        approvals,
        {"ops": hearer},
        message=message,
        redact=lambda text: text.replace("hunter2", "[PASSWORD]"),
        clock=clock,
        jitter=lambda most: most,
    )
    return Process(outbox, approvals, delivery)


QUESTION = Approval(
    id="ap_1",
    call={"id": "C1", "arguments": {"amount": 25}},
    call_id="C1",
    answer_id=None,
    operation="shop.refundOrder",
    effect="write",
    prepared_hash="h",
    shown={"method": "POST", "target": "https://shop.example/refunds", "question": "Refund it"},
    asked_by="bot",
    user="u_7",
    asked=NOON,
    expires=NOON + timedelta(hours=2),
)


@pytest.fixture
async def one(store: Store, clock: MovedClock) -> AsyncIterator[tuple[Process, Hearer]]:
    hearer = Hearer()
    made = process(store, clock, hearer)
    yield made, hearer
    await made.delivery.aclose()


async def test_what_is_asked_and_answered_is_told_in_that_order(
    one: tuple[Process, Hearer],
) -> None:
    here, hearer = one
    await here.approvals.ask(QUESTION)
    await here.approvals.answer("ap_1", approved=False, by="ana", reason="no")
    assert await here.delivery.turn("ops") == 1
    assert await here.delivery.turn("ops") == 1
    asked, answered = hearer.heard
    assert (asked.event, asked.payload["request"]) == (
        "approval.asked",
        "POST https://shop.example/refunds",
    )
    assert (answered.event, answered.payload["by"]) == ("approval.answered", "ana")
    assert await here.delivery.turn("ops") == 0


async def test_it_is_told_at_once_without_looking_every_moment(
    one: tuple[Process, Hearer],
) -> None:
    here, hearer = one
    here.delivery.start()
    await here.approvals.ask(QUESTION)
    await asyncio.wait_for(hearer.new.wait(), 30)
    assert [message.event for message in hearer.heard] == ["approval.asked"]


async def test_what_fails_is_tried_again_with_longer_pauses_for_a_day(
    one: tuple[Process, Hearer], clock: MovedClock
) -> None:
    here, hearer = one
    await here.approvals.ask(QUESTION)
    hearer.fails = [UndeliveredError("down, said hunter2") for _ in range(100)]
    pauses = []
    while await here.delivery.turn("ops"):
        due = await here.outbox.next_due("ops")
        if due is not None:
            pauses.append((due - clock.now()).total_seconds())
            clock.later = due - NOON
    assert pauses == [pause_after(tries) for tries in range(1, 22)]
    assert pauses == sorted(pauses)
    assert timedelta(hours=20) < timedelta(seconds=sum(pauses) / 2) < timedelta(hours=26)
    (given_up,) = await here.outbox.undelivered()
    assert (given_up.state, given_up.error) == ("given_up", "down, said [PASSWORD]")


async def test_who_asks_for_time_gets_it_and_who_wants_no_more_is_left_alone(
    one: tuple[Process, Hearer], clock: MovedClock
) -> None:
    here, hearer = one
    await here.approvals.ask(QUESTION)
    hearer.fails = [UndeliveredError("busy", again=3_600.0), UndeliveredError("gone", final=True)]
    await here.delivery.turn("ops")
    assert await here.outbox.next_due("ops") == NOON + timedelta(hours=1)
    clock.later = timedelta(hours=1)
    await here.delivery.turn("ops")
    assert [notice.state for notice in await here.outbox.undelivered()] == ["given_up"]
    assert hearer.heard == []


async def test_a_fault_of_one_message_keeps_no_other_back(
    one: tuple[Process, Hearer], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, hearer = one
    for name in ("ap_1", "ap_2"):
        await here.approvals.ask(replace(QUESTION, id=name))
    send = hearer.send

    async def broken(message: Message) -> None:
        if message.subject == "ap_1":
            raise ZeroDivisionError
        await send(message)

    monkeypatch.setattr(hearer, "send", broken)
    await here.delivery.turn("ops")
    assert [message.subject for message in hearer.heard] == ["ap_2"]
    assert [n.error for n in await here.outbox.undelivered()] == ["a fault: ZeroDivisionError"]


async def test_of_many_processes_one_tells_that_a_question_has_expired(
    shared_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    hearer = Hearer()
    stores = [Store(shared_url, tmp_path) for _ in range(3)]
    processes = [process(store, clock, hearer) for store in stores]
    for i in range(5):
        await processes[0].approvals.ask(replace(QUESTION, id=f"ap_{i}"))
    assert await processes[1].approvals.next_expiry() == QUESTION.expires
    clock.later = timedelta(hours=2)
    assert sum(await asyncio.gather(*(one.approvals.expire() for one in processes))) == 5
    while any(await asyncio.gather(*(one.delivery.turn("ops") for one in processes))):
        pass
    told = [m.subject for m in hearer.heard if m.event == "approval.expired"]
    assert sorted(told) == [f"ap_{i}" for i in range(5)]
    for store in stores:
        await store.aclose()


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_delivers_and_however_often_it_fails_nothing_is_lost_or_out_of_order(
    shared_url: str, tmp_path: Path, clock: MovedClock, seed: int
) -> None:
    chance = random.Random(seed)
    hearer = Hearer()
    stores = [Store(shared_url, tmp_path) for _ in range(3)]
    processes = [process(store, clock, hearer) for store in stores]
    for step in range(3):
        for subject in range(6):
            await chance.choice(processes).outbox.emit("approval.asked", f"s{subject}", {"n": step})
    while await processes[0].outbox.undelivered():
        hearer.fails = [UndeliveredError("down") for _ in range(chance.randrange(4))]
        await asyncio.gather(*(one.delivery.turn("ops") for one in processes))
        if chance.random() < 0.3:  # a process takes some and dies
            await processes[0].outbox.lease("ops", 2, 90)
        clock.later += timedelta(seconds=600)
    heard: dict[str, list[object]] = defaultdict(list)
    for message in hearer.heard:
        heard[message.subject].append(message.payload["n"])
    assert heard == {f"s{subject}": [0, 1, 2] for subject in range(6)}
    for store in stores:
        await store.aclose()


async def test_who_ends_tells_first_what_it_has_to_tell(store: Store, clock: MovedClock) -> None:
    hearer = Hearer()
    here = process(store, clock, hearer)
    here.delivery.start()
    await here.approvals.ask(QUESTION)
    await here.approvals.answer("ap_1", approved=True, by="ana")
    await here.delivery.aclose(seconds=60)
    assert [message.event for message in hearer.heard] == ["approval.asked", "approval.answered"]


async def test_who_hears_nothing_holds_up_no_end(store: Store, clock: MovedClock) -> None:
    class Deaf:
        async def send(self, message: Message) -> None:
            await asyncio.Event().wait()

    here = process(store, clock, Deaf())  # type: ignore[arg-type]
    here.delivery.start()
    await here.approvals.ask(QUESTION)
    await here.delivery.aclose(seconds=0.1)
    clock.later = timedelta(seconds=90)
    assert len(await here.outbox.lease("ops", 10, 60)) == 1, "another process takes it"
