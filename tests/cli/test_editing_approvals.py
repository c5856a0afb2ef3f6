"""A yes with changes from the command line, at the prompt, and by a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command_line import Run, at_a_terminal, effects

ASKED = "[y]es [n]o [e]dit"
MORE = "key=value, or Enter:"


def refund_waits(run: Run, order: str) -> dict[str, Any]:
    words = ("call", "shop.refundOrder", f"order_id={order}", "part=amount", "amount=2", "--json")
    waiting = run(*words)
    assert (waiting.code, waiting.json["status"]) == (4, "pending")
    return dict(waiting.json)


def test_a_yes_with_changes_carries_out_the_changed_call(run: Run) -> None:
    waiting = refund_waits(run, "1018")
    done = run("approvals", "edit", waiting["approval"], "amount=1.50", "--by", "ana", "--json")
    assert (done.code, str(done.json["data"]["amount"])) == (0, "1.5")
    assert done.json["note"].startswith("approved with changes: amount 1.50 instead of 2")
    shown = run("approvals", "show", waiting["approval"])
    assert "amount from: edited by ana" in shown.out
    assert "changed by ana" in shown.out
    kept = run("approvals", "show", waiting["approval"], "--json").json
    assert kept["edits"]["arguments"] == {"order_id": "1018", "part": "amount", "amount": 2}


def test_a_change_that_the_schema_refuses_is_told_and_the_question_stands(run: Run) -> None:
    waiting = refund_waits(run, "1021")
    for wrong in ("amount=-1", "discount=3", "amount"):
        refused = run("approvals", "edit", waiting["approval"], wrong)
        assert (refused.code, refused.out) == (1, "")
    assert run("approvals", "--json").json["approvals"][0]["state"] == "waiting"


def test_at_the_prompt_the_changed_request_is_shown_before_the_yes(
    place: Path, addresses: dict[str, str]
) -> None:
    words = ("call", "shop.refundOrder", "order_id=1022", "part=amount", "amount=2")
    typed = [
        (ASKED, "e\n"),
        (MORE, "amount=-3\n"),
        (MORE, "\n"),
        (ASKED, "edit\n"),
        (MORE, "amount=1\n"),
        (MORE, "\n"),
        (ASKED, "y\n"),
    ]
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    code, shown = at_a_terminal(words, place, typed, seconds=60)
    assert code == 0, shown
    assert '"amount": 1.0' in shown.replace('"amount": 1.00', '"amount": 1.0')
    assert '"amount":1' in shown[: shown.rindex(ASKED)], "the exact request, before the yes"
    assert "edited by" in shown
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before + 1


def test_after_an_edit_a_no_is_a_no(place: Path, addresses: dict[str, str]) -> None:
    words = ("call", "shop.refundOrder", "order_id=1024", "part=amount", "amount=2")
    typed = [(ASKED, "e\n"), (MORE, "amount=1\n"), (MORE, "\n"), (ASKED, "\n")]
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    assert at_a_terminal(words, place, typed, seconds=60)[0] == 5
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_link_is_printed_for_one_person(run: Run) -> None:
    waiting = refund_waits(run, "1025")
    link = run("approvals", "link", waiting["approval"], "--as", "ana")
    assert (link.code, "public_url is not set" in link.err) == (0, True)
    assert len(link.out.strip().splitlines()) == 1
    run("approvals", "deny", waiting["approval"])
    assert run("approvals", "link", waiting["approval"], "--as", "ana").code == 5


def test_what_nobody_could_be_told_of_is_listed_and_tried_again(
    run: Run, place: Path, addresses: dict[str, str]
) -> None:
    assert run("events").out == "everything was told\n"
    # Nobody listens on port 9 of this machine.
    hook = '\nnotify: {ops: {webhook: "http://127.0.0.1:9/hook", secret: "${HOOK_SECRET}"}}\n'
    config = place / "dragoman.yaml"
    config.write_text(config.read_text() + hook)
    with (place / ".env").open("a") as env:
        env.write("\nHOOK_SECRET=a text of more than 24 letters\n")
    waiting = refund_waits(run, "1028")
    (event,) = run("events", "--json").json["events"]
    assert (event["event"], event["subject"]) == ("approval.asked", waiting["approval"])
    assert (event["state"], event["destination"]) == ("waiting", "ops")
    assert event["tries"] >= 1
    assert event["error"]
    assert run("events", "retry", event["id"]).code == 0
    assert run("events", "retry", "ev_none").code == 1
