"""The sample APIs as a program: what it prints, and that it leaves nothing behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import aiohttp
import pytest
from demo_client import AS_SHOP, KEYS, Client

from dragoman.demo import serve
from dragoman.demo.keys import Credentials, secrets, variables

ANY_PORTS = ("--shop-port", "0", "--helpdesk-port", "0", "--carrier-port", "0")


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dragoman.demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_with_json_it_prints_one_line_and_ends_with_its_stdin() -> None:
    with start("--json", *ANY_PORTS) as program:
        addresses = json.loads(program.stdout.readline())
        assert list(addresses) == ["shop", "helpdesk", "carrier"]
        async with aiohttp.ClientSession() as session:
            store = await Client(session, addresses["shop"], {}).get("/store")
        assert store.status == 200
        rest, errors = program.communicate(timeout=20)
        assert (program.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly(number) -> None:
    with start(*ANY_PORTS) as program:
        told = "".join(iter(program.stdout.readline, "Ctrl-C ends the three.\n"))
        program.send_signal(number)
        rest, errors = program.communicate(timeout=20)
        assert (program.returncode, rest, errors) == (0, "", "")
    assert "/openapi.json" in told
    for name, value in variables().items():
        assert f"{name}={value}" in told
    assert "dragoman ask" in told


def test_a_port_in_use_is_one_line_and_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with start("--shop-port", "0", "--helpdesk-port", port, "--carrier-port", "0") as program:
            out, errors = program.communicate(timeout=20)
    assert (program.returncode, out) == (1, "")
    assert errors.count("\n") == 1
    assert errors.startswith("✗ ")
    assert port in errors


def test_a_port_that_is_none_is_a_matter_of_usage() -> None:
    with start("--shop-port", "70000") as program:
        _, errors = program.communicate(timeout=20)
    assert program.returncode == 2
    assert "65535" in errors


def test_importing_it_is_light() -> None:
    heavy = "{'aiohttp', 'yaml', 'pydantic', 'msgspec'}"
    code = f"import sys, dragoman.demo; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_same_day_gives_the_same_world(session) -> None:
    worlds = []
    for _ in range(2):
        async with serve(today=date(2025, 3, 1), delay=0, credentials=KEYS) as addresses:
            shop = Client(session, addresses.shop, AS_SHOP)
            orders = [(await shop.get(f"/orders/{n}")).body for n in range(1010, 1050)]
            worlds.append(orders)
    assert worlds[0] == worlds[1]
    assert worlds[0][32]["estimated_delivery_date"] == "2025-02-20"
    statuses = {one["status"] for one in worlds[0]}
    assert statuses == {"pending_payment", "paid", "shipped", "delivered", "cancelled"}


async def test_by_default_a_late_parcel_is_really_late(session) -> None:
    async with serve(delay=0, credentials=KEYS) as addresses:
        order = (await Client(session, addresses.shop, AS_SHOP).get("/orders/1042")).body
    due = date.fromisoformat(order["estimated_delivery_date"])
    assert 8 <= (datetime.now(UTC).date() - due).days <= 10


def test_credentials_come_from_the_environment_or_are_the_published_ones(monkeypatch) -> None:
    given = Credentials.of({"DEMO_SHOP_KEY": "another-key-of-a-test"})
    assert given.shop_key == "another-key-of-a-test"
    assert given.carrier_key == Credentials().carrier_key
    monkeypatch.setenv("DEMO_CARRIER_KEY", "a-carrier-key-of-a-test")
    assert variables()["DEMO_CARRIER_KEY"] == "a-carrier-key-of-a-test"
    assert "DEMO_HELPDESK_CLIENT" not in secrets()
    assert all(len(value) >= 16 for value in variables().values())


def test_no_file_of_it_imports_the_rest_of_the_program() -> None:
    import dragoman.demo

    for file in Path(dragoman.demo.__file__).parent.rglob("*.py"):
        for line in file.read_text("utf-8").splitlines():
            if line.strip().startswith(("from dragoman", "import dragoman")):
                assert "dragoman.demo" in line, file
