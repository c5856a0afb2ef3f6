"""Promise 3 at the command line: no verb prints a secret value, and none is left in a file."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from command_line import Run

from dragoman.demo import Credentials, serve
from dragoman.demo.keys import variable
from secret_search import files_below, found

FRESH = Credentials(
    **{
        name: name if name == "helpdesk_client" else f"{name}-{secrets.token_urlsafe(24)}"
        for name in Credentials.__dataclass_fields__
    }
)
MODEL_KEY = f"sk-{secrets.token_hex(24)}"
VALUES = {name: value for name, value in asdict(FRESH).items() if name != "helpdesk_client"}


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The sample APIs with credentials that no earlier run can have left anywhere."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found_at: dict[str, str] = {}

    async def run() -> None:
        async with serve(delay=0, credentials=FRESH) as apis:
            shown = {variable(name): value for name, value in asdict(FRESH).items()}
            found_at.update({**apis.variables(), **shown})
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    yield found_at
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


def test_no_verb_tells_a_secret(
    run: Run, process: Run, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = {"OPENAI_API_KEY": MODEL_KEY}
    wrong = {"DEMO_SHOP_KEY": f"{FRESH.shop_key}x", "DEMO_HELPDESK_SECRET": FRESH.carrier_key}
    refund = ("call", "shop.refundOrder", "order_id=1042", "part=shipping")
    said = [
        run("check"),
        run("check", **wrong),
        run("check", "--json", **wrong),
        run("ask", "Where is order 1042?"),
        run("ask", "Which tickets did maria.keller@example.com write?", "--json"),
        run("call", "carrier.trackParcel", "number=PX-100042", "-v"),
        run("call", "helpdesk.listTickets", "-v"),
        run("call", "shop.getOrder", "order_id=1042", "--curl"),
        run("call", "helpdesk.listTickets", "--curl"),
        run("call", "shop.getOrder", "order_id=1042", "-v", **wrong),
        run("call", "helpdesk.listTickets", "--json", **wrong),
        run(*refund, "--dry-run"),
        waiting := run(*refund, "--json"),
        run("approvals", "show", waiting.json["approval"]),
        run("approvals", "approve", waiting.json["approval"], "--json"),
        run("ask", "Hi", "--model", "http://127.0.0.1:9/v1#m", **key),
        process("call", "shop.getOrder", "order_id=1042", "-v", DRAGOMAN_DEBUG="1", **key),
        run("log", "--json"),
        run("log", waiting.json["id"]),
        run("tools", "--json", **key),
    ]
    assert {one.code for one in said} == {0, 1, 3, 4}
    values = {**VALUES, "model_key": MODEL_KEY}
    told = "".join(one.out + one.err for one in said)
    assert found(values, told.encode()) == []
    assert found(values, files_below(place)) == []
    assert found(values, f"{caplog.text}{caplog.records!r}".encode()) == []
