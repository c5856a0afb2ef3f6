"""The three sample APIs as a user meets them: each on a port, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import aiohttp
import pytest
from demo_client import AS_PARTNER, AS_SHOP, KEYS, Client, token

from dragoman.demo import Addresses, serve

TODAY = date(2026, 11, 23)


@pytest.fixture
async def addresses() -> AsyncIterator[Addresses]:
    async with serve(today=TODAY, delay=0, credentials=KEYS) as served:
        yield served


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def shop(addresses, session) -> Client:
    return Client(session, addresses.shop, AS_SHOP)


@pytest.fixture
async def helpdesk(addresses, session) -> Client:
    bearer = await token(session, addresses.helpdesk)
    return Client(session, addresses.helpdesk, {"Authorization": f"Bearer {bearer}"})


@pytest.fixture
def carrier(addresses, session) -> Client:
    return Client(session, addresses.carrier, AS_PARTNER)
