"""Each fault of the table in docs/faults.md, as a test of its own name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from judge.fault_cases import CASES, Case, Met
from judge.fault_states import REDIS_PORT, STATES, State, redis_down
from judge.faults import met


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Met]:
    """What came of all faults of the wire, which are met together: most of it is waiting."""
    folder = tmp_path_factory.mktemp("faults")
    return {one.case.name: one for one in asyncio.run(met(folder))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_ends_in_time_and_costs_no_more_than_it_may(
    case: Case, every: dict[str, Met]
) -> None:
    assert every[case.name].faults == ()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_what_goes_wrong_around_calls_loses_and_doubles_nothing(
    state: Callable[[Path], Awaitable[State]], tmp_path: Path
) -> None:
    if state is redis_down:
        await _skip_without_redis()
    assert (await state(tmp_path)).faults == ()


async def _skip_without_redis() -> None:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", REDIS_PORT)
    except OSError:
        pytest.skip(f"no Redis on port {REDIS_PORT} (DRAGOMAN_TEST_REDIS_PORT)")
    writer.close()
