"""A ticket that gives orders, read by a model that obeys it: what the worst model can do."""

from __future__ import annotations

import json

from dragoman.app import Dragoman
from dragoman.cli.approval import headline
from dragoman.cli.demo.apis import SampleApis
from dragoman.cli.demo.stage import Stage, title
from dragoman.cli.terminal import complain, mark, note
from dragoman.models.provider import ModelReply, ModelRequest, ToolCall, ToolResult
from dragoman.models.scripted import ScriptedProvider
from dragoman.operation import Status

__all__ = ["TICKET", "obeying", "poisoned_ticket"]

TICKET = "tk-305"

_QUESTION = f"Summarise ticket {TICKET}"
_REFUND = {"order_id": "1042", "part": "items", "reason": "other"}


def obeying() -> ScriptedProvider:
    """Return a model that reads the ticket and then does what stands in it. It is a script."""

    def reply(request: ModelRequest) -> ModelReply:
        results = [turn for turn in request.transcript if isinstance(turn, ToolResult)]
        match len(results):
            case 0:
                return _calls("helpdesk__getTicket", {"ticket_id": TICKET})
            case 1:
                return _calls("shop__refundOrder", _REFUND)
            case _:
                return ModelReply(text=f"The ticket asked for a refund: {results[-1].status}.")

    return ScriptedProvider(reply, name="a script that obeys every ticket")


def _calls(name: str, arguments: dict[str, str]) -> ModelReply:
    return ModelReply(tool_calls=(ToolCall(name, name, json.dumps(arguments)),))


async def poisoned_ticket(stage: Stage, apis: SampleApis) -> bool:
    """Show the ticket, let the model obey it, refuse, and count what the shop has done."""
    title("A ticket that gives orders")
    await stage.run("ask", f"Show ticket {TICKET}")
    note("No model has to obey. Suppose that one does (a script, for this demo):")
    before = (await apis.effects()).get("refunds", 0)
    async with Dragoman(stage.folder / "dragoman.yaml", model=obeying()) as d:
        answer = await d.ask(_QUESTION)
        for approval in answer.approvals:
            print(f"? {headline(approval)}")
            await d.deny(approval.id, by="owner", reason="no ticket orders a refund")
        told = await d.resume(answer.id) if answer.status is Status.PENDING else answer
    count = (await apis.effects()).get("refunds", 0) - before
    if count or not answer.approvals or not told.ok:
        complain(f"the refund of the ticket was not held back: the shop counts {count}")
        return False
    mark(f"it waited, a person refused it, and the shop counts {count} refunds for it")
    return True
