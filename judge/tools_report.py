"""Tools of whole documents: their sizes, the strict subset, and whether they judge alike."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.exact_json import encode
from dragoman.models.tool_form import as_responses
from dragoman.network import Network, Reach
from dragoman.operation import Operation, Tool
from dragoman.tools.size import size_of
from dragoman.tools.strict import MAX_OPTIONAL
from dragoman.tools.tool import NOT_STRICT
from dragoman.tools.tools import make_tools
from judge.tools_alike import Alike, judged
from judge.tools_subset import breaches

__all__ = ["Found", "examined", "page"]

_HEAD = """\
# Tools, judged

Made by `python -m judge tools --specs FOLDER`, which makes it anew.

**The strict subset.** Every strict tool is checked by a validator (`judge/tools_subset.py`) that
was written from OpenAI's rules alone, and shares nothing with the program that makes strict tools.

**Alike.** For each document at least {sets} sets of arguments, and one for each operation, are
drawn from the schema of the operation, read closed, and each is changed in two places into one that
is mostly wrong. Every set is judged twice: by that schema, and by what a model meets, the tool's
parameters (an absent argument of a strict tool written as null) and then *fill* and *validate* of
the call path. *Refused* counts valid sets that the tool's parameters do not take, *otherwise* those
that came to another verdict, or to other arguments than were meant. Both have to be 0. *Stopped* is
how many of the wrong sets the tool's parameters alone refuse; the others are refused by us.

Tokens are those of o200k, bytes those of the tools as the Responses API takes them.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of the tools of one document."""

    document: str
    tools: tuple[Tool, ...]
    breaches: tuple[str, ...]
    alike: Alike

    @property
    def is_faulty(self) -> bool:
        """Whether anything of it is a fault of ours."""
        return bool(self.breaches or self.alike.refused or self.alike.otherwise)


def examined(path: Path, sets: int) -> Found:
    """Make all tools of a document, and judge them with so many sets of arguments."""
    operations = asyncio.run(_operations(path))
    tools = make_tools(operations.values()).tools
    broken = [
        f"{tool.operation} {breach}"
        for tool in tools
        if tool.strict
        for breach in breaches(tool.shown_parameters)
    ]
    pairs = [(operations[tool.operation], tool) for tool in tools]
    return Found(path.name, tools, tuple(broken), judged(pairs, sets))


async def _operations(path: Path) -> dict[str, Operation]:
    settings = ApiSettings(openapi=str(path), base_url="https://api.example")
    async with Network() as network:
        source = await load(str(path), base=path.parent, network=network, reach=Reach.of())
    return {one.id: one for one in read("api", source, settings).operations.values()}


def page(every: Sequence[Found], sets: int) -> str:
    """Return all that was found as a page in Markdown."""
    rows = [*map(_row, every), _row(_together(every))]
    lines = [
        "| document | tools | strict | MB | tokens | median tool | valid | wrong | stopped "
        "| refused | otherwise | breaches |",
        "|---|" + "--:|" * 11,
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    reasons = Counter(
        _kind(note) for one in every for tool in one.tools for note in tool.notes[:1]
        if note.startswith(NOT_STRICT)
    )  # fmt: skip
    why = [f"| {reason} | {count:,} |" for reason, count in reasons.most_common()]
    faults = [
        f"- {fault}"
        for one in every
        for fault in (*one.breaches, *one.alike.refused, *one.alike.otherwise)
    ]
    strict = [tool for one in every for tool in one.tools if tool.strict]
    plain = size_of(replace(tool, strict_parameters=None) for tool in strict).tokens
    more = size_of(strict).tokens - plain
    cost = (
        f"To be strict costs the {len(strict):,} strict tools {more:,} tokens over the {plain:,} "
        f"that they would have otherwise ({more / max(plain, 1):.0%}), and a null in each call for "
        f"each argument that is left out: so a tool of more than {MAX_OPTIONAL} of them is not."
    )
    return "\n".join(
        [_HEAD.format(sets=sets), *lines, "", cost, "", "## Why tools are not strict", ""]
        + ["| the first reason found | tools |", "|---|--:|", *why, "", "## Faults", ""]
        + (faults or ["None."])
        + [""]
    )


def _together(every: Sequence[Found]) -> Found:
    alike = Alike()
    for one in every:
        alike.valid += one.alike.valid
        alike.invalid += one.alike.invalid
        alike.stopped += one.alike.stopped
        alike.refused += one.alike.refused
        alike.otherwise += one.alike.otherwise
    tools = tuple(tool for one in every for tool in one.tools)
    return Found("together", tools, tuple(b for one in every for b in one.breaches), alike)


def _row(one: Found) -> list[str]:
    megabytes = len(encode([as_responses(tool) for tool in one.tools])) / 1e6
    tokens = [size_of([tool]).tokens for tool in one.tools]
    counts = [
        one.alike.valid,
        one.alike.invalid,
        one.alike.stopped,
        len(one.alike.refused),
        len(one.alike.otherwise),
        len(one.breaches),
    ]
    strict = sum(tool.strict for tool in one.tools)
    sizes = [f"{megabytes:.2f}", f"{sum(tokens):,}", f"{statistics.median(tokens or [0]):,.0f}"]
    return [one.document, f"{len(one.tools):,}", f"{strict:,}", *sizes, *(f"{n:,}" for n in counts)]


def _kind(note: str) -> str:
    """Return a reason without the name of what it speaks of."""
    reason = note.removeprefix(NOT_STRICT)
    if reason[0].isdigit():
        return "more arguments may be absent than a model should write as null"
    for words in (" takes ", " may be ", " uses ", " requires ", " has ", " is "):
        if words in reason:
            return f"an argument{words}{reason.partition(words)[2]}"
    return reason
