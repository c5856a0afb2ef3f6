"""The command line over the three sample APIs: what is printed where, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dragoman.cli import VERBS
from dragoman.demo import serve
from dragoman.demo.keys import Credentials, variables

REFUND = ("call", "shop.refundOrder", "order_id=1042", "part=shipping", "reason=late")


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The sample APIs, serving in a thread, with their variables."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: dict[str, str] = {}

    async def run() -> None:
        async with serve(delay=0) as apis:
            found.update({**apis.variables(), **variables()})
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    yield found
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, addresses: dict[str, str]) -> Run:
    """Run `dragoman` in a folder that has the demo's file and `.env`; nobody is at a terminal."""
    config = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
    (tmp_path / "dragoman.yaml").write_text(config)
    lines = [f"{name}={value}" for name, value in addresses.items()]
    (tmp_path / ".env").write_text("\n".join(lines))

    def command(*words: str, stdin: str | None = None, **environ: str) -> Ran:
        hidden = {"OPENAI_API_KEY", "DRAGOMAN_READ_ONLY", *addresses}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        ended = subprocess.run(
            [sys.executable, "-m", "dragoman", *words],
            cwd=tmp_path,
            env={**kept, **environ},
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ended.stderr
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return command


def test_help_lists_every_verb_and_each_explains_itself(run: Run) -> None:
    told = run("--help").out
    assert all(re.search(rf"^  {verb}\b", told, re.MULTILINE) for verb in VERBS)
    for verb in ("ask", "log", "init"):
        shown = run(verb, "--help")
        assert (shown.code, "Usage" in shown.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("aks",), 2, "there is no verb 'aks'. Did you mean 'ask'?"),
        (("ask",), 2, "--help"),
        (("ask", "Hi", "--colour"), 2, "--colour"),
        (("call", "shop.getOrder", "order_id"), 1, "'order_id' is no argument. Write key=value"),
        (("call", "shop.getOrdr"), 1, "Did you mean shop.getOrder"),
        (("call", "shop.getOrder", "order_id=#1042"), 1, "Try: order_id=1042"),
        (("call", "shop.getOrder", "order_id=9999"), 1, "There is no order 9999"),
        (("call", "shop.getOrder", "order_id=1042", "-f", "gone.yaml"), 2, "no such file"),
        (("ask", "Hi", "--model", "gpt-5.4-mini"), 3, "OPENAI_API_KEY is not set. Set it, use"),
        ((*REFUND, "--read-only"), 5, "this is read-only"),
        (REFUND, 4, "no terminal to ask on: waiting as ap_"),
        (("approvals", "approve", "ap_NONE"), 1, "ap_NONE"),
        (("log", "--since", "yesterdayish"), 1, "Write 14:00"),
        (("check", "crm"), 2, "there is no API 'crm'"),
        (("init", "http://127.0.0.1:9/openapi.json", "--file", "new.yaml"), 1, "127.0.0.1:9"),
        (("init", "x.json"), 2, "dragoman.yaml exists: dragoman add"),
    ],
)
def test_what_goes_wrong_is_one_line_on_stderr_and_a_code(
    run: Run, words: tuple[str, ...], code: int, told: str
) -> None:
    ended = run(*words)
    assert ended.code == code, ended
    assert told in ended.err
    assert ended.err.startswith(("✗ ", "! "))
    assert ended.out == ""


def test_a_file_with_faults_is_told_line_by_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\napis:\n  shop: {limit: 3}\n  b: {http: 7}\n")
    ended = run("tools", "-f", "bad.yaml")
    assert ended.code == 2
    assert "✗ bad.yaml:3: unknown key 'limit' in apis.shop. Did you mean 'limits'?" in ended.err
    assert "✗ bad.yaml:4:" in ended.err


def test_json_is_one_object_on_stdout_and_nothing_else(run: Run) -> None:
    assert run("call", "shop.getOrder", "order_id=1042", "--json").json["status"] == "ok"
    assert run("call", "shop.getOrder", "order_id=9999", "--json").json["problem"]["code"] == "api"
    assert run("ask", "Where is order 1042?", "--json").json["calls"][0]["status"] == "ok"
    assert run("search", "refund", "--json").json["operations"]
    assert run("tools", "--json").json["tools"][0]["type"] == "function"
    assert run("approvals", "--json").json == {"approvals": []}
    assert run("check", "--json").json["apis"][0]["ok"] is True
    assert len(run("log", "--json").json["calls"]) >= 3


def test_an_answer_is_asked_for_logged_and_shown_again(run: Run) -> None:
    asked = run("ask", "Where is order 1042?")
    assert asked.code == 0
    assert re.search(r"^tracking_number +PX-100042$", asked.out, re.MULTILINE)
    answer = re.search(r"dragoman log (\w+)", asked.out)
    assert answer is not None
    shown = run("log", answer[1])
    assert "Where is order 1042?" in shown.out
    assert "shop.getOrder" in shown.out
    assert run("log", "--operation", "carrier.*").out.strip() == "no calls"


def test_a_yes_from_another_process_carries_out_the_call(run: Run, addresses) -> None:
    words = ("call", "shop.refundOrder", "order_id=1018", "part=shipping")
    waiting = run(*words, "--json").json
    assert (waiting["status"], run("approvals").out.count(waiting["approval"])) == ("pending", 1)
    shown = run("approvals", "show", waiting["approval"])
    assert "/orders/1018/refunds" in shown.out
    assert variables()["DEMO_SHOP_KEY"] not in shown.out
    done = run("approvals", "approve", waiting["approval"], "--by", "ana", "--json")
    assert (done.code, done.json["status"]) == (0, "ok")
    again = run("approvals", "approve", waiting["approval"])
    assert (again.code, "ana" in again.err) == (5, True)


def test_a_yes_goes_on_with_the_answer_around_the_call(run: Run) -> None:
    asked = run("ask", "Refund the shipping of order 1030")
    assert asked.code == 4
    approval = re.search(r"ap_\w+", asked.err)
    assert approval is not None
    done = run("approvals", "approve", approval[0])
    assert (done.code, "From shop.refundOrder" in done.out) == (0, True)


def test_a_no_sends_nothing_and_is_told_with_its_reason(run: Run) -> None:
    waiting = run("ask", "Delete customer cu-110", "--json").json
    denied = run("approvals", "deny", waiting["approvals"][0], "--reason", "not today")
    assert denied.code == 0
    assert "Nothing was sent" in denied.out
    assert "not today" in denied.out
    assert run("call", "shop.getCustomer", "customer_id=cu-110").code == 0


def test_two_processes_that_resume_at_once_send_once(run: Run, addresses) -> None:
    reply = ("call", "helpdesk.addReply", "ticket_id=tk-301", "text=On its way.", "--json")
    waiting = run(*reply).json
    assert waiting["status"] == "pending", waiting
    before = _effects(addresses["DEMO_HELPDESK_URL"])["replies"]
    run("approvals", "list")
    codes: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: codes.append(run("approvals", "approve", waiting["approval"]).code)
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 in codes
    assert _effects(addresses["DEMO_HELPDESK_URL"])["replies"] == before + 1


def _effects(url: str) -> dict[str, int]:
    import urllib.request

    with urllib.request.urlopen(f"{url}/_demo/effects") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def test_a_request_is_shown_without_any_secret(run: Run) -> None:
    verbose = run("call", "shop.getOrder", "order_id=1042", "-v")
    assert "> credential: header X-Shop-Key ${DEMO_SHOP_KEY}" in verbose.out
    as_curl = run("call", "shop.getOrder", "order_id=1042", "--curl")
    assert as_curl.out.startswith("curl -X GET http://127.0.0.1:")
    preview = run(*REFUND, "--dry-run")
    assert (preview.code, '"needs_approval": true' in preview.out) == (0, True)
    told = "".join(map(str, (verbose, as_curl, preview)))
    assert not [v for v in variables().values() if v in told and v != Credentials().helpdesk_client]


def test_check_names_what_is_missing_and_what_was_refused(run: Run, tmp_path: Path) -> None:
    assert run("check").code == 0
    refused = run("check", "shop", DEMO_SHOP_KEY="wrong-0123456789")
    assert refused.code == 3
    assert "401 from shop with header X-Shop-Key ${DEMO_SHOP_KEY}" in refused.err
    lines = (tmp_path / ".env").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("DEMO_SHOP_KEY")]
    (tmp_path / ".env").write_text("\n".join(kept))
    missing = run("check")
    assert missing.code == 3
    assert re.search(r"shop: DEMO_SHOP_KEY is not set \(dragoman.yaml:\d+\)", missing.err)


def test_chat_goes_on_after_a_failure_and_ends_with_its_input(run: Run) -> None:
    said = run("chat", stdin="Where is order 9999?\nWhere is order 1042?\n")
    assert said.code == 0
    assert "I don't know" in said.out
    assert "PX-100042" in said.out


def test_files_are_laid_over_each_other(run: Run, tmp_path: Path) -> None:
    (tmp_path / "prod.yaml").write_text("read_only: true\n")
    refused = run(*REFUND, "-f", "dragoman.yaml", "-f", "prod.yaml")
    assert (refused.code, "rule: prod.yaml:1" in refused.err) == (5, True)
    assert run(*REFUND, DRAGOMAN_READ_ONLY="1").code == 5


def test_lint_needs_no_configuration(run: Run, addresses) -> None:
    report = run("lint", f"{addresses['DEMO_SHOP_URL']}/openapi.json", "--json").json
    assert (report["operations"], report["unsupported"]) == (26, 0)
    assert report["findings"] == []


def test_output_has_no_colour_where_nobody_watches(run: Run) -> None:
    assert "\x1b" not in "".join(map(str, run("call", "shop.getOrder", "order_id=9999")))
