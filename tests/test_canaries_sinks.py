"""The sinks are listed from the code: a new one fails here until somebody has looked at it.

Whoever adds a logger, a table, an error, a verb, a door, or a class that may hold a secret lets
the canaries of `test_canaries.py` go through it, and writes it down here.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sqlite3
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

import dragoman
from canaries import CANARIES, found
from dragoman import Answer, Dragoman, Outcome, errors
from dragoman.cli import VERBS
from dragoman.credentials.authorization_code import Begun
from dragoman.credentials.token_endpoint import Form
from dragoman.credentials.token_response import Token
from dragoman.credentials.user_tokens import UserToken
from dragoman.network import Request, Response
from dragoman.network.address import parse_address
from dragoman.network.way import Proxy
from dragoman.network.wire import _Order
from dragoman.operation import Credential, Door, Received
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import parse_template
from dragoman.secrets.remote import Held
from dragoman.secrets.vault import _Lease

SOURCE = Path(dragoman.__file__).parent
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECRET = CANARIES["BEARER_QUOTES"]

LOGGERS = {
    "dragoman.catalog": "places and causes of compiled files",
    "dragoman.audit": "how much could not be written, and the store's error",
    "dragoman.secrets": "the reference and the kind of fault",
    "dragoman.call": "the id of a call, and the store's error",
    "dragoman.calls": "a call's id, names, status and kind of fault",
    "dragoman.store": "that Redis is away, and the kind of fault",
    "dragoman.events": "the id of an event, a destination's name, and a reason without secrets",
    "dragoman.telemetry": "the address of a collector, and why nothing is sent to it",
    "dragoman": "all of ours together, for the handler of a program",
    "dragoman.mcp": "the name of a method or tool, and of an exception",
    "mcp": "silenced: the library logs what it is sent",
    "__name__": "of the sample APIs, which are programs of their own",
    "name": "in network/unlogged, which silences the loggers of others",
}
"""Every logger that the code names, and what it says."""

TABLES = {
    "alembic_version",
    "answer_log",
    "approval_log",
    "call_log",
    "caller_keys",
    "change_log",
    "claims",
    "event_outbox",
    "pause_log",
    "result_log",
    "turn_log",
    "user_tokens",
}
"""All are searched by `test_no_canary_is_in_what_a_call_gives_logs_or_keeps`."""

VERBS_HERE = {
    "demo", "init", "add", "check", "ask", "chat", "call", "search", "tools", "resume", "mcp",
    "install", "export", "keys", "policy", "approvals", "events", "connect", "pause", "unpause",
    "forget", "log", "stats", "reconcile", "lint", "diff",
}  # fmt: skip
"""What meets a secret is run in `test_canaries_cli.py` and `cli/test_no_secret_is_told.py`."""

DOORS = {"python", "cli", "ask", "actions", "mcp", "openai", "management"}
SERVERS = {"callback", "mcp"}

LIBRARIES_THAT_EXPORT = re.compile(r"^(opentelemetry|prometheus_client|sentry_sdk|statsd)\b")
EXPORTERS = {f"telemetry/{name}.py" for name in ("metrics", "otlp", "spans", "taking")}
"""What they tell is searched by `telemetry/test_no_secret_is_measured.py`."""

OUTPUTS = {
    Outcome: "id operation status data problem prepared note total handle next source approval"
    " repeated_from record",
    errors.Problem: "code title detail fault status retryable retry_after hint rule errors",
}
"""The members of what callers are given; each is walked through, hidden or not."""

SEALED: dict[str, object] = {
    "credentials.authorization_code.Begun": Begun("https://a/", "https://b/", SECRET, SECRET),
    "credentials.token_endpoint.Form": Form({"client_secret": SECRET}),
    "credentials.token_response.Token": Token(SECRET, 1.0, SECRET),
    "credentials.user_tokens.UserToken": UserToken("a", "u", SECRET, SECRET, NOW),
    "network.address.Address": parse_address(f"https://a.example/?k={CANARIES['BEARER_PLAIN']}"),
    "network.way.Proxy": Proxy(parse_address("http://proxy.example/"), SECRET, SECRET),
    "network.message.Request": Request("GET", f"https://a/?k={SECRET}", (("K", SECRET),), b"x"),
    "network.message.Response": Response(
        200, (("k", SECRET),), SECRET.encode(), f"https://a/?k={SECRET}", 1.0
    ),
    "network.wire._Order": _Order("GET", (("K", SECRET),), SECRET.encode()),
    "operation.Credential": Credential((("K", SECRET),), (("k", SECRET),), (("k", SECRET),)),
    "operation.Received": Received(200, "a/b", (("k", SECRET),), SECRET.encode(), 1.0),
    "secrets.reference.Reference": parse_template(f"${{NAME:-{CANARIES['BEARER_PLAIN']}}}"),
    "secrets.remote.Held": Held({"key": SECRET}),
    "secrets.vault._Lease": _Lease("id", 1.0, {"key": SECRET}),
}
"""Classes that hold a secret, each with one in it: printing them shows none."""

HOLD_NONE = {
    "access.identity.Identity",
    "access.identity.IdentityProvider",
    "access.keys.CallerKey",
    "access.policy.Caller",
    "access.policy.Owner",
    "access.policy.Policy",
    "access.policy.Rules",
    "access.policy.Verdict",
    "access.scopes.Scope",
    "credentials.auth.Auth",
    "credentials.authorization_code.AuthorizationCode",
    "credentials.client_credentials.ClientCredentials",
    "credentials.parts.Basic",
    "credentials.parts.Client",
    "credentials.parts.Grant",
    "credentials.parts.UserGrant",
    "credentials.parts.Value",
    "credentials.reveal.Reveal",
    "credentials.token_endpoint.TokenEndpoint",
    "credentials.token_response.Refused",
    "network.attempt.Attempt",
    "network.message.Bounds",
    "network.reach.Reach",
    "network.way.Way",
    "secrets.reference.Template",
    "secrets.remote._Kept",
}
"""Of the rooms that handle secrets, the classes that hold only names of them, or are printed alive
by `test_canaries.py`."""

ERRORS = {
    "apis.openapi.compiled.CompileError",
    "call.edited.Edited",
    "call.ending.Ended",
    "call.ending.Repeated",
    "cli.command.UsageError",
    "cli.entry.UnreadableError",
    "cli.keyboard.Interrupted",
    "config.conditions.ConditionFault",
    "credentials.forms.Misuse",
    "demo.work.RefusalError",
    "errors.AddressRefusedError",
    "errors.ApiError",
    "errors.ApiLimitError",
    "errors.ArgumentError",
    "errors.AuthenticationError",
    "errors.BusyError",
    "errors.CertificateError",
    "errors.ConfigurationError",
    "errors.CredentialError",
    "errors.CutAnswerError",
    "errors.DescriptionError",
    "errors.DragomanError",
    "errors.FailingError",
    "errors.LimitError",
    "errors.ModelError",
    "errors.NetworkError",
    "errors.NotFoundError",
    "errors.PolicyError",
    "errors.ResponseError",
    "errors.StoreError",
    "errors.UnsupportedError",
    "events.post.UndeliveredError",
    "models.faults.ModelUnavailableError",
    "models.faults.ServerFaultError",
    "models.output_form._NotStrictError",
    "network.httpx2_transport._NotDialledError",
    "network.inflate.CodingError",
    "secrets.remote.StoreFaultError",
    "tools.actions.gathering.Circular",
    "tools.actions.gathering.NotCarried",
    "tools.merging.CannotMerge",
    "tools.reduction.TooLarge",
    "tools.strict._NotStrict",
}
"""Every error of ours, those that users see and those that end inside."""

ROOMS = ("access", "credentials", "network", "secrets")


def modules() -> list[str]:
    """Every module but those of the sample APIs and the entry points, which run when imported."""
    found_ = pkgutil.walk_packages([str(SOURCE)], "dragoman.")
    return [
        one.name for one in found_ if "__main__" not in one.name and ".migrations" not in one.name
    ]


def test_every_logger_is_known() -> None:
    named = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getLogger"):
                given = node.args[0] if node.args else ast.Constant("root")
                named.add(given.value if isinstance(given, ast.Constant) else ast.unparse(given))
    assert named == set(LOGGERS)


def test_every_exporter_is_known() -> None:
    exporters = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
        if LIBRARIES_THAT_EXPORT.match(name)
    }
    assert exporters == EXPORTERS


async def test_every_table_is_known(tmp_path: Path) -> None:
    async with Dragoman({"version": 1, "store": f"sqlite:///{tmp_path}/dragoman.db"}) as d:
        await d.parts.caller_keys.create("owner")
    with sqlite3.connect(tmp_path / "dragoman.db") as store:
        rows = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    store.close()
    assert {name for (name,) in rows} == TABLES


def test_every_verb_and_every_door_is_known() -> None:
    assert set(VERBS) == VERBS_HERE
    assert set(get_args(Door)) == DOORS
    here = {path.stem for path in (SOURCE / "servers").iterdir() if not path.name.startswith("__")}
    assert here == SERVERS


def test_every_member_of_what_callers_are_given_is_known() -> None:
    for kind, names in OUTPUTS.items():
        assert [field.name for field in fields(kind)] == names.split()
    assert is_dataclass(Answer)


def exceptions() -> dict[str, type[BaseException]]:
    """Every class of exception that is ours."""
    return {
        f"{one.__module__}.{one.__name__}": one
        for name in modules()
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, type)
        and issubclass(one, BaseException)
        and one.__module__.startswith("dragoman.")
    }


def test_every_error_is_known() -> None:
    assert {name.removeprefix("dragoman.") for name in exceptions()} == ERRORS


def test_an_error_that_users_see_holds_words_and_nothing_else() -> None:
    """It has no member for a request, an answer or a credential."""
    allowed = {"detail", "hint", "rule", "errors", "retry_after", "messages"}
    made: dict[type, dict[str, Any]] = {
        errors.ApiError: {"upstream_status": 500},
        errors.NetworkError: {"sent": False},
        errors.FailingError: {"retry_after": 1.0},
    }
    for name, kind in exceptions().items():
        if issubclass(kind, errors.DragomanError):
            more = made.get(kind, {})
            assert set(vars(kind("words", **more))) <= {*allowed, *more, "sent"}, name


def sealed_rooms() -> dict[str, type]:
    """The dataclasses of the rooms that handle secrets."""
    rooms = tuple(f"dragoman.{room}." for room in ROOMS)
    return {
        f"{one.__module__}.{one.__qualname__}".removeprefix("dragoman."): one
        for name in modules()
        if name.startswith(rooms)
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__.startswith(rooms)
    }


def test_every_class_that_may_hold_a_secret_is_known() -> None:
    assert set(sealed_rooms()) - set(SEALED) == HOLD_NONE


@pytest.mark.parametrize("name", SEALED)
def test_printing_what_holds_a_secret_shows_none(name: str) -> None:
    held: Any = SEALED[name]
    assert found(CANARIES, f"{held!r} {held!s} {vars_of(held)}") == []


def vars_of(held: object) -> str:
    """As a list and a mapping print what is in them."""
    return f"{[held]} { ({'it': held}) }"


def test_printing_the_live_values_shows_their_names_alone() -> None:
    live = LiveValues()
    live.add(SECRET, "NAME")
    assert repr(live) == "LiveValues(NAME)"
