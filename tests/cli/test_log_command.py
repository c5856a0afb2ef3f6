"""`dragoman log`: a call told as a story, followed as it ends, and made again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import Run, at_a_terminal, clear_faults, effects, fault, has_struck, started

from dragoman.cli.story import tell_answer, tell_call
from dragoman.sync import Dragoman
from made_records import answered, called

ORDER = ("call", "shop.getOrder", "order_id=1042")
REFUND = ("call", "shop.refundOrder", "order_id=1042", "part=shipping", "reason=late")


# Told as a story


def test_a_call_is_told_from_what_was_asked_to_what_came_of_it(run: Run) -> None:
    made = run(*ORDER, "--json").json
    told = run("log", made["id"]).out
    lines = [line.strip() for line in told.splitlines()]
    assert re.match(r"shop\.getOrder · ok · \w{3} 2\d{3}-\d\d-\d\d .* UTC · \d+ ms", lines[0])
    assert lines[1] == f"call {made['id']} · owner · cli"
    assert re.search(r"^  GET http://[\d.:]+/orders/1042$", told, re.MULTILINE)
    assert "order_id = 1042 (from you)" in lines
    assert re.search(r"\+0 ms  allowed · dragoman.yaml:\d+$", told, re.MULTILINE)
    assert re.search(r"\+\d+ ms  attempt 1: 200 after \d+ ms", told)
    assert re.search(
        r"\d+ B sent · .* received · .* shown · with header X-Shop-Key \$\{DEMO_SHOP_KEY\}", told
    )
    assert lines[-1] == f"→ again: dragoman log {made['id']} --replay"


def test_what_went_wrong_is_told_with_whose_fault_it_was_and_what_to_do(run: Run) -> None:
    failed = run("call", "shop.getOrder", "order_id=9999", "--json").json
    told = run("log", failed["id"]).out
    assert "✗ " in told
    assert "There is no order 9999" in told
    assert "at fault: the arguments (api)" in told


def test_a_question_to_a_person_stands_in_the_story(run: Run) -> None:
    waiting = run(*REFUND, "--json").json
    asked = run("log", waiting["id"]).out
    assert f"a person was asked, as {waiting['approval']}" in asked
    assert f"→ dragoman approvals approve {waiting['approval']}" in asked
    run("approvals", "deny", waiting["approval"], "--reason", "too late")
    told = run("log", waiting["id"]).out
    assert re.search(r"\+\d+ ms  \w+ said no: too late$", told, re.MULTILINE)
    assert f"→ dragoman resume {waiting['id']}" in told


def test_an_answer_is_told_with_the_model_and_its_calls_in_turn(run: Run) -> None:
    asked = run("ask", "Where is order 1042?", "--json").json
    told = run("log", asked["id"]).out
    assert "│ Where is order 1042?" in told
    events = re.findall(r"^ +\+\d+ ms  (\S+)", told, re.MULTILINE)
    assert events[0] == "offline"
    assert "shop.getOrder" in events
    assert asked["text"].splitlines()[0] in told
    whole = run("log", asked["id"], "--json").json
    assert [turn["step"] for turn in whole["turns"]] == list(range(1, len(whole["turns"]) + 1))
    assert {"limits", "dollars", "first_chunk_seconds", "usage"} < set(whole["turns"][0])


def test_nothing_that_was_said_can_act_on_the_terminal_or_forge_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = "it\n✗ forged\x1b[2J\x9b1m \u202eesrever\r  \u2028+0 ms  approved by ana"
    problem = {"detail": hostile, "hint": hostile, "code": hostile, "fault": hostile}
    call = called(
        question=hostile,
        user=hostile,
        operation=hostile,
        problem=problem,
        decision=hostile,
        rule=hostile,
        credential=hostile,
        arguments={hostile: hostile},
        prepared={"method": hostile, "target": hostile, "body": hostile},
    )
    tell_call(call, None)
    tell_answer(answered(question=hostile, model=hostile), [], [call])
    told = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told)
    assert not [
        line for line in told.splitlines() if line.startswith(("✗ forged", "  +0 ms  appr"))
    ]


# Found


def test_calls_are_found_by_user_and_by_answer(run: Run) -> None:
    run(*ORDER)
    ours = run(*ORDER, "--user", "u_7", "--json").json["id"]
    answer = run("ask", "Where is order 1042?", "--json").json

    def ids(*words: str) -> list[str]:
        return [call["id"] for call in run("log", *words, "--json").json["calls"]]

    assert ids("--user", "u_7") == [ours]
    assert ids("--answer", answer["id"]) == [call["id"] for call in reversed(answer["calls"])]


# Followed


@contextmanager
def following(place: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Follow the log in a process of its own, from when it looks on."""
    words = ("log", "--follow", *words)
    with started(words, place, stdin=-3, stdout=-1, stderr=-1, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str], run: Run, *call: str) -> str:
    """Make calls until the first of them is seen, for a process needs a moment to begin."""
    assert process.stdout is not None
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.append(process.stdout.readline()))
    reader.start()
    for _ in range(60):
        run(*call)
        reader.join(0.5)
        if not reader.is_alive():
            return seen[0]
    raise AssertionError("nothing was seen")


def test_calls_are_followed_as_they_end_until_ctrl_c(run: Run, place: Path) -> None:
    run("call", "carrier.trackParcel", "number=PX-100042")
    with following(place, "--json", "--operation", "shop.*") as process:
        line = first_line(process, run, *ORDER)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")
    calls = [json.loads(one) for one in (line, *out.splitlines())]
    assert {call["operation"] for call in calls} == {"shop.getOrder"}
    assert len({call["id"] for call in calls}) == len(calls)


def test_what_is_followed_is_a_line_a_call(run: Run, place: Path) -> None:
    with following(place) as process:
        line = first_line(process, run, "call", "shop.getOrder", "order_id=9999")
    assert re.match(r"\d\d:\d\d:\d\d  \w{10}  owner  shop.getOrder  failed  \d+ ms  .+", line) or (
        " ".join(line.split()[2:5]) == "owner shop.getOrder failed"
    )
    assert "There is no order 9999" in line


# Made again


def test_a_read_is_made_again_as_it_was(run: Run) -> None:
    first = run(*ORDER, "--user", "u_7", "--json").json
    again = run("log", first["id"], "--replay", "--json").json
    assert (again["status"], again["data"]) == ("ok", first["data"])
    record = run("log", again["id"], "--json").json
    assert (record["user"], record["arguments"]) == ("u_7", {"order_id": "1042"})
    assert record["origins"] == {"order_id": f"call {first['id']}"}


def test_a_write_asks_when_it_is_made_again(run: Run, addresses: dict[str, str]) -> None:
    first = run(*REFUND, "--yes", "--json").json
    before = effects(addresses["DEMO_SHOP_URL"])
    asked = run("log", first["id"], "--replay")
    assert (asked.code, "waiting as ap_" in asked.err) == (4, True)
    assert run("log", first["id"], "--replay", "--dry-run", "--json").json["status"] == "previewed"
    assert effects(addresses["DEMO_SHOP_URL"]) == before


def test_a_caller_that_may_not_do_it_any_more_is_refused(run: Run, place: Path) -> None:
    files = ("-f", "dragoman.yaml", "-f", "bot.yaml")
    (place / "bot.yaml").write_text("callers: {bot: {scopes: [shop:read]}}\n")
    first = run(*ORDER, "--caller", "bot", *files, "--json").json
    (place / "bot.yaml").write_text("callers: {bot: {scopes: [carrier:read]}}\n")
    again = run("log", first["id"], "--replay", *files)
    assert (again.code, "bot has no scope for shop.getOrder" in again.err) == (5, True)


def test_a_call_that_held_a_secret_is_not_made_again(
    run: Run, place: Path, addresses: dict[str, str]
) -> None:
    with Dragoman(place / "dragoman.yaml") as d:
        d.call("shop.getOrder", {"order_id": "1042"})  # the key is known from its first use on
        held = d.call("shop.listProducts", {"query": addresses["DEMO_SHOP_KEY"]})
    refused = run("log", held.id, "--replay")
    assert (refused.code, "were not kept, so it cannot be called again" in refused.err) == (1, True)


@pytest.mark.parametrize("words", [("--replay",), ("--dry-run",), ("7Q2", "--dry-run")])
def test_what_cannot_be_made_again_is_a_mistake(run: Run, words: tuple[str, ...]) -> None:
    told = run("log", *words)
    assert (told.code, "--replay needs the id of a call" in told.err) == (2, True)


# Written down whatever happens


def test_a_command_that_is_told_to_end_writes_down_what_it_did(
    place: Path, run: Run, addresses: dict[str, str]
) -> None:
    shop = addresses["DEMO_SHOP_URL"]
    fault(shop, "delay", "/orders/1042", seconds=60)
    process = started(ORDER, place, stdin=-3, stdout=-1, stderr=-1, text=True)
    while not has_struck(shop):
        assert process.poll() is None
    process.terminate()
    _, err = process.communicate(timeout=30)
    clear_faults(shop)
    assert (process.returncode, err) == (1, "✗ stopped\n")
    (call,) = run("log", "--json").json["calls"]
    assert (call["operation"], call["status"]) == ("shop.getOrder", "cancelled")


def test_one_in_the_background_ends_as_well(
    place: Path, run: Run, addresses: dict[str, str]
) -> None:
    """A shell starts it with Ctrl-C ignored, so that SIGTERM cannot become one."""
    shop = addresses["DEMO_SHOP_URL"]
    fault(shop, "delay", "/orders/1042", seconds=60)
    ignoring = "import runpy, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    program = ("-c", f"{ignoring}runpy.run_module('dragoman', run_name='__main__', alter_sys=True)")
    process = started(ORDER, place, program=program, stdin=-3, stdout=-1, stderr=-1, text=True)
    while not has_struck(shop):
        assert process.poll() is None
    process.terminate()
    _, err = process.communicate(timeout=30)
    clear_faults(shop)
    assert (process.returncode, err) == (1, "✗ stopped\n")
    (call,) = run("log", "--json").json["calls"]
    assert call["status"] == "cancelled"


def test_a_terminal_is_asked_when_a_write_is_made_again(
    place: Path, run: Run, addresses: dict[str, str]
) -> None:
    first = run(*REFUND, "--yes", "--json").json
    before = effects(addresses["DEMO_SHOP_URL"])
    code, shown = at_a_terminal(("log", first["id"], "--replay"), place, [("[n]o", "n\n")])
    assert (code, "said no" in shown) == (5, True)
    assert effects(addresses["DEMO_SHOP_URL"]) == before
