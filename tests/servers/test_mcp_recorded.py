"""What was called through MCP is in the store however the server ends."""

from __future__ import annotations

import signal
import sqlite3
import time
from pathlib import Path

import pytest
from mcp_client import RawClient

from cli.command_line import clear_faults, fault, has_struck


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_writes_down_what_it_did(
    place: Path, addresses: dict[str, str], number: signal.Signals
) -> None:
    client = RawClient(place)
    client.initialize()
    client.call("shop__getOrder", {"order_id": "1042"})
    url = addresses["DEMO_SHOP_URL"]
    fault(url, "delay", "/orders/1016", seconds=60)
    params = {"name": "shop__getOrder", "arguments": {"order_id": "1016"}}
    client.send({"jsonrpc": "2.0", "id": "slow", "method": "tools/call", "params": params})
    until = time.monotonic() + 20
    while not has_struck(url) and time.monotonic() < until:
        time.sleep(0.05)
    client.process.send_signal(number)
    client.process.wait(30)
    clear_faults(url)
    with sqlite3.connect(place / "dragoman.db") as store:
        rows = store.execute("SELECT status, arguments FROM calls ORDER BY at").fetchall()
    store.close()
    assert rows == [("ok", '{"order_id":"1042"}'), ("cancelled", '{"order_id":"1016"}')]
    client.close()
