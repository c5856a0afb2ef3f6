"""Claims: one write goes out, whoever else wants the same one, and its end is known."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.audit.unsettled import Unsettled
from dragoman.errors import NotFoundError
from dragoman.store.store import Store
from moved_clock import NOON, MovedClock

LEASE = timedelta(seconds=60)
ANSWER = {"status": 200, "media_type": "application/json", "body": "e30="}


def claim(key: str = "k", call_id: str = "c1", **changes: object) -> Claim:
    made = Claim(
        key=key,
        scope="s",
        api="shop",
        operation="shop.refundOrder",
        call_id=call_id,
        state=ClaimState.RUNNING,
        approval=None,
        prepared_hash="h",
        started=NOON,
        lease_until=NOON + LEASE,
    )
    return replace(made, **changes)


@pytest.fixture
def claims(store: Store, clock: MovedClock) -> Claims:
    return Claims(store, clock)


async def test_a_key_that_is_free_is_taken(claims: Claims) -> None:
    assert await claims.find("k") is None
    assert await claims.start(claim()) is None
    assert await claims.find("k") == claim()


async def test_who_comes_second_is_given_the_one_who_holds_it(claims: Claims) -> None:
    await claims.start(claim())
    assert await claims.start(claim(call_id="c2")) == claim()


async def test_of_many_at_once_one_wins(claims: Claims) -> None:
    results = await asyncio.gather(*(claims.start(claim(call_id=f"c{i}")) for i in range(20)))
    assert results.count(None) == 1
    winner = await claims.find("k")
    assert all(holder == winner for holder in results if holder is not None)


async def test_the_end_is_kept_with_the_answer(claims: Claims) -> None:
    await claims.start(claim())
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    found = await claims.find("k")
    assert found is not None
    assert (found.state, found.outcome, found.started) == (ClaimState.OK, ANSWER, NOON)


async def test_what_surely_did_not_happen_frees_the_key(claims: Claims) -> None:
    await claims.start(claim())
    await claims.free("k", "c1")
    assert await claims.start(claim(call_id="c2")) is None


async def test_only_what_still_waits_for_that_approval_is_withdrawn(claims: Claims) -> None:
    waiting = await claims.wait(claim(approval="ap_1"))
    await claims.withdraw(replace(waiting, approval="ap_2"))
    assert await claims.find("k") == waiting
    assert await claims.start(claim()) is None
    await claims.withdraw(waiting)
    found = await claims.find("k")
    assert found is not None
    assert found.state is ClaimState.RUNNING
    await claims.free("k", "c1")
    await claims.withdraw(await claims.wait(claim(approval="ap_3")))
    assert await claims.find("k") is None


async def test_a_call_frees_only_its_own_claim_and_never_one_that_is_done(claims: Claims) -> None:
    await claims.start(claim())
    await claims.free("k", "c2")
    assert await claims.find("k") is not None
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    await claims.free("k", "c1")
    assert await claims.find("k") is not None


async def test_a_claim_whose_lease_is_over_is_unknown(claims: Claims, clock: MovedClock) -> None:
    await claims.start(claim())
    clock.later = LEASE + timedelta(seconds=1)
    found = await claims.find("k")
    holder = await claims.start(claim(call_id="c2"))
    assert found is not None
    assert found.state is ClaimState.UNKNOWN
    assert holder is not None
    assert holder.state is ClaimState.UNKNOWN


async def test_an_end_that_comes_after_the_lease_still_counts(
    claims: Claims, clock: MovedClock
) -> None:
    await claims.start(claim())
    clock.later = LEASE * 2
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    found = await claims.find("k")
    assert found is not None
    assert found.state is ClaimState.OK


@pytest.mark.parametrize("ending", ["written down", "lease is over"])
async def test_an_unknown_claim_is_taken_over_by_one(
    claims: Claims, clock: MovedClock, ending: str
) -> None:
    await claims.start(claim())
    if ending == "written down":
        await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    clock.later = LEASE * 2
    anew = [
        claim(call_id=f"c{i}", started=clock.now(), lease_until=clock.now() + LEASE)
        for i in range(2, 10)
    ]
    results = await asyncio.gather(*(claims.restart(one) for one in anew))
    assert sorted(results) == [False] * 7 + [True]
    assert await claims.find("k") == anew[results.index(True)]


async def test_a_claim_that_runs_or_is_done_is_not_taken_over(claims: Claims) -> None:
    await claims.start(claim())
    assert not await claims.restart(claim(call_id="c2"))
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    assert not await claims.restart(claim(call_id="c2"))


async def test_who_was_taken_over_does_not_write_the_end_of_the_other(
    claims: Claims, clock: MovedClock
) -> None:
    await claims.start(claim())
    await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    assert await claims.restart(claim(call_id="c2"))
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    found = await claims.find("k")
    assert found is not None
    assert (found.call_id, found.state) == ("c2", ClaimState.RUNNING)


async def test_equal_calls_that_wait_share_one_approval(claims: Claims) -> None:
    first = claim(state=ClaimState.PENDING, approval="ap_1")
    assert await claims.wait(first) == first
    assert await claims.wait(claim(call_id="c2", approval="ap_2")) == first


async def test_a_pending_claim_becomes_the_running_one(claims: Claims) -> None:
    await claims.wait(claim(approval="ap_1"))
    results = await asyncio.gather(*(claims.start(claim(call_id=f"c{i}")) for i in range(5)))
    assert results.count(None) == 1
    found = await claims.find("k")
    assert found is not None
    assert found.state is ClaimState.RUNNING


async def test_another_success_at_the_same_api_in_the_scope_ends_the_sameness(
    claims: Claims,
) -> None:
    others = {
        "same scope and api": claim("a"),
        "other scope": claim("b", scope="t"),
        "other api": claim("c", api="carrier"),
        "not done": claim("d"),
        "nobody knows": claim("e"),
    }
    for one in others.values():
        assert await claims.start(one) is None
    for key in "abc":
        await claims.finish(key, "c1", ClaimState.OK, ANSWER)
    await claims.finish("e", "c1", ClaimState.UNKNOWN, None)
    await claims.start(claim("k"))
    await claims.finish("k", "c1", ClaimState.OK, ANSWER)
    left = {about for about, one in others.items() if await claims.find(one.key)}
    assert left == set(others) - {"same scope and api"}


async def test_a_write_that_failed_ends_no_sameness(claims: Claims) -> None:
    await claims.start(claim("a"))
    await claims.finish("a", "c1", ClaimState.OK, ANSWER)
    await claims.start(claim("k"))
    await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    assert await claims.find("a") is not None


async def test_a_call_that_is_cancelled_while_it_claims_leaves_the_key_free(
    claims: Claims,
) -> None:
    await claims.find("k")
    for _ in range(5):
        starting = asyncio.create_task(claims.start(claim()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        for _ in range(200):
            if await claims.find("k") is None:
                break
            await asyncio.sleep(0.01)
        assert await claims.find("k") is None


CONTEST = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from dragoman.audit.claims import Claim, Claims, ClaimState
from dragoman.clock import SystemClock
from dragoman.store.store import Store

async def main(url, name):
    clock, store = SystemClock(), Store(url, Path())
    claims, now = Claims(store, clock), clock.now()
    async def one(i):
        made = Claim(f"k{i}", "s", "shop", "shop.x", name, ClaimState.RUNNING, None, "h", now,
                     now + timedelta(seconds=60))
        return await claims.start(made) is None
    print(*[i for i, won in enumerate(await asyncio.gather(*map(one, range(60)))) if won])
    if "--die" in sys.argv:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    await store.aclose()

asyncio.run(main(*sys.argv[1:3]))
"""


async def contest(url: str, name: str, *more: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-W", "error", "-c", CONTEST, url, name, *more, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    assert process.returncode == (-9 if more else 0), err.decode()
    return out.decode().split()


async def test_of_several_processes_one_wins_each_key(shared_url: str, tmp_path: Path) -> None:
    won = await asyncio.gather(*(contest(shared_url, f"p{i}") for i in range(4)))
    assert sorted(int(i) for mine in won for i in mine) == list(range(60))


async def test_a_claim_outlives_the_process_that_was_killed_with_it(
    shared_url: str, tmp_path: Path
) -> None:
    assert len(await contest(shared_url, "p1", "--die")) == 60
    assert await contest(shared_url, "p2") == []
    store = Store(shared_url, tmp_path)
    clock = MovedClock()
    clock.later = timedelta(days=36500)
    found = await Claims(store, clock).find("k7")
    assert found is not None
    assert (found.call_id, found.state) == ("p1", ClaimState.UNKNOWN)
    await store.aclose()


CALL = {"operation": "shop.refundOrder", "arguments": {"amount": 1}, "caller": "bot", "user": None}


@pytest.fixture
def unsettled(store: Store, clock: MovedClock) -> Unsettled:
    return Unsettled(store, clock)


async def test_a_call_is_kept_until_its_end_is_known(claims: Claims) -> None:
    await claims.start(claim(call=CALL))
    await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    unknown = await claims.find("k")
    assert unknown is not None
    assert unknown.call == CALL
    await claims.restart(claim(call_id="c2", call=CALL))
    await claims.finish("k", "c2", ClaimState.OK, ANSWER)
    done = await claims.find("k")
    assert done is not None
    assert done.call is None


async def test_a_question_about_another_call_under_the_same_key_is_not_taken_over(
    claims: Claims,
) -> None:
    waiting = await claims.wait(claim(approval="ap_1", content="refund 1"))
    assert await claims.start(claim(call_id="c2", content="refund 2")) == waiting
    assert await claims.start(claim(call_id="c3", content="refund 1")) is None


async def test_listed_is_what_nobody_knows_the_end_of_the_newest_first(
    claims: Claims, unsettled: Unsettled, clock: MovedClock
) -> None:
    for number, key in enumerate(("unknown", "died", "runs", "done", "freed")):
        started = NOON + timedelta(seconds=number)
        lease = started + (LEASE if key == "died" else LEASE * 10)
        await claims.start(claim(key, key, started=started, lease_until=lease))
    await claims.wait(claim("waits", "waits", approval="ap_1"))
    await claims.finish("unknown", "unknown", ClaimState.UNKNOWN, None)
    await claims.finish("done", "done", ClaimState.OK, ANSWER)
    await claims.free("freed", "freed")
    clock.later = LEASE * 2
    assert [one.call_id for one in await unsettled.list()] == ["died", "unknown"]
    assert all(one.state is ClaimState.UNKNOWN for one in await unsettled.list())


async def test_a_write_is_found_by_the_beginning_of_its_call(
    claims: Claims, unsettled: Unsettled
) -> None:
    for call_id in ("ABC", "ABCD", "ABD"):
        await claims.start(claim(call_id, call_id))
    assert (await unsettled.get("abd")).call_id == "ABD"
    assert (await unsettled.get("abc")).call_id == "ABC"
    for name in ("AB", "X", "", "%"):
        with pytest.raises(NotFoundError):
            await unsettled.get(name)


@pytest.mark.parametrize("happened", [True, False])
async def test_it_is_settled_by_one_and_only_while_nobody_knows(
    claims: Claims, unsettled: Unsettled, *, happened: bool
) -> None:
    await claims.start(claim(call=CALL))
    running = await unsettled.get("c1")
    settle = partial(unsettled.settle, happened=happened, decision="said", outcome=ANSWER)
    assert await settle(running) is None
    await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    results = await asyncio.gather(*(settle(running) for _ in range(5)))
    assert sorted(results, key=str) == [False, None, None, None, None]
    found = await claims.find("k")
    assert (found is not None) is happened
    if found is not None:
        assert (found.state, found.outcome, found.call) == (ClaimState.OK, ANSWER, None)


async def test_what_was_sent_again_meanwhile_is_not_settled(
    claims: Claims, unsettled: Unsettled
) -> None:
    await claims.start(claim())
    await claims.finish("k", "c1", ClaimState.UNKNOWN, None)
    lost = await unsettled.get("c1")
    await claims.restart(claim(call_id="c2"))
    assert await unsettled.settle(lost, happened=False, decision="said") is None
    found = await claims.find("k")
    assert found is not None
    assert (found.call_id, found.state) == ("c2", ClaimState.RUNNING)
