"""A yes or a no from the command line: from another process, after a restart, and only once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, effects, fault, started

from dragoman.demo.keys import secrets


def refund_waits(run: Run, order: str) -> dict[str, Any]:
    """Call a refund of an order's shipping, which waits for a yes."""
    words = ("call", "shop.refundOrder", f"order_id={order}", "part=shipping", "--json")
    waiting = run(*words)
    assert (waiting.code, waiting.json["status"]) == (4, "pending")
    return dict(waiting.json)


def test_a_yes_from_another_process_carries_out_the_call(run: Run, process: Run, addresses) -> None:
    waiting = refund_waits(process, "1018")
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    assert waiting["approval"] in run("approvals", "list").out
    shown = run("approvals", "show", waiting["approval"])
    assert "/orders/1018/refunds" in shown.out
    assert re.search(r"part from: you", shown.out)
    assert not [value for value in secrets().values() if value in shown.out]
    done = process("approvals", "approve", waiting["approval"], "--by", "ana", "--json")
    assert (done.code, done.json["status"], done.json["id"]) == (0, "ok", waiting["id"])
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before + 1
    assert run("approvals", "--json").json == {"approvals": []}
    answered = run("approvals", "list", "--all", "--json").json["approvals"][0]
    assert (answered["state"], answered["answered_by"]) == ("used", "ana")


def test_an_approval_is_answered_once(run: Run, addresses) -> None:
    yes, no = refund_waits(run, "1021"), refund_waits(run, "1022")
    assert run("approvals", "approve", yes["approval"], "--by", "ana").code == 0
    assert run("approvals", "deny", no["approval"], "--by", "ana").code == 0
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    for verb in ("approve", "deny"):
        for waiting in (yes, no):
            again = run("approvals", verb, waiting["approval"])
            assert (again.code, "ana" in again.err) == (5, True)
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_yes_goes_on_with_the_answer_around_the_call(run: Run, process: Run) -> None:
    asked = process("ask", "Refund the shipping of order 1030")
    assert (asked.code, "wants a yes" in asked.err) == (4, True)
    approval = re.search(r"ap_\w+", asked.err)
    assert approval is not None
    done = run("approvals", "approve", approval[0])
    assert (done.code, "From shop.refundOrder" in done.out) == (0, True)
    answer = re.search(r"dragoman log (\w+)", done.out)
    assert answer is not None
    record = run("log", answer[1], "--json").json
    assert (record["status"], record["question"]) == ("ok", "Refund the shipping of order 1030")
    assert record["made"][-1]["approval_id"] == approval[0]


def test_a_no_sends_nothing_and_is_told_with_its_reason(run: Run) -> None:
    waiting = run("ask", "Delete customer cu-110", "--json").json
    denied = run("approvals", "deny", waiting["approvals"][0], "--reason", "not today")
    assert denied.code == 0
    assert "Nothing was sent" in denied.out
    assert "not today" in denied.out
    assert run("call", "shop.getCustomer", "customer_id=cu-110").code == 0


def test_to_resume_before_anybody_has_answered_is_to_wait_on(run: Run) -> None:
    call = refund_waits(run, "1024")
    resumed = run("resume", call["id"], "--json")
    assert (resumed.code, resumed.json["approval"]) == (4, call["approval"])
    answer = run("ask", "Refund the shipping of order 1025", "--json").json
    resumed = run("resume", answer["id"], "--json")
    assert (resumed.code, resumed.json["approvals"]) == (4, answer["approvals"])


def test_to_resume_what_is_done_does_not_do_it_again(run: Run, addresses) -> None:
    call = refund_waits(run, "1028")
    run("approvals", "approve", call["approval"])
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    again = run("resume", call["id"])
    assert (again.code, "was not done again" in again.out) == (0, True)
    answer = run("ask", "Where is order 1042?", "--json").json
    for words in (("resume", answer["id"]), ("resume", "NOSUCH")):
        refused = run(*words)
        assert (refused.code, refused.out) == (1, "")
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_rule_that_came_after_the_yes_still_refuses(run: Run, place: Path, addresses) -> None:
    call = refund_waits(run, "1032")
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    refused = run("approvals", "approve", call["approval"], "--read-only")
    assert (refused.code, "read-only" in refused.err) == (5, True)
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


@pytest.mark.parametrize("verb", ["approve", "resume"])
def test_two_processes_at_once_send_once(
    run: Run, place: Path, addresses: dict[str, str], verb: str
) -> None:
    ticket = {"approve": "tk-301", "resume": "tk-302"}[verb]
    words = ("call", "helpdesk.addReply", f"ticket_id={ticket}", "text=On its way.", "--json")
    waiting = run(*words).json
    url = addresses["DEMO_HELPDESK_URL"]
    before = effects(url)["replies"]
    if verb == "resume":
        _approve_without_sending(place, waiting["approval"])
    fault(url, "delay", f"/tickets/{ticket}/replies", seconds=1.0)
    both = (
        ("approvals", "approve", waiting["approval"])
        if verb == "approve"
        else ("resume", waiting["id"])
    )
    running = [started(both, place, stdin=-3, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    ended = [(*one.communicate(timeout=60), one.returncode) for one in running]
    codes = sorted(code for _, _, code in ended)
    assert codes[0] == 0, ended
    assert "Traceback" not in "".join(err for _, err, _ in ended)
    assert effects(url)["replies"] == before + 1


def _approve_without_sending(place: Path, approval: str) -> None:
    from dragoman.sync import Dragoman

    with Dragoman(place / "dragoman.yaml") as d:
        d.approve(approval, by="ana")
