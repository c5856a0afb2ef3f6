"""What is given to Dragoman, as the rooms want it: who approves, what is the same, for whom."""

from __future__ import annotations

import hashlib
import hmac
import inspect
from collections.abc import Awaitable, Callable, Mapping

from dragoman.assistant.answer import OnApproval
from dragoman.audit.approval import Approval
from dragoman.call.answering import Answering
from dragoman.operation import OWNER, JsonValue

__all__ = ["Approver", "Said", "awaited", "end_user", "is_on", "sameness"]

_CONVERSATION_SECONDS = 600.0
"""How long an equal write of a conversation is the same one."""

Said = bool | Mapping[str, JsonValue]
"""Yes, no, or yes to the call with these arguments in place of its own."""

Approver = Callable[[Approval], "Said | Awaitable[Said]"]


def sameness(
    call_id: str, idempotency_key: str | None, conversation: str | None
) -> tuple[str, float | None]:
    """Return within what an equal write is the same one, and for how many seconds."""
    if idempotency_key is not None:
        return f"key:{idempotency_key}", None
    if conversation is not None:
        return f"conversation:{conversation}", _CONVERSATION_SECONDS
    return f"call:{call_id}", None


def is_on(environment: Mapping[str, str], name: str) -> bool:
    """Whether a variable of ours says yes; `DRAGOMAN_` stands before its name."""
    value = environment.get(f"DRAGOMAN_{name}", "")
    return value.strip().lower() not in {"", "0", "false", "no", "off"}


def awaited(approve: Approver | None, answering: Answering) -> OnApproval | None:
    """Let an approver be a plain function or an async one, and take down what it says."""
    if approve is None:
        return None

    async def ask(approval: Approval) -> None:
        answer = approve(approval)
        said = await answer if inspect.isawaitable(answer) else answer
        arguments = said if isinstance(said, Mapping) else None
        approved = arguments is not None or bool(said)
        await answering(approval.id, approved=approved, by=OWNER, arguments=arguments)

    return ask


async def end_user(key: Callable[[str], Awaitable[bytes]], user: str | None) -> str:
    """Return the keyed hash under which a model's provider knows an end user."""
    if user is None:
        return ""
    return hmac.new(await key("end user"), user.encode(), hashlib.sha256).hexdigest()
