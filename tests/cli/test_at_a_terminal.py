"""At a terminal a person is asked, may say no, and may stop; without one nobody is waited for."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, at_a_terminal, effects, fault, has_struck, started

REFUND = ("call", "shop.refundOrder", "order_id=1018", "part=shipping")
ASKED = "[y]es [n]o"
CTRL_C = "\x03"


def test_a_person_says_yes_or_no_to_one_call(place: Path, addresses: dict[str, str]) -> None:
    shop = addresses["DEMO_SHOP_URL"]
    before = effects(shop)["refunds"]
    code, shown = at_a_terminal(REFUND, place, [(ASKED, "no\n")])
    assert (code, "said no" in shown) == (5, True)
    assert effects(shop)["refunds"] == before
    code, shown = at_a_terminal(REFUND, place, [(ASKED, "y\n")])
    assert (code, '"refund_id"' in shown) == (0, True)
    assert effects(shop)["refunds"] == before + 1


@pytest.mark.parametrize("typed", ["\n", "yep\n", "\x04"])
def test_only_a_yes_is_a_yes(place: Path, addresses: dict[str, str], typed: str) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    assert at_a_terminal(REFUND, place, [(ASKED, typed)])[0] == 5
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_ctrl_c_at_the_question_ends_at_once_and_is_no_yes(
    place: Path, addresses: dict[str, str]
) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    code, shown = at_a_terminal(REFUND, place, [(ASKED, CTRL_C)], seconds=40)
    assert (code, "stopped" in shown) == (1, True)
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_chat_goes_on_after_a_no_and_after_ctrl_c(place: Path, addresses) -> None:
    shop = addresses["DEMO_SHOP_URL"]
    fault(shop, "delay", "/orders/1042", seconds=60)
    typed: list[tuple[Any, str]] = [
        ("> ", "Where is order 1042?\n"),
        (lambda: has_struck(shop), CTRL_C),
        ("stopped", ""),
        ("> ", "Refund the shipping of order 1024\n"),
        (ASKED, "no\n"),
        ("> ", "How many units of LAMP-01 are in stock?\n"),
        ("Aurora", ""),
        ("> ", "\n"),
    ]
    code, shown = at_a_terminal(("chat",), place, typed, seconds=40)
    assert code == 0
    assert "said no to shop.refundOrder" in shown
    assert "Aurora desk lamp" in shown


def test_ctrl_c_at_the_question_of_a_chat_is_no_yes_and_the_chat_goes_on(
    place: Path, addresses: dict[str, str]
) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    typed = [
        ("> ", "Refund the shipping of order 1025\n"),
        (ASKED, CTRL_C),
        ("stopped", ""),
        ("> ", "\n"),
    ]
    assert at_a_terminal(("chat",), place, typed, seconds=40)[0] == 0
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_ctrl_c_while_nothing_is_asked_ends_the_chat(place: Path) -> None:
    assert at_a_terminal(("chat",), place, [("> ", CTRL_C)], seconds=40)[0] == 1
    assert at_a_terminal(("chat",), place, [("> ", "\x04")], seconds=40)[0] == 0


def test_a_call_that_is_stopped_says_so_and_ends(place: Path, addresses: dict[str, str]) -> None:
    fault(addresses["DEMO_SHOP_URL"], "delay", "/orders/1042", seconds=60)
    running = started(
        ("call", "shop.getOrder", "order_id=1042"), place, stdout=-1, stderr=-1, stdin=-3, text=True
    )
    while not has_struck(addresses["DEMO_SHOP_URL"]):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=40)
    assert (running.returncode, out, err) == (1, "", "✗ stopped\n")


def test_colours_are_for_terminals_that_want_them(place: Path) -> None:
    words = ("call", "shop.getOrder", "order_id=9999")
    assert "\x1b[31m✗\x1b[0m" in at_a_terminal(words, place)[1]
    assert "\x1b" not in at_a_terminal(words, place, NO_COLOR="1")[1]


@pytest.mark.parametrize("stdin", ["", "y\ny\nyes\n"])
def test_without_a_terminal_nothing_is_a_yes(run: Run, addresses, stdin: str) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    waiting = run(*REFUND, stdin=stdin)
    assert (waiting.code, "no terminal to ask on" in waiting.err) == (4, True)
    assert run("ask", "Refund the shipping of order 1022", stdin=stdin).code == 4
    assert run("approvals", "--json").json["approvals"][0]["state"] == "waiting"
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_chat_by_a_pipe_goes_on_while_something_waits(run: Run, addresses) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    lines = ("Refund the shipping of order 1022", "y", "Where is order 1042?")
    said = run("chat", stdin="\n".join(lines))
    assert (said.code, "PX-100042" in said.out) == (0, True), said
    assert "waiting as ap_" in said.err
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


@pytest.mark.parametrize("words", [("--help",), ("tools",), ("call", "shop.", "--help")])
def test_a_reader_that_goes_away_is_no_fault(place: Path, words: tuple[str, ...]) -> None:
    running = started(words, place, stdout=-1, stderr=-1, text=True)
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
    running.stderr.close()
    assert running.wait(20) == 1
