"""Stopping things, keys for callers, and asking the policy, from the command line."""

from __future__ import annotations

from pathlib import Path

from command_line import Run


def test_a_paused_api_is_refused_everywhere_until_it_goes_on(run: Run, process: Run) -> None:
    call = ("call", "shop.getOrder", "order_id=1042")
    assert run(*call).code == 0
    paused = process("pause", "shop", "--reason", "it is being moved", "--by", "ana")
    assert (paused.code, "To go on: dragoman unpause shop" in paused.out) == (0, True)
    refused = run(*call)
    assert refused.code == 5
    assert "shop is paused since" in refused.err
    assert "by ana: it is being moved. To go on: dragoman unpause shop" in refused.err
    assert run("call", "helpdesk.listTickets").code == 0
    assert run("pause", "--json").json["pauses"][0]["subject"] == "api:shop"
    assert run("log", "--json").json["calls"][0]["operation"] == "helpdesk.listTickets"
    assert run("unpause", "shop").code == 0
    assert run(*call).code == 0


def test_what_is_not_there_cannot_be_paused(run: Run) -> None:
    wrong = run("pause", "shopp")
    assert (wrong.code, "Did you mean shop?" in wrong.err) == (1, True)
    assert run("unpause", "shop").code == 1
    assert run("unpause").code == 2
    assert run("pause", "shop", "--all").code == 2


def test_everything_stops_at_once(run: Run) -> None:
    assert run("pause", "--all").code == 0
    for call in (("shop.getOrder", "order_id=1042"), ("carrier.trackParcel", "number=PX-100042")):
        refused = run("call", *call)
        assert (refused.code, "Everything is paused" in refused.err) == (5, True)
    assert run("unpause", "--all").code == 0


def test_a_key_is_shown_once_and_never_listed(run: Run, place: Path) -> None:
    file = place / "dragoman.yaml"
    file.write_text(f"{file.read_text()}\ncallers:\n  bot: {{scopes: [shop]}}\n")
    made = run("keys", "create", "bot", "--expires", "90d", "--label", "ci", "--json").json
    listed = run("keys", "list")
    assert made["id"] in listed.out
    assert made["key"] not in listed.out
    rotated = run("keys", "rotate", made["id"], "--overlap", "1h", "--json").json
    assert rotated["caller"] == "bot"
    assert run("keys", "revoke", made["key"], "--json").json["state"] == "revoked"
    states = {key["id"]: key["state"] for key in run("keys", "--json").json["keys"]}
    assert states == {made["id"]: "revoked", rotated["id"]: "valid"}
    file.write_text(file.read_text().replace("  bot:", "  other:"))
    assert "bot is no caller of the file" in run("keys").err


def test_a_key_for_nobody_is_refused(run: Run) -> None:
    refused = run("keys", "create", "nobody")
    assert (refused.code, "There is no caller 'nobody'" in refused.err) == (1, True)
    assert run("keys", "create", "owner", "--expires", "soon").code == 2
    assert run("keys", "revoke", "ABCDEFGH").code == 1


def test_the_policy_says_who_may_do_what_and_which_line_decides(run: Run, place: Path) -> None:
    file = place / "dragoman.yaml"
    file.write_text(f"{file.read_text()}\ncallers:\n  bot: {{scopes: ['shop:read']}}\n")
    line = len(file.read_text().splitlines())
    table = run("policy").out.splitlines()
    assert table[0].split() == ["operation", "owner", "bot"]
    words = {row.split()[0]: row.split()[1:] for row in table[1:]}
    assert words["shop.getOrder"] == ["allow", "allow"]
    assert words["shop.refundOrder"] == ["approve", "deny"]
    denied = run("policy", "bot", "shop.refundOrder", "--json")
    assert (denied.code, denied.json["verdict"]) == (5, "deny")
    assert denied.json["rule"] == f"dragoman.yaml:{line}"
    assert run("policy", "bot", "shop.getOrder", "order_id=1042").code == 0
    run("pause", "shop")
    paused = run("policy", "bot", "shop.getOrder")
    assert (paused.code, "shop is paused" in paused.err) == (5, True)
