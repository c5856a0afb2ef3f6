"""What retries may not do: use up those of others, or outlive the key that makes them safe."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from limited import Sleeper, limit, prepared, received, rules, within

from dragoman.call.attempts import Attempts, Sending
from dragoman.call.breaker import Breakers
from dragoman.call.retry import Budgets
from dragoman.operation import Credential, Effect, Prepared, Received

KEYED = rules(idempotency_header="Idempotency-Key", idempotency_seconds=60.0)
WRITE = replace(prepared(), effect=Effect.WRITE, method="POST")


@pytest.fixture
def clock() -> Sleeper:
    return Sleeper()


@pytest.fixture
def attempts(clock: Sleeper) -> Attempts:
    """Whose every pause is of two seconds."""
    return Attempts(limit(clock), Breakers(clock), Budgets(clock), lambda _least, _most: 2.0)


async def sent(
    attempts: Attempts, clock: Sleeper, request: Prepared, seconds: float, key_seen: float = 0.0
) -> int:
    """Send a request to an API that answers 503; returns how often that was done."""
    count = 0

    async def exchange(_: Credential) -> Received:
        nonlocal count
        count += 1
        return received(503)

    async def renew(_: Credential) -> None:
        return None

    sending = Sending(
        prepared=request,
        rules=KEYED,
        deadline=within(seconds, clock),
        key="k",
        since=clock.now() - timedelta(seconds=key_seen),
        attempts=[],
        exchange=exchange,
        renew=renew,
    )
    await attempts(sending, Credential())
    return count


async def test_a_retry_that_comes_too_late_is_left_to_others(
    attempts: Attempts, clock: Sleeper
) -> None:
    for number in range(20):
        assert await sent(attempts, clock, prepared(host=f"s{number}.example"), seconds=1) == 1
    assert await sent(attempts, clock, prepared(), seconds=60) == 3


@pytest.mark.parametrize(("key_seen", "times"), [(0, 3), (57, 2), (59, 1)])
async def test_a_write_is_not_sent_again_once_its_key_is_forgotten(
    attempts: Attempts, clock: Sleeper, key_seen: float, times: int
) -> None:
    assert await sent(attempts, clock, WRITE, seconds=60, key_seen=key_seen) == times
