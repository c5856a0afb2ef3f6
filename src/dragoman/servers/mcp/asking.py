"""Asking the owner at the own client for a yes, where the client can ask (elicitation).

Up to 2025-11-25 the server asks in the middle of a call. From 2026-07-28 on the call is answered
by the question, and the client makes the same call again with the answer: which question that
belongs to is known here, so that nothing that a client sends back has to be trusted.

Source: modelcontextprotocol.io/specification, "Elicitation", and 2026-07-28 "Multi Round-Trip
Requests".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from dragoman.app import Dragoman
from dragoman.audit.approval import Approval
from dragoman.errors import PolicyError
from dragoman.exact_json import canonical, encode_text
from dragoman.operation import Effect, JsonObject, JsonValue
from dragoman.servers.mcp.calls import Wanted
from dragoman.tools.prose import bounded

__all__ = ["Asking", "can_ask", "is_modern", "question"]

_ANSWER = "approve"
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        _ANSWER: {
            "type": "boolean",
            "title": "Approve this call",
            "description": "Yes sends exactly this request, once. No sends nothing.",
        }
    },
    "required": [_ANSWER],
}

_MAX_SHOWN = 2_000
"""Characters of one value in a question; the whole of it is shown by `dragoman approvals show`."""

_MAX_OPEN = 100
"""Questions that are kept while a client asks; the oldest then counts as not asked."""

Context = ServerRequestContext[Any, Any]


def is_modern(context: Context) -> bool:
    """Whether the client speaks 2026-07-28 or later, where a server sends no requests."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


def can_ask(context: Context, approval: Approval) -> bool:
    """Whether the client may ask for this yes: it shows forms, and nothing is destroyed.

    Where the rule says who may answer (`by`), who sits at the client is not known to be one of
    them. A client that says nothing of the modes of its elicitation has the form (2025-11-25).
    """
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or approval.effect == Effect.DESTRUCTIVE or approval.may_answer:
        return False
    return elicitation.form is not None or elicitation.url is None


@dataclass
class Asking:
    """The questions of one client, and what was answered to them."""

    dragoman: Dragoman
    _open: OrderedDict[str, tuple[str, bytes]] = field(default_factory=OrderedDict)
    """Of each question that went out in a result, the id of its call, and what was called."""

    async def ask(self, context: Context, approval: Approval) -> bool:
        """Ask in the middle of a call; return whether there was an answer."""
        try:
            result = await context.session.elicit_form(
                question(approval), _FORM, related_request_id=context.request_id
            )
        except (MCPError, ValidationError):
            return False  # the client has promised to ask and does not: somebody else is to answer
        return await self._answer(context, approval.id, result)

    def put(self, approval: Approval, wanted: Wanted) -> InputRequiredResult:
        """Return the question as the result of a call; its key is the id of the approval."""
        self._open[approval.id] = (approval.call_id, _identity(wanted))
        while len(self._open) > _MAX_OPEN:
            self._open.popitem(last=False)
        asked = ElicitRequestFormParams(message=question(approval), requested_schema=_FORM)
        return InputRequiredResult(input_requests={approval.id: ElicitRequest(params=asked)})

    async def answered(
        self, context: Context, params: CallToolRequestParams, wanted: Wanted
    ) -> str | None:
        """Return the id of the call that goes on, where this one brings the answer to a question.

        An answer to a question that was not put here, or was put about another call, is none.
        """
        for approval, response in (params.input_responses or {}).items():
            call_id, identity = self._open.get(approval, ("", b""))
            if not isinstance(response, ElicitResult) or identity != _identity(wanted):
                continue
            del self._open[approval]
            if await self._answer(context, approval, response):
                return call_id
        return None

    async def _answer(self, context: Context, approval: str, result: ElicitResult) -> bool:
        """Take down what the owner has answered; a form that was put away is no answer."""
        if result.action == "cancel":
            return False
        approved = result.action == "accept" and (result.content or {}).get(_ANSWER) is True
        give = self.dragoman.approve if approved else self.dragoman.deny
        try:
            await give(approval, by=f"owner in {_client(context)}")
        except PolicyError:
            return True  # it was answered elsewhere in the meantime, and that counts
        return True


def question(approval: Approval) -> str:
    """Return what the owner reads: the exact request, and where each of its values came from."""
    shown = approval.shown
    origins = cast("Mapping[str, JsonValue]", shown.get("origins") or {})
    arguments = cast("JsonObject", shown.get("arguments") or {})
    lines = [
        f"{approval.operation} wants a yes ({approval.effect}).",
        f"{shown.get('method')} {shown.get('target')}",
    ]
    if shown.get("body"):
        lines.append(f"Body: {_visible(str(shown['body']))}")
    for name, value in arguments.items():
        source = origins.get(name, "unknown")
        lines.append(_visible(f"{name} = {encode_text(value)}   from: {source}"))
    if shown.get("credential"):
        lines.append(f"Credential: {shown['credential']}")
    lines.append(f"Approval: {approval.id}")
    return "\n".join(map(_visible, lines))


def _visible(text: str) -> str:
    """Return text in which nothing hides: what is not seen stands as its code (U+202E)."""
    seen = "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
    return seen if len(seen) <= _MAX_SHOWN else f"{seen[:_MAX_SHOWN]}… ({len(seen):,} characters)"


def _identity(wanted: Wanted) -> bytes:
    return canonical([wanted.operation.id, wanted.arguments])


def _client(context: Context) -> str:
    params = context.session.client_params
    return (bounded(params.client_info.name, 40) if params else "") or "an MCP client"
