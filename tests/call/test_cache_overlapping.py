"""Reads that overlap with writes, with changed keys and with each other, for several people.

Every order in which they begin and end is as good as any other, so that hypothesis chooses it. What
is sent is stamped with who asked, with what was shown and with how many writes there had been; the
API is as unhelpful as it can be, and says 304 to every question.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.access.policy import Rules
from dragoman.audit.claims import Claims
from dragoman.call.edited import Edits
from dragoman.call.fresh import Fresh
from dragoman.call.generations import LocalGenerations
from dragoman.call.keys import Keys
from dragoman.call.reuse import Reuse
from dragoman.clock import Deadline, SystemClock
from dragoman.operation import Call, Credential, Effect, Headers, Prepared, Received

ORDER = Prepared("shop.getOrder", "shop", "http", Effect.READ, "GET", "http://127.0.0.1/orders/1")
SAYS = (("cache-control", "max-age=600"), ("etag", '"same-for-all"'))
ASKS = (("etag", '"same-for-all"'),)
CLOCK = SystemClock()

Who = tuple[str, str | None]


@dataclass
class World:
    """What is true now: the key that each end user shows, and how many writes there were."""

    says: Headers = SAYS
    keys: dict[str | None, str] = field(default_factory=dict)
    writes: int = 0
    out: list[tuple[list[asyncio.Event], asyncio.Task[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fresh = Fresh(CLOCK, LocalGenerations(), self._shown)
        unused: Any = None  # What a write needs, and a read does not.
        self.reuse = Reuse(
            cast("Claims", unused), cast("Keys", unused), self.fresh, cast("Edits", unused)
        )

    async def _shown(self, call: Call, prepared: Prepared) -> str:
        await asyncio.sleep(0)
        return self.fingerprint(call.user)

    def fingerprint(self, user: str | None) -> str:
        return Credential(headers=(("Authorization", self.keys.get(user, "first")),)).fingerprint

    async def begin(self, who: Who) -> None:
        """Let a read begin; it stands still before it is sent, and again before it is answered."""
        waits = [asyncio.Event(), asyncio.Event()]
        self.out.append((waits, asyncio.create_task(self._read(who, *waits))))
        await _settle()

    async def go_on(self, which: int) -> None:
        if not self.out:
            return
        waits, task = self.out[which % len(self.out)]
        waits.pop(0).set()
        await _settle()
        if not waits:
            self.out.remove((waits, task))
            await task

    async def _read(self, who: Who, sends: asyncio.Event, answers: asyncio.Event) -> None:
        caller, user = who
        call = Call(
            "1", ORDER.operation, {}, Deadline.after(9, CLOCK), "s", caller=caller, user=user
        )
        writes, shown = self.writes, self.fingerprint(user)

        async def perform(conditional: Headers = ()) -> Received:
            nonlocal shown
            await sends.wait()
            shown = self.fingerprint(user)
            stamp = {"who": [caller, user], "shown": shown, "writes": self.writes}
            body, says = json.dumps(stamp).encode(), self.says
            await answers.wait()
            if conditional:
                return Received(304, "", says, b"", 0.0, shown=shown)
            return Received(200, "application/json", says, body, 0.0, shown=shown)

        got = json.loads((await self.reuse(call, ORDER, Rules(), perform)).body)
        assert got["who"] == [caller, user]
        assert got["shown"] == shown, "it was fetched with another key than the last one shown"
        assert got["writes"] >= writes, "it was read before a write that had ended"


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


PEOPLE: st.SearchStrategy[Who] = st.tuples(
    st.sampled_from(["owner", "ana"]), st.sampled_from([None, "u_1"])
)
STEPS = st.one_of(
    st.tuples(st.just("begin"), PEOPLE),
    st.tuples(st.just("begin"), PEOPLE),
    st.tuples(st.just("go on"), st.integers(0, 5)),
    st.tuples(st.just("go on"), st.integers(0, 5)),
    st.tuples(st.just("go on"), st.integers(0, 5)),
    st.tuples(st.just("write"), st.none()),
    st.tuples(st.just("key"), st.tuples(st.sampled_from([None, "u_1"]), st.uuids().map(str))),
    st.tuples(st.just("says"), st.sampled_from([SAYS, ASKS])),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([SAYS, ASKS]), st.lists(STEPS, min_size=10, max_size=50))
def test_whatever_overlaps_nobody_is_given_what_is_anothers(
    says: Headers, steps: list[tuple[str, Any]]
) -> None:
    async def run() -> None:
        world = World(says)
        for what, value in [*steps, *[("go on", 0)] * 2 * len(steps)]:
            if what == "begin":
                await world.begin(value)
            elif what == "go on":
                await world.go_on(value)
            elif what == "write":
                world.writes += 1
                await world.fresh.forget("shop")
            elif what == "key":
                world.keys[value[0]] = value[1]
            else:
                world.says = value

    asyncio.run(run())


async def test_a_body_is_not_kept_when_nobody_knows_what_was_shown_for_it() -> None:
    world = World()
    call = Call("1", ORDER.operation, {}, Deadline.after(9, CLOCK), "s")
    place = await world.fresh.place(call, ORDER, Rules())
    assert place is not None
    await world.fresh.keep(place, Received(200, "application/json", SAYS, b"{}", 0.0))
    assert await world.fresh.find(place) is None


def test_a_fingerprint_tells_credentials_apart_and_not_what_they_are() -> None:
    places: list[Any] = [
        {},
        {"headers": (("X-Key", "secret-of-ours"),)},
        {"query": (("X-Key", "secret-of-ours"),)},
        {"cookies": (("X-Key", "secret-of-ours"),)},
        {"headers": (("X-Key", "secret-of-others"),)},
    ]
    prints = {Credential(**place).fingerprint for place in places}
    assert len(prints) == len(places)
    assert not any("secret" in one for one in prints)
    assert Credential(label="a").fingerprint == Credential(label="b").fingerprint
