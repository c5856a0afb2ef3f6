"""What somebody reads whose night it is: right, with a way on, and never `no calls` by mistake."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Run, at_a_terminal, clear_faults, effects, fault, has_struck, started

from dragoman.cli.story import tell_call
from dragoman.cli.terminal import until_then
from dragoman.operation import Attempt
from dragoman.sync import Dragoman
from made_records import called
from moved_clock import NOON

REFUND = ("call", "shop.refundOrder", "order_id=1044", "part=shipping", "reason=late")


@pytest.fixture
def killed(place: Path, addresses: dict[str, str]) -> str:
    """The id of a write whose process was killed while it was out."""
    shop = addresses["DEMO_SHOP_URL"]
    fault(shop, "delay", "/orders/1044/refunds", seconds=60)
    process = started((*REFUND, "--yes"), place, stdin=-3, stdout=-1, stderr=-1)
    while not has_struck(shop):
        assert process.poll() is None
    process.kill()
    process.communicate()
    clear_faults(shop)
    with sqlite3.connect(place / "dragoman.db") as store:
        [[call]] = store.execute("SELECT call_id FROM claims")
    return call


# A write whose process was killed


def _lapse(place: Path) -> None:
    """Let the time be over in which whoever has sent it may still hear of its end."""
    with sqlite3.connect(place / "dragoman.db") as store:
        store.execute("UPDATE claims SET lease_until = '2026-01-01T00:00:00.000000+00:00'")


def test_a_killed_write_is_told_of_before_anybody_can_know_its_end(
    run: Run, place: Path, killed: str
) -> None:
    listed = run("log", "--status", "unknown")
    warning = rf"! shop.refundOrder {killed} is out, or its process died: nobody knows before \d\d:"
    assert listed.code == 0
    assert re.match(warning, listed.err)
    told = run("log", killed).out
    assert told.startswith("shop.refundOrder · running · ")
    assert "→ It is out, or its process died" in told
    assert "→ dragoman resume" not in told
    with sqlite3.connect(place / "dragoman.db") as store:
        store.execute("DELETE FROM call_log")
    assert "It is out, or its process died: nobody knows before" in run("log", killed).out


def test_a_write_that_got_its_yes_and_was_killed_waits_for_nobody(
    run: Run, place: Path, killed: str
) -> None:
    _lapse(place)
    told = run("log", killed).out
    assert told.startswith("shop.refundOrder · unknown · ")
    assert f"→ Nobody knows whether it happened: dragoman reconcile {killed}" in told


def test_a_write_of_unknown_end_is_told_by_the_id_that_the_list_gives(
    run: Run, place: Path, killed: str
) -> None:
    _lapse(place)
    with sqlite3.connect(place / "dragoman.db") as store:
        store.execute("DELETE FROM call_log")
    [listed] = run("log", "--status", "unknown", "--json").json["calls"]
    assert listed["id"] == killed
    told = run("log", killed)
    assert (told.code, told.err) == (0, "")
    lines = [line.strip() for line in told.out.splitlines()]
    assert lines[0].startswith("shop.refundOrder · unknown · ")
    assert "order_id = 1044" in lines
    assert lines[-1] == f"→ {listed['settle']}"
    assert run("log", killed, "--json").json == {**listed, "status": "unknown"}


# Words that are no command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("log", "--status", "faild"), "No call ends 'faild'. Did you mean failed?"),
        (("log", "--status", "zzz"), "Known are: ok, failed, "),
        (("log", "--since", "1h", "--until", "2h"), "1h is not before 2h"),
        (("stats", "--since", "1h", "--until", "2h"), "1h is not before 2h"),
        (("approvals", "edit", "ap_1"), "Say what is changed, such as amount=20."),
    ],
)
def test_a_mistake_is_not_an_empty_list(run: Run, words: tuple[str, ...], told: str) -> None:
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_an_edit_without_a_change_sends_nothing(run: Run, addresses: dict[str, str]) -> None:
    waiting = run(*REFUND, "--json").json["approval"]
    before = effects(addresses["DEMO_SHOP_URL"])
    assert f"dragoman approvals approve {waiting}" in run("approvals", "edit", waiting).err
    assert effects(addresses["DEMO_SHOP_URL"]) == before
    assert run("approvals", "show", waiting, "--json").json["state"] == "waiting"


def test_a_mistake_in_a_verb_of_a_verb_names_its_own_help(run: Run) -> None:
    assert run("approvals", "link", "ap_1").err.endswith("Usage: dragoman approvals link --help\n")


@pytest.mark.parametrize("line", ['key: "${NO_KEY}"', 'store: "${NO_STORE}"'])
def test_a_secret_that_is_not_set_is_told_with_its_line(run: Run, place: Path, line: str) -> None:
    (place / "more.yaml").write_text(f"# for the fleet\n{line}\n")
    ended = run(*REFUND, "-f", "dragoman.yaml", "-f", "more.yaml")
    assert (ended.code, "is not set (more.yaml:2). Set it" in ended.err) == (3, True)


# People


def test_who_answered_is_told_and_why(run: Run) -> None:
    waiting = run(*REFUND, "--json").json["approval"]
    run("approvals", "deny", waiting, "--by", "ana", "--reason", "too late")
    last = run("approvals", "show", waiting).out.splitlines()[-1]
    assert re.match(r"denied, asked .* UTC, answered by ana .* UTC: too late$", last)


def test_a_question_mark_is_no_answer(place: Path, addresses: dict[str, str]) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])
    typed = [("[e]dit [?]", "?\n"), ('"hash": "', ""), ("[e]dit [?]", "n\n")]
    code, shown = at_a_terminal(REFUND, place, typed)
    assert (code, shown.count("wants a yes")) == (5, 2)
    assert '"expires": "' in shown
    assert effects(addresses["DEMO_SHOP_URL"]) == before


# Rules


LIMITS = """\
apis:
  shop:
    limits: {{rate: {api}/day}}
    operations:
      getOrder: {{limits: {{rate: {operation}/day}}}}
"""


@pytest.mark.parametrize(
    ("api", "operation", "rule"),
    [(1, 2, "shop may be used once a day"), (2, 1, "shop.getOrder may be used once a day")],
)
def test_a_rate_that_is_used_up_names_its_own_line(
    place: Path, api: int, operation: int, rule: str
) -> None:
    (place / "limits.yaml").write_text(LIMITS.format(api=api, operation=operation))
    with Dragoman([place / "dragoman.yaml", place / "limits.yaml"]) as d:
        for _ in range(2):
            outcome = d.call("shop.getOrder", {"order_id": "1042"})
    problem = outcome.problem
    assert problem is not None
    assert problem.detail.startswith(rule)
    assert problem.rule.endswith(f"limits.yaml:{3 if api == 1 else 5}")


# Numbers


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (55.156, "56 s"), (119, "119 s"), (121, "3 min"), (23_862, "6 h 38 min")],
)
def test_a_wait_is_told_as_people_plan_it(seconds: float, told: str) -> None:
    assert until_then(seconds) == told


def test_a_wait_stands_where_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    attempts = tuple(
        Attempt(NOON + timedelta(seconds=at), ended, 0.1, waited, None, None)
        for at, ended, waited in [(0, "429", 0.0), (2.1, "200", 2.0)]
    )
    tell_call(called(attempts=attempts, queue_seconds=2.5), None)
    told = capsys.readouterr().out
    assert "waited 500 ms for its turn" in told
    assert "+2.1 s  attempt 2: 200 after 100 ms · after a wait of 2.0 s" in told


def test_stats_fit_the_terminal(run: Run) -> None:
    run("call", "shop.getOrder", "order_id=1042")
    lines = run("stats", COLUMNS="60").out.splitlines()
    assert all(len(line) <= 60 for line in lines if line.startswith(("calls", "failed")))


def test_a_repeat_takes_no_time_of_the_api(run: Run) -> None:
    again = (*REFUND[:2], "order_id=1016", *REFUND[3:], "--yes", "--idempotency-key", "K")
    first, second = run(*again, "--json").json, run(*again, "--json").json
    assert second["data"] == first["data"]
    assert run("log", second["id"], "--json").json["api_seconds"] is None


# Settings that nobody uses until they are needed


def test_check_misses_the_secrets_of_those_who_are_told(run: Run, place: Path) -> None:
    (place / "ops.yaml").write_text(
        "notify:\n  ops: {webhook: 'http://127.0.0.1:9/hook', secret: \"${HOOK_SECRET}\"}\n"
    )
    ended = run("check", "-f", "dragoman.yaml", "-f", "ops.yaml")
    assert ended.code == 3
    assert "HOOK_SECRET is not set (ops.yaml:2). Set it in the shell or in .env." in ended.err
    asked = run("check", "-f", "dragoman.yaml", "-f", "ops.yaml", "--json")
    assert (asked.code, "HOOK_SECRET" in json.dumps(asked.json["warnings"])) == (3, True)


def test_a_store_that_cannot_be_opened_is_named_as_it_is_written(run: Run, place: Path) -> None:
    (place / "far.yaml").write_text("store: sqlite:///gone/calls.db\n")
    ended = run("call", "shop.getOrder", "order_id=1042", "-f", "dragoman.yaml", "-f", "far.yaml")
    assert ended.code == 1
    assert "1 records were lost. The store sqlite:///gone/calls.db could not be opened" in ended.err
    looked = run("log", "-f", "dragoman.yaml", "-f", "far.yaml")
    assert (looked.code, "The folder must exist and be writable." in looked.err) == (1, True)
