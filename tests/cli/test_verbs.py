"""The command line over the three sample APIs: what is printed where, and the exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Run, effects

from dragoman.cli import VERBS
from dragoman.demo.keys import Credentials, variables
from dragoman.lint.rules import RULES

REFUND = ("call", "shop.refundOrder", "order_id=1042", "part=shipping", "reason=late")


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
        (("log", "--since", "yesterdayish"), 2, "Write 14:00"),
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


def test_json_is_one_object_on_stdout_and_nothing_else(run: Run, addresses) -> None:
    said = run("call", "shop.getOrder", "order_id=1042", "--json")
    assert (said.json["status"], said.err) == ("ok", "")
    assert run("call", "shop.getOrder", "order_id=9999", "--json").json["problem"]["code"] == "api"
    asked = run("ask", "Where is order 1042?", "--json")
    assert (asked.json["calls"][0]["status"], asked.err) == ("ok", "")
    assert run("ask", "Where is order 9999?", "--json").json["calls"][0]["status"] == "failed"
    waiting = run("ask", "Refund the shipping of order 1024", "--json").json
    assert run("approvals", "show", *waiting["approvals"], "--json").json["state"] == "waiting"
    denied = run("approvals", "deny", *waiting["approvals"], "--json")
    assert denied.json["id"] == waiting["id"]
    assert run("search", "refund", "--json").json["operations"]
    assert run("search", "zzzzqqqq", "--json").json == {"operations": []}
    assert run("tools", "--json").json["tools"][0]["type"] == "function"
    assert run("approvals", "--json").json == {"approvals": []}
    assert run("check", "--json").json["apis"][0]["ok"] is True
    assert len(run("log", "--json").json["calls"]) >= 3
    assert run("log", asked.json["id"], "--json").json["id"] == asked.json["id"]
    assert run("lint", f"{addresses['DEMO_SHOP_URL']}/openapi.json", "--json").json["operations"]


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


def test_a_log_is_narrowed_down(run: Run, place: Path) -> None:
    (place / "bot.yaml").write_text("callers: {bot: {scopes: [shop:read]}}\n")
    files = ("-f", "dragoman.yaml", "-f", "bot.yaml")
    order = run("call", "shop.getOrder", "order_id=1042", "--json").json
    gone = run("call", "shop.getOrder", "order_id=9999", "--json").json
    parcel = run("call", "carrier.trackParcel", "number=PX-100042", "--json").json
    bots = run("call", "shop.getOrder", "order_id=1042", "--caller", "bot", *files, "--json").json

    def ids(*words: str) -> list[str]:
        return [call["id"] for call in run("log", *words, "--json").json["calls"]]

    assert ids() == [bots["id"], parcel["id"], gone["id"], order["id"]]
    assert ids("-n", "1") == [bots["id"]]
    assert ids("--operation", "carrier.*") == [parcel["id"]]
    assert ids("--status", "failed") == [gone["id"]]
    assert ids("--caller", "bot") == [bots["id"]]
    assert ids("--since", "1h", "--until", "30m") == []
    assert len(ids("--since", "1h")) == 4
    record = run("log", gone["id"][:6], "--json").json
    assert (record["http_status"], record["arguments"]) == (404, {"order_id": "9999"})
    assert "There is no order 9999" in run("log", gone["id"]).out


def test_a_caller_is_held_to_its_scopes_and_its_tools(run: Run, place: Path) -> None:
    (place / "bot.yaml").write_text(
        "toolsets: {desk: {tools: [helpdesk.*]}}\n"
        "callers: {bot: {scopes: [shop:read], acts_for: [u_7]}}\n"
    )
    files = ("-f", "dragoman.yaml", "-f", "bot.yaml")
    as_bot = ("--caller", "bot", *files)
    refused = run(*REFUND, *as_bot)
    assert (refused.code, "shop.refundOrder" in refused.err) == (5, True)
    assert run("call", "shop.getOrder", "order_id=1042", *as_bot, "--user", "u_7").code == 0
    assert run("call", "shop.getOrder", "order_id=1042", *as_bot, "--user", "u_8").code == 5
    tools = run("tools", "--json", *as_bot).json["tools"]
    assert "shop__getOrder" in {tool["name"] for tool in tools}
    assert "shop__refundOrder" not in {tool["name"] for tool in tools}
    desk = run("tools", "desk", "--format", "chat", "--json", *files).json["tools"]
    assert all(tool["function"]["name"].startswith("helpdesk__") for tool in desk)
    found = run("search", "refund an order", "--json", *as_bot).json["operations"]
    assert "shop.refundOrder" not in {one["operation"] for one in found}


def test_arguments_are_typed_by_the_schema_or_read_from_elsewhere(run: Run, place: Path) -> None:
    (place / "quote.json").write_text('{"from_postcode": "37073", "to_postcode": "10115"}')
    (place / "to.txt").write_text("20095")
    words = ("call", "carrier.quoteShipping", "--dry-run", "--json", "weight_kg=2.50")
    by_file = run(*words, "--data", "@quote.json").json["data"]["body"]
    by_stdin = run(*words, "--data", "-", stdin=(place / "quote.json").read_text()).json
    assert by_file == by_stdin["data"]["body"]
    assert '"weight_kg":2.50' in by_file
    mixed = run(*words, "--data", "@quote.json", "to_postcode=@to.txt", 'service:="express"')
    assert '"to_postcode":"20095"' in mixed.json["data"]["body"]
    assert '"service":"express"' in mixed.json["data"]["body"]
    told = run("call", "carrier.quoteShipping", "--help")
    assert re.search(r"weight_kg +required +number", told.out)
    assert "standard|express" in told.out
    assert "carrier.trackParcel" in run("call", "carrier.", "--help").out
    assert (run("call", "--help").code, run("call").code) == (0, 2)


def test_a_key_makes_a_write_happen_once_and_yes_answers_it(run: Run, addresses) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    words = ("call", "shop.refundOrder", "order_id=1021", "part=shipping", "--yes", "--json")
    first = run(*words, "--idempotency-key", "k-1")
    again = run(*words, "--idempotency-key", "k-1")
    assert (first.code, again.code, first.json["data"]) == (0, 0, again.json["data"])
    assert "was not done again" in again.json["note"]
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before + 1
    asked = run("ask", "Refund the shipping of order 1022", "--yes", "--json")
    assert (asked.code, asked.json["status"]) == (0, "ok")
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before + 2


def test_a_dry_run_asks_nobody_and_sends_nothing(run: Run, addresses) -> None:
    before = effects(addresses["DEMO_SHOP_URL"])["refunds"]
    asked = run("ask", "Refund the shipping of order 1042", "--dry-run", "--json")
    assert (asked.code, asked.json["approvals"]) == (0, [])
    assert asked.json["calls"][-1]["status"] == "previewed"
    assert run("call", "shop.getOrder", "order_id=1042", "--dry-run", "--json").code == 0
    assert effects(addresses["DEMO_SHOP_URL"])["refunds"] == before


def test_a_newcomer_goes_from_an_address_to_an_answer(run: Run, place: Path, addresses) -> None:
    (place / "dragoman.yaml").unlink()
    made = run("init", f"{addresses['DEMO_SHOP_URL']}/openapi.json", "--name", "store")
    assert (made.code, "STORE_KEY" in made.out, made.err) == (0, True, "")
    before = (place / "dragoman.yaml").read_text()
    assert run("init", f"{addresses['DEMO_SHOP_URL']}/openapi.json").code == 2
    assert (place / "dragoman.yaml").read_text() == before
    curl = f"curl {addresses['DEMO_CARRIER_URL']}/parcels/PX-100042 -H 'X-Key: k-0123456789'"
    assert run("add", "carrier", "--curl", curl).code == 0
    assert "k-0123456789" not in (place / "dragoman.yaml").read_text()
    variables_to_set = re.findall(r"\$\{(\w+)\}", (place / "dragoman.yaml").read_text())
    missing = run("check")
    assert missing.code == 3
    assert all(f"{name} is not set (dragoman.yaml:" in missing.err for name in variables_to_set)
    assert run("search", "where is my order").code == 0
    values = dict.fromkeys(variables_to_set, addresses["DEMO_SHOP_KEY"])
    values["CARRIER_X_KEY"] = addresses["DEMO_CARRIER_KEY"]
    (place / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    assert run("check").code == 0
    assert run("call", "store.getOrder", "order_id=1042").code == 0
    assert run("call", "carrier.getParcels", "id=PX-100042").code == 0
    assert "PX-100042" in run("ask", "Where is order 1042?").out


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
    assert {one["rule"] for one in report["findings"]} <= {rule.name for rule in RULES}


def test_output_has_no_colour_where_nobody_watches(run: Run) -> None:
    assert "\x1b" not in "".join(map(str, run("call", "shop.getOrder", "order_id=9999")))
