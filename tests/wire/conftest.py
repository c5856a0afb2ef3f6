"""What the tests of the suite share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from wire_run import Servers, two_servers


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    """Two raw sockets on loopback."""
    async with two_servers() as running:
        yield running
