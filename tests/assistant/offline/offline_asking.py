"""Asking the planner as the loop does, about real descriptions and about the sample APIs."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, cast

from dragoman.apis.http import handwritten
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.assistant.containment import block
from dragoman.assistant.offline.planner import OfflinePlanner
from dragoman.clock import Deadline, SystemClock
from dragoman.config.settings import ApiSettings
from dragoman.config.yaml12 import parse
from dragoman.models.provider import ModelReply, ModelRequest, ToolCall, ToolResult, UserMessage
from dragoman.operation import Operation, Outcome, Status, Tool
from dragoman.tools.tools import make_tools

DEMO = Path(__file__).resolve().parents[3] / "src" / "dragoman" / "demo"
OWN_ADDRESS = "https://api.example"

Calls = list[tuple[str, dict[str, Any]]]


def request(question: str, tools: Iterable[Tool], *turns: ModelReply | ToolResult) -> ModelRequest:
    """Return what the loop sends after these turns."""
    return ModelRequest(
        instructions="",
        transcript=(UserMessage(question), *turns),
        tools=tuple(tools),
        deadline=Deadline.after(60, SystemClock()),
    )


def result(call: ToolCall, data: Any, *, when_missing: str = "", **outcome: Any) -> ToolResult:
    """Return what came of a call, as the loop tells it."""
    operation = call.name.replace("__", ".")
    told = Outcome(call.id, operation, outcome.pop("status", Status.OK), data, **outcome)
    told_data = told.problem.as_json() if told.problem else data
    content = block(told, when_missing=when_missing)
    return ToolResult(call.id, call.name, content, told.status.value, told_data, when_missing)


class Asked:
    """The planner with the tools that it is given."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self.tools = tuple(tools)
        self.planner = OfflinePlanner()

    def reply(self, question: str, *turns: ModelReply | ToolResult) -> ModelReply:
        """Return the planner's next turn."""
        return asyncio.run(self.planner.reply(request(question, self.tools, *turns)))

    def operation_of(self, call: ToolCall) -> str:
        """Return the operation that a call is of."""
        return next(tool.operation for tool in self.tools if tool.name == call.name)

    def called(self, question: str) -> tuple[str, dict[str, Any]] | None:
        """Return the operation that is called first and its arguments, None where it declines."""
        calls = self.reply(question).tool_calls
        return (self.operation_of(calls[0]), json.loads(calls[0].arguments)) if calls else None

    def called_after(self, question: str, *turns: Any) -> str:
        """Return the operation that is called after these turns."""
        reply = self.reply(question, *turns)
        return self.operation_of(reply.tool_calls[0])

    def first(self, question: str) -> tuple[str, bool]:
        """Return the operation that is called, or else named first, and whether it is called."""
        reply = self.reply(question)
        if reply.tool_calls:
            return self.operation_of(reply.tool_calls[0]), True
        lines = [shlex.split(line) for line in reply.text.splitlines() if line.startswith("  ")]
        return (lines[0][2] if lines else ""), False

    def called_in_turn(self, question: str, *answers: Any) -> Calls:
        """Return all calls of a question whose calls are answered so."""
        calls: Calls = []
        turns: list[ModelReply | ToolResult] = []
        for answer in (*answers, None):
            reply = self.reply(question, *turns)
            for call in reply.tool_calls:
                calls.append((self.operation_of(call), json.loads(call.arguments)))
                turns += [reply, result(call, answer)]
        return calls


@cache
def real_operations(path: Path) -> tuple[Operation, ...]:
    """Return the operations of a description on disk, under the first part of its file's name."""
    return operations_of(path.stem.partition("-")[0], path.read_bytes(), path.name)


def operations_of(api: str, document: bytes, name: str = "openapi.json") -> tuple[Operation, ...]:
    """Return the operations of a document."""
    settings = ApiSettings.model_validate({"openapi": f"./{name}", "base_url": OWN_ADDRESS})
    source = parsed(document, f"./{name}", from_disk=True)
    return tuple(read(api, source, settings).operations.values())


def demo_operations(shop: bytes | None = None) -> tuple[Operation, ...]:
    """Return the operations of the three sample APIs; the shop may be another document."""
    described = cast("dict[str, Any]", parse((DEMO / "dragoman.yaml").read_text(), "dragoman.yaml"))
    carrier = {**described["apis"]["carrier"], "http": OWN_ADDRESS, "auth": {}}
    shop = shop or (DEMO / "shop" / "openapi.json").read_bytes()
    helpdesk = (DEMO / "helpdesk" / "openapi.yaml").read_bytes()
    return (
        *operations_of("shop", shop),
        *operations_of("helpdesk", helpdesk, "openapi.yaml"),
        *handwritten.read("carrier", ApiSettings.model_validate(carrier)).operations.values(),
    )


def tools_of(operations: Iterable[Operation]) -> tuple[Tool, ...]:
    """Return the tools as the demo has them: what makes a call happen once is Dragoman's."""
    return make_tools(operations, filled=lambda _: {"Idempotency-Key"}).tools
