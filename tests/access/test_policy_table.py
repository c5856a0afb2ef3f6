"""Who may do what: a table that reads like a document, and that no merging of files widens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.access.policy import Policy
from dragoman.call.identify import Identify
from dragoman.clock import Deadline, SystemClock
from dragoman.config.load import load
from dragoman.errors import PolicyError
from dragoman.operation import Call, Contract, Effect, Operation

CONFIG: dict[str, Any] = {
    "apis": {
        "shop": {
            "http": "http://localhost:1",
            "operations": {
                "getOrder": {"get": "/o"},
                "listOrders": {"get": "/os"},
                "refund": {"post": "/r", "require_approval": {"when": "args.amount > 50"}},
                "note": {"post": "/n", "require_approval": "never"},
                "drop": {"delete": "/o"},
            },
        },
        "crm": {"http": "http://localhost:2", "operations": {"getLead": {"get": "/l"}}},
    },
    "callers": {
        "nobody": {},
        "reader": {"scopes": ["shop:read"], "acts_for": ["ana"]},
        "orders": {"scopes": ["shop#orders"], "acts_for": "any"},
        "cashier": {"scopes": ["shop.get*", "shop.refund"], "acts_for": "any"},
        "everything": {"scopes": ["shop", "crm"]},
    },
}

READS = {"getOrder", "listOrders", "getLead"}


def operation(api: str, name: str) -> Operation:
    effect = Effect.DESTRUCTIVE if name == "drop" else Effect.WRITE
    return Operation(
        id=f"{api}.{name}",
        api=api,
        name=name,
        kind="http",
        effect=Effect.READ if name in READS else effect,
        tags=("orders",) if name.endswith(("Order", "Orders")) else (),
        read=lambda: Contract({}, (), None),
    )


OPERATIONS = [
    *(operation("shop", name) for name in ("getOrder", "listOrders", "refund", "note", "drop")),
    operation("crm", "getLead"),
]

TABLE = """
caller      shop.getOrder  shop.listOrders  shop.refund  shop.note  shop.drop  crm.getLead
nobody      deny           deny             deny         deny       deny       deny
reader      allow          allow            deny         deny       deny       deny
orders      allow          allow            deny         deny       deny       deny
cashier     allow          deny             approve      deny       deny       deny
everything  allow          allow            approve      allow      approve    allow
owner       allow          allow            approve      allow      approve    allow
"""

USERS = """
caller      nobody-in-particular  ana    bo
nobody      yes                   no     no
reader      yes                   yes    no
orders      yes                   yes    yes
cashier     yes                   yes    yes
everything  yes                   no     no
owner       yes                   yes    yes
"""


def rows(table: str) -> list[tuple[str, str, str]]:
    header, *lines = [line.split() for line in table.strip().splitlines()]
    return [
        (name, of, cell)
        for name, *cells in lines
        for of, cell in zip(header[1:], cells, strict=True)
    ]


def policy(tmp_path: Path | None = None, **top: Any) -> Policy:
    return Policy.compile(load({**CONFIG, **top}, environ={}))


@pytest.mark.parametrize(("caller", "name", "word"), rows(TABLE))
def test_what_each_caller_may_do(caller: str, name: str, word: str) -> None:
    one = policy()
    (found,) = [operation for operation in OPERATIONS if operation.id == name]
    known = one.caller(caller)
    assert one.verdict(known, found).word == word
    assert one.may(known, found) is (word != "deny")
    if word == "deny":
        with pytest.raises(PolicyError) as refused:
            one.authorize(known, found)
        assert refused.value.rule == one.verdict(known, found).rule


@pytest.mark.parametrize(("caller", "user", "allowed"), rows(USERS))
def test_for_whom_each_caller_may_act(caller: str, user: str, allowed: str) -> None:
    call = Call(
        id="c",
        operation="shop.getOrder",
        arguments={},
        deadline=Deadline.after(1, SystemClock()),
        scope="s",
        caller=caller,
        user=None if user == "nobody-in-particular" else user,
    )
    if allowed == "yes":
        assert Identify(policy())(call).name == caller
        return
    with pytest.raises(PolicyError):
        Identify(policy())(call)


@pytest.mark.parametrize(("amount", "word"), [(50, "allow"), (51, "approve"), ("x", "approve")])
def test_a_condition_decides_by_the_call(amount: object, word: str) -> None:
    one = policy()
    call = Call(
        id="c",
        operation="shop.refund",
        arguments={"amount": amount},
        deadline=Deadline.after(1, SystemClock()),
        scope="s",
        caller="cashier",
    )
    assert one.verdict(one.caller("cashier"), OPERATIONS[2], call).word == word


def test_read_only_denies_every_write_whoever_calls() -> None:
    one = policy(read_only=True)
    for caller in ("everything", "owner"):
        words = {o.id: one.verdict(one.caller(caller), o).word for o in OPERATIONS}
        assert {name for name, word in words.items() if word != "deny"} == {
            "shop.getOrder",
            "shop.listOrders",
            "crm.getLead",
        }


LAYERS = st.lists(
    st.sampled_from(
        [
            {"read_only": True},
            {"apis": {"shop": {"limits": {"rate": "5/minute"}}}},
            {"apis": {"shop": {"require_approval": "always"}}},
            {"apis": {"shop": {"operations": {"refund": {"require_approval": "always"}}}}},
            {"callers": {"reader": {"rate": "1/minute"}}},
            {"callers": {"cashier": {"acts_for": "none"}}},
            {"toolsets": {"t": {"tools": ["shop.*"]}}},
            {"model": "offline"},
        ]
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(LAYERS)
def test_no_layer_that_grants_nothing_widens_what_a_deny_says(
    tmp_path_factory: pytest.TempPathFactory, layers: list[dict[str, Any]]
) -> None:
    """A file laid over another lets nobody do more than one of them says."""
    import yaml

    folder = tmp_path_factory.mktemp("layers")
    files = []
    for number, layer in enumerate([CONFIG, *layers]):
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(layer))
    base, merged = policy(), Policy.compile(load(files, environ={}))
    order = {"deny": 0, "approve": 1, "allow": 2}
    for name in (*CONFIG["callers"], "owner"):
        for one in OPERATIONS:
            before = base.verdict(base.caller(name), one).word
            after = merged.verdict(merged.caller(name), one).word
            assert order[after] <= order[before], (name, one.id)
