"""A stateful emulator of others (npm `emulate`): the vendors' documents, pointed at it.

Three reads and three writes each, in which what was written is read again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dragoman import Dragoman, Outcome
from judge.answers import differences, response_schema
from judge.documents import read_document
from judge.programs import free_ports, node, node_package, running

__all__ = ["run"]

_VERSION = "0.12.2"
_START_SECONDS = 60
_TOKEN = "EMULATOR_TOKEN"  # noqa: S105 - the name of a variable
_SHOWN = 12

Kept = dict[str, Any]
"""What earlier answers gave, for later calls."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call: its arguments from what was kept, what to keep of its answer, what must be in it.

    `refused` says why the emulator cannot answer what the document describes.
    """

    operation: str
    arguments: Callable[[Kept], dict[str, Any]]
    keep: Mapping[str, str] = field(default_factory=dict)
    shows: Callable[[Any, Kept], bool] = lambda _data, _kept: True
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A step with what came of it; `differs` is where the answer is not as described."""

    step: Step
    outcome: Outcome
    route: str
    effect: str
    ok: bool
    differs: tuple[str, ...]


_REPO = {"owner": "admin", "repo": "dragoman-judge"}

_HEAD = """\
# A stateful emulator of others

Made by `python -m judge emulate`. The vendors' published documents of GitHub, Slack and Stripe,
unedited, are pointed at npm `emulate` {version} by `base_url` and called through `Dragoman`. Every
answer is checked for what was written before (a closed issue is read as closed), and compared with
the schema that the document has for it.

Where answer and document disagree, the document is the vendor's own, and the emulator is wrong
unless it is said otherwise. No request of ours was refused but the one that is named.
"""

STEPS: Mapping[str, tuple[Step, ...]] = {
    "github": (
        Step("users/get-authenticated", lambda _: {}, shows=lambda d, _: d["login"] == "admin"),
        Step(
            "repos/create-for-authenticated-user",
            lambda _: {"name": _REPO["repo"], "private": False, "has_wiki": False},
            shows=lambda d, _: d["private"] is False and d["full_name"] == "admin/dragoman-judge",
        ),
        Step(
            "issues/create",
            lambda _: {**_REPO, "title": "Zoë & 50 %", "labels": ["late"], "body": ""},
            keep={"issue": "number"},
            shows=lambda d, _: d["title"] == "Zoë & 50 %",
        ),
        Step(
            "issues/list-for-repo",
            lambda _: {**_REPO, "state": "open", "labels": "late", "per_page": 5},
            shows=lambda d, k: [one["number"] for one in d] == [k["issue"]],
        ),
        Step(
            "issues/update",
            lambda k: {**_REPO, "issue_number": k["issue"], "state": "closed"},
            shows=lambda d, _: d["state"] == "closed",
        ),
        Step(
            "issues/get",
            lambda k: {**_REPO, "issue_number": k["issue"]},
            shows=lambda d, _: d["state"] == "closed" and d["body"] in ("", None),
        ),
    ),
    "slack": (
        Step(
            "conversations_create",
            lambda _: {"name": "late-parcels", "is_private": False},
            keep={"channel": "channel.id"},
            shows=lambda d, _: d["ok"] and d["channel"]["name"] == "late-parcels",
        ),
        Step(
            "chat_postMessage",
            lambda k: {"channel": k["channel"], "text": "Zoë & 50 % = half; a+b?"},
            keep={"ts": "ts"},
            shows=lambda d, _: d["message"]["text"] == "Zoë & 50 % = half; a+b?",
        ),
        Step(
            "pins_add",
            lambda k: {"channel": k["channel"], "timestamp": k["ts"]},
            shows=lambda d, _: d["ok"],
        ),
        Step(
            "pins_list",
            lambda k: {"channel": k["channel"]},
            shows=lambda d, k: d["items"][0]["message"]["ts"] == k["ts"],
        ),
        Step(
            "chat_getPermalink",
            lambda k: {"channel": k["channel"], "message_ts": k["ts"]},
            shows=lambda d, k: d["ok"] and k["channel"] in d["permalink"],
        ),
        Step("users_getPresence", lambda _: {}, shows=lambda d, _: d["ok"]),
        Step(
            "conversations_list",
            lambda _: {"exclude_archived": True},
            refused="The emulator has this method for POST alone. Slack's document says GET, and"
            " the vendor takes both: the emulator is wrong.",
        ),
    ),
    "stripe": (
        Step(
            "PostCustomers",
            lambda _: {
                "email": "zoe+late@example.com",
                "name": "Zoë & Söhne",
                "metadata": {"order": "1042"},
            },
            keep={"customer": "id"},
            shows=lambda d, _: d["name"] == "Zoë & Söhne" and d["metadata"] == {"order": "1042"},
        ),
        Step(
            "GetCustomersCustomer",
            lambda k: {"customer": k["customer"]},
            shows=lambda d, _: d["email"] == "zoe+late@example.com",
        ),
        Step(
            "GetCustomers",
            lambda _: {"email": "zoe+late@example.com", "limit": 1},
            shows=lambda d, k: d["data"][0]["id"] == k["customer"],
        ),
        Step("PostProducts", lambda _: {"name": "Lamp"}, keep={"product": "id"}),
        Step(
            "PostPrices",
            lambda k: {"currency": "eur", "unit_amount": 0, "product": k["product"]},
            keep={"price": "id"},
            shows=lambda d, _: d["unit_amount"] == 0,
        ),
        Step(
            "GetPricesPrice",
            lambda k: {"price": k["price"]},
            shows=lambda d, k: d["product"] == k["product"] and d["unit_amount"] == 0,
        ),
    ),
}


async def run(specs: Path, cache: Path, out: Path) -> int:
    """Play all steps, write the page, and return 0 where each did what it should, else 1."""
    binary, package = node(cache), node_package(cache, "emulate", _VERSION)
    first = free_ports(len(STEPS))
    with tempfile.TemporaryDirectory(prefix="dragoman-emulate-") as name:
        words = [str(binary), str(package / "dist" / "index.js"), "start"]
        words += ["--service", ",".join(STEPS), "--port", str(first)]
        last = first + len(STEPS) - 1
        async with running(words, last, seconds=_START_SECONDS, cwd=Path(name)):
            config = {
                "store": f"sqlite:///{name}/dragoman.db",
                "apis": {api: _api(api, specs, first + place) for place, api in enumerate(STEPS)},
            }
            async with Dragoman(config, environ={_TOKEN: "test_token_admin"}) as d:
                played = {api: await _play(d, api, specs) for api in STEPS}
    return _reported(played, out)


def _reported(played: Mapping[str, list[Done]], out: Path) -> int:
    out.mkdir(parents=True, exist_ok=True)
    (out / "emulate.md").write_text(_page(played), "utf-8")
    failed = [one for every in played.values() for one in every if not one.ok]
    for one in failed:
        said = one.outcome.problem.detail if one.outcome.problem else str(one.outcome.data)[:200]
        print(f"✗ {one.outcome.operation}: {said}")
    print(
        f"wrote {out / 'emulate.md'}: {sum(map(len, played.values()))} calls, {len(failed)} wrong"
    )
    return 1 if failed else 0


def _api(api: str, specs: Path, port: int) -> dict[str, object]:
    base = {"slack": "/api", "github": "", "stripe": ""}[api]
    return {
        "openapi": str((specs / f"{api}.json").resolve()),
        "base_url": f"http://127.0.0.1:{port}{base}",
        "auth": {"bearer": f"${{{_TOKEN}}}"},
        "require_approval": "never",
        # Slack's document has the token as an argument of every operation, too.
        **({"omit": ["token"]} if api == "slack" else {}),
    }


async def _play(d: Dragoman, api: str, specs: Path) -> list[Done]:
    root, kept, played = read_document(specs / f"{api}.json"), Kept(), list[Done]()
    for step in STEPS[api]:
        operation = d.parts.catalog.get(f"{api}.{step.operation}")
        outcome = await d.call(operation.id, step.arguments(kept))
        for name, path in step.keep.items() if outcome.ok else ():
            kept[name] = _at(outcome.data, path)
        ok = not outcome.ok if step.refused else outcome.ok and step.shows(outcome.data, kept)
        differs = _differs(root, operation.route, outcome) if outcome.ok else ()
        played.append(Done(step, outcome, operation.route, operation.effect.value, ok, differs))
    return played


def _at(data: Any, path: str) -> Any:
    for part in path.split("."):
        data = data[part]
    return data


def _differs(root: Mapping[str, Any], route: str, outcome: Outcome) -> tuple[str, ...]:
    status = outcome.record.get("http_status")
    schema = response_schema(root, route, int(str(status)))
    if schema is None:
        return (f"the status {status} is not described",)
    return tuple(differences(root, schema, json.loads(json.dumps(outcome.data))))


def _page(played: Mapping[str, list[Done]]) -> str:
    lines = [_HEAD.format(version=_VERSION)]
    for api, every in played.items():
        worked = [one for one in every if one.ok and not one.step.refused]
        reads = sum(one.effect == "read" for one in worked)
        lines += [f"## {api}: {reads} reads and {len(worked) - reads} writes", ""]
        lines += ["| operation | request | effect | came of it |", "|---|---|---|---|"]
        lines += [_row(one) for one in every]
        lines += ["", *_disagreements(every)]
    return "\n".join(lines).rstrip() + "\n"


def _row(one: Done) -> str:
    status = one.outcome.record.get("http_status")
    said = "as it should" if one.ok and not one.step.refused else one.step.refused or "**wrong**"
    return f"| `{one.step.operation}` | `{one.route}` | {one.effect} | {status}: {said} |"


def _disagreements(every: list[Done]) -> list[str]:
    """Say where answers are not as described; the document is the vendor's, and so is right."""
    lines = []
    for one in every:
        if not one.differs:
            continue
        shown = "; ".join(one.differs[:_SHOWN])
        more = len(one.differs) - _SHOWN
        lines.append(
            f"- `{one.step.operation}`: {shown}" + (f"; and {more} more" if more > 0 else "")
        )
    return ["Answers that are not as the document describes them:", "", *lines, ""] if lines else []
