"""What Prism said, as `docs/evidence/prism.json` for programs and `prism.md` for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from judge.blame import OURS, RULES, Rule, blamed
from judge.prism import Judged, Refusal

__all__ = ["facts", "page", "write"]

_ORDER = {one: number for number, one in enumerate(("ours", "document", "Prism"))}
_SHOWN = 160
_HEAD = """\
# Prism as a judge

Made by `make judge` (`python -m judge prism --specs FOLDER`), which makes it anew, byte for byte.
For every operation two sets of arguments are drawn from the schema of its contract: what is
required, and all that there is. They pass the stages *validate*, *prepare* and *send* of the call
path, with dummy credentials, and reach [Prism]({link})
{version} (`prism mock --errors`), which was started from the vendor's document. Responses are taken
out of that first, because only requests are judged: Prism does not start with those of Stripe, and
from others it makes redirects and broken headers. So the Accept header is not judged here.

That Prism lets a request pass would say little if it let everything pass. So each operation is also
sent *damaged*: without its credential, without a required body, query or header, to another path.
"""
_LINK = "https://github.com/stoplightio/prism"


def facts(every: Sequence[Judged], version: str) -> dict[str, Any]:
    """Return all that was found, sorted, without anything of this machine or moment."""
    return {
        "judge": f"@stoplight/prism-cli {version}",
        "documents": {one.document: _document(one) for one in every},
        "refusals": sorted(
            (_refusal(refusal, one) for one in every for refusal in one.refusals),
            key=lambda each: (_ORDER[each["who"]], each["causes"], each["operation"], each["form"]),
        ),
        "totals": _totals(every),
    }


def _document(one: Judged) -> dict[str, Any]:
    return {
        "accepted": one.accepted,
        "damaged": {what: {"sent": n, "refused": no} for what, (n, no) in one.damaged.items()},
        "operations": one.operations,
        "refused": len(one.refusals),
        "sent": one.sent,
        "unsent": [{"operation": o, "form": f, "why": why[:300]} for o, f, why in one.unsent],
        "unsupported": [{"operation": o, "why": why} for o, why in one.unsupported],
    }


def _refusal(refusal: Refusal, one: Judged) -> dict[str, Any]:
    rules = blamed(refusal, one.root)
    return {
        "causes": sorted(rule.name for rule in rules),
        "document": one.document,
        "form": refusal.form,
        "operation": refusal.operation,
        "route": refusal.route,
        "said": [f"{c.place}: {c.message}"[:_SHOWN] for c in refusal.complaints[:5]],
        "status": refusal.status,
        "who": _who(rules),
    }


def _who(rules: Iterable[Rule]) -> str:
    """Return whose fault a refusal is: ours where one complaint of it is."""
    return min((rule.who for rule in rules), key=_ORDER.__getitem__)


def _totals(every: Sequence[Judged]) -> dict[str, Any]:
    who: Counter[str] = Counter()
    for one in every:
        who.update(_who(blamed(refusal, one.root)) for refusal in one.refusals)
    made = sum(count for one in every for count, _ in one.damaged.values())
    caught = sum(count for one in every for _, count in one.damaged.values())
    return {
        "accepted": sum(one.accepted for one in every),
        "damaged": {"refused": caught, "sent": made},
        "operations": sum(one.operations for one in every),
        "refused": {name: who[name] for name in _ORDER},
        "sent": sum(one.sent for one in every),
        "unsent": sum(len(one.unsent) for one in every),
    }


def page(found: dict[str, Any], version: str) -> str:
    """Return the page for people."""
    totals = found["totals"]
    refused = totals["refused"]
    lines = [
        _HEAD.format(link=_LINK, version=version),
        f"{totals['operations']:,} operations of {len(found['documents'])} documents, "
        f"{totals['sent']:,} requests: {totals['accepted']:,} accepted, "
        f"{sum(refused.values())} refused. Of those "
        f"**ours: {refused['ours']}**, the document's: {refused['document']}, "
        f"Prism's: {refused['Prism']}. Of {totals['damaged']['sent']:,} damaged requests "
        f"{totals['damaged']['refused']:,} were refused.",
        "",
        "| document | operations | unsupported | sent | accepted | refused | not sent"
        " | damaged, refused |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found["documents"].items():
        made = sum(each["sent"] for each in one["damaged"].values())
        caught = sum(each["refused"] for each in one["damaged"].values())
        cells = (one["operations"], len(one["unsupported"]), one["sent"], one["accepted"])
        more = (one["refused"], len(one["unsent"]))
        numbers = " | ".join(f"{cell:,}" for cell in (*cells, *more))
        lines.append(f"| {name} | {numbers} | {caught:,} of {made:,} |")
    lines += ["", *_passed(found), *_causes(found), *_unsent(found)]
    return "\n".join(lines).rstrip() + "\n"


def _passed(found: dict[str, Any]) -> list[str]:
    """Say what was damaged, and what of it Prism let pass."""
    made, caught = Counter[str](), Counter[str]()
    for one in found["documents"].values():
        for what, each in one["damaged"].items():
            made[what] += each["sent"]
            caught[what] += each["refused"]
    lines = ["## Damaged requests", "", "| without its | sent | refused |", "|---|--:|--:|"]
    lines += [f"| {what} | {made[what]:,} | {caught[what]:,} |" for what in sorted(made)]
    return [*lines, ""]


def _causes(found: dict[str, Any]) -> list[str]:
    lines = ["## What was refused, by cause", ""]
    for rule in (OURS, *RULES):
        cases = [one for one in found["refusals"] if rule.name in one["causes"]]
        if not cases:
            continue
        lines += [f"### {rule.name}: {rule.who} ({len(cases)})", "", rule.why, ""]
        lines += [f"- {_line(one)}" for one in cases]
        lines.append("")
    return lines


def _line(one: dict[str, Any]) -> str:
    said = f" {one['said'][0]}" if one["said"] else ""
    return f"`{one['operation']}` ({one['form']}): {one['status']}.{said}"


def _unsent(found: dict[str, Any]) -> list[str]:
    every = [each for one in found["documents"].values() for each in one["unsent"]]
    if not every:
        return []
    lines = [
        "## What was not sent",
        "",
        "No arguments were found that the operation itself accepts. Where a false schema is named,"
        " the document contradicts itself: `additionalProperties: false` beside an `allOf` or"
        " `oneOf` forbids the very members that these require.",
        "",
    ]
    return [*lines, *(f"- `{one['operation']}` ({one['form']}): {one['why']}" for one in every)]


def write(folder: Path, every: Sequence[Judged], version: str) -> dict[str, Any]:
    """Write both files, and return what they say."""
    found = facts(every, version)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "prism.json").write_text(text + "\n", "utf-8")
    (folder / "prism.md").write_text(page(found, version), "utf-8")
    return found
