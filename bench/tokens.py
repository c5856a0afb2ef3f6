"""What a question over GitHub's catalog costs a model to read, against sending it all tools.

    python -m bench.tokens SPECS

Each question of `questions.json` is asked of a provider that only listens; its request is put into
the form of OpenAI's interface, and counted with the encoding of its models. Then a search is made,
in the words that a model would use, and what it adds is counted as well.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.recall import OWN
from dragoman import Dragoman
from dragoman.exact_json import encode_text
from dragoman.models.chat import CHAT
from dragoman.models.dialect import Dialect, Terms
from dragoman.models.provider import Finding, ModelReply, ModelRequest, ToolCall
from dragoman.models.responses import RESPONSES
from dragoman.models.scripted import ScriptedProvider
from dragoman.models.tool_form import as_responses
from dragoman.operation import JsonObject
from dragoman.tools.meta import SEARCH
from dragoman.tools.naming import tool_name

__all__ = ["TARGET", "Cost", "cost_of", "listening"]

TARGET = 3_000
_TERMS = Terms(model="gpt-5.4-mini", store=False, is_openai=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of the first request, and those that one search adds; where the operation was."""

    first: int
    search: int
    tools: int
    place: str

    @property
    def whole(self) -> int:
        """Tokens of both."""
        return self.first + self.search


async def cost_of(d: Dragoman, asked: Mapping[str, Any], dialect: Dialect) -> Cost:
    """Return what a question costs over an open catalog; its provider is `listening`."""
    requests = _listened(d)
    del requests[:]
    await d.ask(asked["query"])
    first, second = requests[0], requests[1]
    before, after = (dialect.body(request, _TERMS) for request in (first, second))
    wanted = {f"github.{name}" for step in asked["solution"] for name in step}
    given = {tool.operation for tool in first.tools if tool.operation}
    told = json.dumps(after, default=str).replace("\\", "")
    is_found = any(f'"{name}"' in told for one in wanted for name in (one, tool_name(one)))
    place = "given" if wanted & given else "found" if is_found else "missed"
    tokens = _tokens(before)
    return Cost(tokens, _tokens(after) - tokens, len(given), place)


def listening(finding: Finding, searches: Mapping[str, str]) -> ScriptedProvider:
    """Return a provider that searches once, in words prepared for a question, and then answers."""

    def reply(request: ModelRequest) -> ModelReply:
        if len(request.transcript) > 1:
            return ModelReply("Enough.")
        text = encode_text({"query": searches[request.transcript[0].text]})  # type: ignore[union-attr]
        call = ToolCall("call_1", SEARCH, text, searches=finding == "tool_search")
        item: JsonObject = {"type": "tool_search_call", "call_id": "call_1", "arguments": text}
        return ModelReply(tool_calls=(call,), items=(item,) if call.searches else ())

    return ScriptedProvider(reply, finding=finding)


def _listened(d: Dragoman) -> list[ModelRequest]:
    provider = d._model  # noqa: SLF001 - it was given to it by us
    assert isinstance(provider, ScriptedProvider)
    return provider.requests


def _tokens(body: object) -> int:
    """Count a body as JSON, which is more than what the model reads of it."""
    import bpe_openai  # noqa: PLC0415 - an extra

    encoding = bpe_openai.get_encoding("o200k_base")
    return len(encoding.encode(json.dumps(body, separators=(",", ":"), default=str)))


async def _rows(path: Path) -> Iterator[str]:
    asked = json.loads(OWN.read_text("utf-8"))[path.name]
    searches = {one["query"]: one["search"] for one in asked}
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        config = {"apis": {"github": str(path)}, "store": f"sqlite:///{folder}/tokens.db"}
        for finding, dialect in (("tool_search", RESPONSES), ("functions", CHAT)):
            model = listening(finding, searches)  # type: ignore[arg-type]
            environ = {"DRAGOMAN_CACHE": folder}
            async with Dragoman(config, environ=environ, model=model) as d:
                costs = [(one, await cost_of(d, one, dialect)) for one in asked]
                if not rows:
                    rows.append(_all_tools(d))
            rows.append(f"\n{dialect.name}: tokens of a question, target ≤ {TARGET:,} in all")
            rows.append(f"{'first':>7} {'+search':>7} {'in all':>7} {'tools':>6}  its operation is")
            rows += [
                f"{cost.first:>7,} {cost.search:>7,} {cost.whole:>7,} {cost.tools:>6}  "
                f"{cost.place:<7} {one['query']}"
                for one, cost in costs
            ]
            most = max(cost.whole for _, cost in costs)
            missed = sum(cost.place == "missed" for _, cost in costs)
            rows.append(f"most: {most:,} tokens; missed: {missed} of {len(costs)}")
    return iter(rows)


def _all_tools(d: Dragoman) -> str:
    tools = d.tool_table().tools
    tokens = sum(_tokens(as_responses(tool)) for tool in tools)
    return f"all {len(tools):,} tools in one request: {tokens:,} tokens"


def main(arguments: Sequence[str]) -> int:
    """Print the costs, and return 0: a figure is no verdict."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    for row in asyncio.run(_rows(Path(arguments[0]) / "github.json")):
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
