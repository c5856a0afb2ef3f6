"""The owner's rules: who may call what, and what is said of an operation, with the line of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.access.policy import Policy
from dragoman.config.load import load
from dragoman.errors import ConfigurationError, NotFoundError, PolicyError
from dragoman.operation import OWNER, Contract, Effect, Operation

FILE = """\
apis:
  shop:
    openapi: ./shop.json
    require_approval: never
    limits: {rate: 60/minute, timeout: 10s}
    fill: {customer_id: caller.user, channel: web}
    operations:
      refundOrder:
        require_approval: always
        limits: {rate: 5/hour}
        fill: {channel: agent}
        select: id
        repeatable: true
  carrier: ./carrier.json
callers:
  bot:
    scopes: ["shop:read", shop.refund*]
    acts_for: [u_7]
    rate: 100/minute
  ana: {scopes: [approve, carrier], acts_for: any}
  nobody: {}
"""


def policy(tmp_path: Path, text: str = FILE, *, read_only: bool = False) -> Policy:
    (tmp_path / "dragoman.yaml").write_text(text)
    return Policy.compile(load(tmp_path / "dragoman.yaml", environ={}), read_only=read_only)


def operation(name: str, effect: Effect = Effect.READ, api: str = "shop") -> Operation:
    contract = Contract({}, (), None)
    return Operation(f"{api}.{name}", api, name, "http", effect, read=lambda: contract)


GET = operation("getOrder")
REFUND = operation("refundOrder", Effect.WRITE)
DELETE = operation("deleteOrder", Effect.DESTRUCTIVE)
TRACK = operation("track", api="carrier")


@pytest.mark.parametrize(
    ("caller", "allowed"),
    [
        (OWNER, {GET, REFUND, DELETE, TRACK}),
        ("bot", {GET, REFUND}),
        ("ana", {TRACK}),
        ("nobody", set()),
    ],
)
def test_a_caller_may_what_its_scopes_say_and_the_owner_all(
    tmp_path: Path, caller: str, allowed: set[Operation]
) -> None:
    rules = policy(tmp_path)
    who = rules.caller(caller)
    assert {one for one in (GET, REFUND, DELETE, TRACK) if rules.may(who, one)} == allowed
    for one in (GET, REFUND, DELETE, TRACK):
        if one in allowed:
            rules.authorize(who, one)
        else:
            with pytest.raises(PolicyError):
                rules.authorize(who, one)


def test_a_refusal_says_what_would_do_and_which_line_decided(tmp_path: Path) -> None:
    rules = policy(tmp_path)
    with pytest.raises(PolicyError) as refused:
        rules.authorize(rules.caller("bot"), DELETE)
    assert str(refused.value) == (
        "bot has no scope for shop.deleteOrder. "
        "One that would do: shop.deleteOrder or shop:destructive."
    )
    assert refused.value.rule.endswith("dragoman.yaml:17")


@pytest.mark.parametrize(
    ("caller", "user", "may"),
    [
        (OWNER, "u_8", True),
        ("bot", "u_7", True),
        ("bot", "u_8", False),
        ("bot", "u_", False),
        ("ana", "u_8", True),
        ("nobody", "u_7", False),
    ],
)
def test_a_caller_acts_for_those_that_the_file_names(
    tmp_path: Path, caller: str, user: str, may: bool
) -> None:
    assert policy(tmp_path).caller(caller).may_act_for(user) is may


def test_a_caller_that_there_is_not_is_told_who_there_is(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no caller 'bob'.*It has: bot, ana, nobody"):
        policy(tmp_path).caller("bob")


@pytest.mark.parametrize("where", ["file", "argument"])
def test_read_only_refuses_what_writes_to_everyone(tmp_path: Path, where: str) -> None:
    text = FILE + ("read_only: true\n" if where == "file" else "")
    rules = policy(tmp_path, text, read_only=where == "argument")
    owner = rules.caller(OWNER)
    assert rules.may(owner, GET)
    assert not rules.may(owner, REFUND)
    rules.authorize(owner, GET)
    with pytest.raises(PolicyError, match="this is read-only") as refused:
        rules.authorize(owner, DELETE)
    assert ("dragoman.yaml" in refused.value.rule) == (where == "file")


def test_the_argument_does_not_widen_what_the_file_says(tmp_path: Path) -> None:
    assert policy(tmp_path, "read_only: true\n", read_only=False).read_only


def test_an_operations_own_word_counts_over_its_apis(tmp_path: Path) -> None:
    rules = policy(tmp_path)
    get, refund = rules.rules(GET), rules.rules(REFUND)
    assert (get.require_approval, refund.require_approval) == ("never", "always")
    assert get.fill == {"customer_id": "caller.user", "channel": "web"}
    assert refund.fill == {"customer_id": "caller.user", "channel": "agent"}
    assert (get.timeout, refund.timeout) == (10.0, 10.0)
    assert (get.select, refund.select) == (None, "id")
    assert (get.repeatable, refund.repeatable) == (False, True)
    lines = {name: at.rpartition(":")[2] for name, at in refund.rule_of.items()}
    assert lines == {
        "require_approval": "9",
        "limits": "5",
        "shop.refundOrder": "10",
        "fill": "11",
        "select": "12",
        "owner": "8",
        "reconcile": "8",
        "pages": "8",
    }
    lines = {name: at.rpartition(":")[2] for name, at in get.rule_of.items()}
    assert (lines["require_approval"], lines["limits"], lines["fill"]) == ("4", "5", "6")


def test_rates_of_api_and_operation_count_both(tmp_path: Path) -> None:
    rules = policy(tmp_path)
    assert rules.rules(GET).rates == (("shop", "60/minute"),)
    assert rules.rules(REFUND).rates == (("shop", "60/minute"), ("shop.refundOrder", "5/hour"))
    assert rules.caller("bot").rate == "100/minute"


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("never", set()),
        ("writes", {Effect.WRITE, Effect.DESTRUCTIVE}),
        ("always", set(Effect)),
    ],
)
def test_a_person_is_asked_by_the_effect(tmp_path: Path, setting: str, asked: set[Effect]) -> None:
    text = f"apis: {{shop: {{openapi: x, require_approval: {setting}}}}}\n"
    rules = policy(tmp_path, text).rules(GET)
    assert {effect for effect in Effect if rules.may_need_approval(effect)} == asked


def test_writes_wait_where_the_owner_says_nothing(tmp_path: Path) -> None:
    rules = policy(tmp_path).rules(operation("createLabel", Effect.WRITE, "carrier"))
    assert rules.may_need_approval(Effect.WRITE)
    assert not rules.may_need_approval(Effect.READ)


def test_scopes_that_are_none_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
apis: {shop: ./shop.json}
callers:
  bot:
    scopes:
      - shop:reed
      - shp:read
      - approve
      - "shop."
  ana: {scopes: [shop.getOrder, cariers]}
"""
    with pytest.raises(ConfigurationError) as refused:
        policy(tmp_path, text)
    assert [line.partition("dragoman.yaml:")[2] for line in refused.value.messages] == [
        "5: 'shop:reed' of bot is no scope: 'reed' is no effect: read, write or destructive",
        "6: the scope 'shp:read' of bot names no API. Did you mean shop?",
        "8: 'shop.' of bot is no scope: a scope is api, api:read, api#tag or api.operation",
        "9: the scope 'cariers' of ana names no API.",
    ]
