"""What is given to Dragoman, as the rooms want it: who approves, what is the same, for whom."""

from __future__ import annotations

import hashlib
import hmac
import inspect
from collections.abc import Awaitable, Callable, Mapping

from dragoman.assistant.answer import OnApproval
from dragoman.audit.approvals import Approval

__all__ = ["Approver", "awaited", "end_user", "is_on", "sameness"]

_CONVERSATION_SECONDS = 600.0
"""How long an equal write of a conversation is the same one."""

Approver = Callable[[Approval], "bool | Awaitable[bool]"]


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


def awaited(approve: Approver | None) -> OnApproval | None:
    """Let an approver be a plain function or an async one."""
    if approve is None:
        return None

    async def ask(approval: Approval) -> bool:
        answer = approve(approval)
        return await answer if inspect.isawaitable(answer) else bool(answer)

    return ask


async def end_user(key: Callable[[str], Awaitable[bytes]], user: str | None) -> str:
    """Return the keyed hash under which a model's provider knows an end user."""
    if user is None:
        return ""
    return hmac.new(await key("end user"), user.encode(), hashlib.sha256).hexdigest()
