"""What is public, as data: `python tests/surface.py` writes docs/surface.json anew."""

from __future__ import annotations

import asyncio
import inspect
import json
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dragoman
from dragoman import sync
from dragoman.app import Dragoman
from dragoman.assistant.answer import Answer
from dragoman.audit.approvals import Approval
from dragoman.audit.facts import AnswerRecord, CallRecord, TurnRecord
from dragoman.audit.patterns import Pattern
from dragoman.audit.stats import Group, ModelUse, Stats
from dragoman.catalog.lock import Pin, _Api, _Header
from dragoman.cli import VERBS
from dragoman.cli.approvals import as_json as approval_as_json
from dragoman.cli.ask import answer_as_json
from dragoman.cli.call import as_json
from dragoman.cli.lint import subject_at
from dragoman.cli.stats import as_json as stats_as_json
from dragoman.config.schema import json_schema
from dragoman.lint.advice import advise
from dragoman.lint.rules import RULES
from dragoman.operation import Outcome, Status
from dragoman.store.store import Store
from dragoman.tools.actions.checks import CHECKS
from dragoman.tools.mcp import OUTPUT_SCHEMA
from dragoman.tools.meta import META_TOOLS

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_APPROVAL = Approval(
    id="ap_1",
    call={},
    call_id="1",
    answer_id=None,
    operation="api.operation",
    effect="write",
    prepared_hash="",
    shown={},
    asked_by="owner",
    user=None,
    asked=_NOON,
    expires=_NOON,
)

_NO_STATS = Stats(_NOON, _NOON, False, Group("all"), (), {}, (), (), {}, 0)

SNAPSHOT = Path(__file__).resolve().parent.parent / "docs" / "surface.json"


def surface() -> dict[str, Any]:
    """Everything that docs/stability.md promises not to change in silence."""
    return {
        "python": {
            "names": sorted(dragoman.__all__),
            "Dragoman": _methods(Dragoman),
            "sync.Dragoman": _methods(sync.Dragoman),
            "Answer": [one.name for one in fields(Answer)],
            "Outcome": [one.name for one in fields(Outcome)],
        },
        "yaml": json_schema(),
        "commands": {verb: _commands(verb) for verb in VERBS},
        "json": {
            "call": sorted(as_json(Outcome("id", "api.operation", Status.OK))),
            "ask": sorted(answer_as_json(Answer("id", "text", Status.OK))),
            "approvals": sorted(approval_as_json(_APPROVAL)),
            "lint": _lint(),
            "log": {
                kind.__name__: _members(kind) for kind in (CallRecord, AnswerRecord, TurnRecord)
            },
            "stats": {
                "": sorted(stats_as_json(_NO_STATS, (), {}, "api")),
                **{kind.__name__: _members(kind) for kind in (Group, ModelUse, Pattern)},
            },
        },
        "lock": {
            "header": list(_Header.__struct_encode_fields__),
            "api": list(_Api.__struct_encode_fields__),
            "operation": list(Pin.__struct_encode_fields__),
        },
        "rules": [rule.name for rule in RULES],
        "checks": [check.name for check in CHECKS],
        "mcp": {
            "envelope": sorted(OUTPUT_SCHEMA["properties"]),
            "meta-tools": [tool.name for tool in META_TOOLS],
        },
        "views": asyncio.run(_views()),
    }


def _members(kind: type) -> list[str]:
    """The keys of a record as JSON: `resumable` and `state` are for us."""
    return [one.name for one in fields(kind) if one.name not in {"resumable", "state"}]


def _lint() -> dict[str, list[str]]:
    """The keys of `lint --json`, and of a finding in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "api.json"
        paths = {"/things": {"post": {"responses": {"200": {"description": "ok"}}}}}
        path.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": paths}))
        told = advise(asyncio.run(subject_at(str(path)))).as_json()
    findings: Any = told["findings"]
    return {"": sorted(told), "findings": sorted(findings[0])}


async def _views() -> dict[str, list[str]]:
    store = Store("sqlite:///:memory:", Path())
    columns = "SELECT name FROM pragma_table_info(:view)"
    views = {
        view: [str(row["name"]) for row in await store.read(columns, {"view": view})]
        for view in ("calls", "answers", "turns", "approvals", "changes")
    }
    await store.aclose()
    return views


def _methods(kind: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)[1:]
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def _commands(verb: str) -> dict[str, list[str]]:
    app = import_module(f"dragoman.cli.{verb}").app
    named = {"": app, **{one.name[0]: one for one in app.subapps}}
    return {
        name: list(inspect.signature(one.default_command).parameters)
        for name, one in named.items()
        if one.default_command is not None and name != "help-print"  # cyclopts' own
    }


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(surface(), indent=1, sort_keys=True) + "\n", "utf-8")
