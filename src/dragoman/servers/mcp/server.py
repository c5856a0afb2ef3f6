"""The MCP server of one client: the SDK's low-level server with our two handlers."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types import Tool as ListedTool

from dragoman.assistant.containment import RULES_FOR_DATA, block, has_nothing
from dragoman.assistant.prompt import about_api
from dragoman.call.trim import items_in
from dragoman.errors import ArgumentError, DragomanError, NotFoundError
from dragoman.operation import JsonObject, Outcome, Status
from dragoman.servers.mcp.asking import Asking, Context, can_ask, is_modern
from dragoman.servers.mcp.calls import Calls
from dragoman.tools.mcp import as_mcp, envelope
from dragoman.tools.meta import READ_RESULT

__all__ = ["PAGE", "make_server"]

PAGE = 50
"""Tools in one answer to `tools/list`."""

_FRESH = 300_000
"""Milliseconds for which a client may keep the list: it changes with a restart only."""

_log = logging.getLogger("dragoman.mcp")

_RULES = f"""\
{RULES_FOR_DATA}

A result says its status. 'pending' waits for a person's yes: tell the user how to give it, and \
make the same call again to learn the outcome. 'unknown' was sent and may have happened: do not \
send it again. A failed call says whose fault it was and what would work."""

_exact: ContextVar[JsonObject | None] = ContextVar("exact", default=None)
"""The structured result of the call under way, with numbers as the API wrote them."""


def make_server(calls: Calls) -> Server[dict[str, Any]]:
    """Return the server over the calls of one client."""
    handlers = _Handlers(calls, Asking(calls.dragoman))
    hint = CacheHint(ttl_ms=_FRESH, scope="private")
    server = Server(
        "dragoman",
        title="Dragoman",
        version=version("dragoman"),
        instructions=_instructions(calls),
        cache_hints={"tools/list": hint, "server/discover": hint},
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
    )
    server.middleware.append(_with_exact_numbers)
    # Its log shows what was sent and received, with tracebacks.
    if not os.environ.get("DRAGOMAN_DEBUG"):
        logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)
    return server


@dataclass
class _Handlers:
    calls: Calls
    asking: Asking

    async def list_tools(
        self, _: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """Answer `tools/list`, a page at a time and always in the same order."""
        tools = self.calls.table.tools
        start = _start(params.cursor if params else None, self._edition)
        page = [
            ListedTool.model_validate(
                as_mcp(tool, self.calls.offered.operations.get(tool.operation)).form, by_name=False
            )
            for tool in tools[start : start + PAGE]
        ]
        more = start + PAGE < len(tools)
        cursor = _cursor(start + PAGE, self._edition) if more else None
        return ListToolsResult(tools=page, next_cursor=cursor)

    async def call_tool(
        self, context: Context, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Answer `tools/call`; what goes wrong in the call is in its result."""
        try:
            self.calls.table.operation_of(params.name)
        except NotFoundError as error:
            raise MCPError(code=INVALID_PARAMS, message=str(error)) from None
        try:
            result = await self._called(context, params)
        except DragomanError as error:
            result = Outcome("", params.name, Status.FAILED, problem=error.problem)
        except Exception as error:  # noqa: BLE001 - the SDK would tell the client of it in full
            if os.environ.get("DRAGOMAN_DEBUG"):
                _log.exception("a fault of Dragoman itself")
            fault = DragomanError(
                f"A fault of Dragoman itself: {type(error).__name__}.",
                hint="Please report it, with what DRAGOMAN_DEBUG=1 shows.",
            )
            result = Outcome("", params.name, Status.FAILED, problem=fault.problem)
        return result if isinstance(result, InputRequiredResult) else self._result(result)

    async def _called(
        self, context: Context, params: CallToolRequestParams
    ) -> Outcome | InputRequiredResult:
        if isinstance(context.request, ArgumentError):
            raise context.request  # so the wire has found the arguments
        if params.name == READ_RESULT:
            return await self.calls.read(params.arguments or {})
        wanted = self.calls.wanted(params.name, params.arguments or {})
        if isinstance(wanted, Outcome):
            return wanted
        goes_on = await self.asking.answered(context, params, wanted)
        outcome = await (self.calls.resume(goes_on) if goes_on else self.calls.run(wanted))
        waits_for = outcome.approval
        if outcome.status is not Status.PENDING or waits_for is None:
            return outcome
        # Whoever answers does it from a terminal, and the client has started us from elsewhere.
        folder = self.calls.dragoman.configuration.base.resolve()
        outcome = replace(outcome, note=f"{outcome.note} (in the folder {folder})")
        if params.input_responses:
            return outcome  # the form was put away: it is not shown at once again
        approval = await self.calls.dragoman.parts.approvals.get(waits_for)
        if not can_ask(context, approval):
            return outcome
        if is_modern(context):
            return self.asking.put(approval, wanted)
        asked = await self.asking.ask(context, approval)
        return await self.calls.resume(approval.call_id) if asked else outcome

    def _result(self, outcome: Outcome) -> CallToolResult:
        """Return an outcome as fenced text for a model, and as values for a program."""
        api = self.calls.dragoman.configuration.settings.apis.get(outcome.source)
        missing = api.when_missing if api and has_nothing(outcome) else ""
        text = block(outcome, about_api(api) if api else "", missing)
        structured = envelope(outcome, items_in(outcome.data))
        _exact.set(structured)
        return CallToolResult(
            content=[TextContent(type="text", text=text)],
            structured_content={"status": outcome.status.value},
            is_error=outcome.status in {Status.FAILED, Status.UNKNOWN},
        )

    @property
    def _edition(self) -> str:
        names = "\n".join(tool.name for tool in self.calls.table.tools)
        return hashlib.sha256(names.encode()).hexdigest()[:8]


async def _with_exact_numbers(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Put the structured result in as it is: the SDK makes texts of decimals on its way."""
    result = await call_next(ctx)
    exact = _exact.get()
    if exact is not None and isinstance(result, dict) and "structuredContent" in result:
        return {**result, "structuredContent": exact}
    return result


def _cursor(start: int, edition: str) -> str:
    return base64.urlsafe_b64encode(f"{edition}:{start}".encode()).decode()


def _start(cursor: str | None, edition: str) -> int:
    """Return where a page begins; raises for a cursor that this list has not given."""
    if cursor is None:
        return 0
    try:
        known, _, start = base64.urlsafe_b64decode(cursor).decode("ascii").partition(":")
        if known == edition and int(start) % PAGE == 0 and int(start) > 0:
            return int(start)
    except ValueError:
        pass
    raise MCPError(code=INVALID_PARAMS, message="This cursor is not one of this list.")


def _instructions(calls: Calls) -> str:
    """Return our rules, what the owner says of the APIs, and the text of the toolset."""
    settings = calls.dragoman.configuration.settings
    served = dict.fromkeys(operation.api for operation in calls.offered.operations.values())
    abouts = {name: about_api(settings.apis[name]) for name in served}
    known = [f"- {name}: {about}" for name, about in abouts.items() if about]
    parts = [_RULES]
    if known:
        parts.append("The APIs, in the words of their owner:\n" + "\n".join(known))
    parts.append(calls.dragoman.offer.instructions(calls.toolset).strip())
    return "\n\n".join(filter(None, parts))
