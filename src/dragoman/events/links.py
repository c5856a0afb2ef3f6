"""Links by which a person answers: signed, for one exact request, in one name, and used once.

A link grants a yes, so it goes to people alone (mail, chat, a page), never into what a model
reads. To look at it answers nothing. It is of no use once the question is answered, was asked
anew, or has expired: the approval in the store says so, and a link cannot say otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from dragoman.access.policy import APPROVE
from dragoman.audit.approval import (
    MAX_NAME,
    Approval,
    ApprovalState,
    answered_already,
    check_answerer,
)
from dragoman.audit.approvals import Approvals
from dragoman.call.answering import Answering
from dragoman.clock import Clock
from dragoman.config.settings import CallerSettings
from dragoman.errors import ArgumentError, AuthenticationError, PolicyError
from dragoman.exact_json import canonical, decode
from dragoman.operation import JsonObject

__all__ = ["Links"]

_VERSION = b"\x01"
_MAC = 32
_MAX_TOKEN = 1_500
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,1500}")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links.

    A token is base64url (RFC 4648, 5) of a version, `[approval, name, hash of the request, seconds
    of its expiry]` and an HMAC-SHA256 (RFC 2104) of both, in one encoding only.
    """

    key: Callable[[], Awaitable[bytes]] = field(repr=False)
    clock: Clock
    approvals: Approvals
    answering: Answering
    callers: Mapping[str, CallerSettings]
    public_url: str = ""

    async def make(self, approval: Approval, name: str) -> str:
        """Return the token with which that one answers; raises `PolicyError` where it may not."""
        if approval.state is not ApprovalState.WAITING:
            raise answered_already(approval)
        self._check(approval, name)
        # With spaces of its own it would be another name here than where it answers.
        if (
            name != " ".join(name.split())
            or not 0 < len(name) <= MAX_NAME
            or not name.isprintable()
        ):
            raise ArgumentError(f"A name is printable, and of {MAX_NAME} characters at the most.")
        expires = int(approval.expires.timestamp())
        body = _VERSION + canonical([approval.id, name, approval.prepared_hash, expires])
        return _encoded(body + await self._mac(body))

    async def read(self, token: str) -> tuple[Approval, str]:
        """Return what a link asks, and in whose name it answers; nothing is answered by it.

        Raises `AuthenticationError` for a token that is not ours or has expired, and `PolicyError`
        where that one may not answer, or there is nothing to answer any more.
        """
        id_, name, prepared_hash, expires = await self._opened(token)
        approval = await self.approvals.get(id_)
        if expires <= self.clock.now().timestamp():
            raise AuthenticationError("This link has expired.")
        if approval.state is not ApprovalState.WAITING:
            raise answered_already(approval)
        if not hmac.compare_digest(approval.prepared_hash, prepared_hash):
            raise PolicyError("This link is for a request that was changed since.")
        self._check(approval, name)
        return approval, name

    async def answer(
        self, token: str, *, approved: bool, reason: str = "", arguments: JsonObject | None = None
    ) -> Approval:
        """Say yes or no by a link, once; raises what `read` and `Answering` do."""
        approval, name = await self.read(token)
        return await self.answering(
            approval.id,
            approved=approved,
            by=name,
            reason=reason,
            arguments=arguments,
            seen=approval.prepared_hash,
        )

    def address(self, token: str) -> str:
        """Return where the page of a link is; the token alone without `public_url`."""
        return f"{self.public_url.rstrip('/')}/links/{token}" if self.public_url else token

    def _check(self, approval: Approval, name: str) -> None:
        check_answerer(approval, name)
        caller = self.callers.get(name)
        if caller is not None and not approval.may_answer and APPROVE not in caller.scopes:
            raise PolicyError(f"{name} is a caller without the scope {APPROVE}.")

    async def _opened(self, token: str) -> tuple[str, str, str, int]:
        """Return what stands in a token; of one that is not ours nothing is read."""
        refused = AuthenticationError("This is no link of ours, or not all of it.")
        if len(token) > _MAX_TOKEN or not _TOKEN.fullmatch(token):
            raise refused
        try:
            data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise refused from None
        body, mac = data[:-_MAC], data[-_MAC:]
        if _encoded(data) != token or not hmac.compare_digest(mac, await self._mac(body)):
            raise refused
        if not body.startswith(_VERSION):
            raise refused
        return cast("tuple[str, str, str, int]", tuple(cast("list[str]", decode(body[1:]))))

    async def _mac(self, body: bytes) -> bytes:
        return hmac.new(await self.key(), body, hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
