"""The models of OpenAI and of servers that speak like it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dragoman.models.dialect import Dialect, Terms
from dragoman.models.endpoint import Endpoint, Noticed
from dragoman.models.prices import dollars
from dragoman.models.provider import Finding, ModelReply, ModelRequest, OnText
from dragoman.telemetry import names

if TYPE_CHECKING:
    from dragoman.operation import JsonObject

__all__ = ["OpenAIProvider"]

_MAX_TOOLS = 128

_VERSION = re.compile(r"gpt-(\d+)(?:\.(\d+))?\b")
_SEARCHES_FROM = (5, 4)
"""The first version of OpenAI's models that has tool search (guide "Tool search")."""


@dataclass(frozen=True, slots=True)
class OpenAIProvider:
    """A model behind one of OpenAI's two interfaces. Make it with `openai_provider`."""

    endpoint: Endpoint
    dialect: Dialect
    terms: Terms
    max_tools: int = _MAX_TOOLS

    @property
    def name(self) -> str:
        """The model's name, as it was configured."""
        return self.terms.model

    @property
    def about(self) -> dict[str, str | int]:
        """Who is asked, in the words of OpenTelemetry, for spans of its turns."""
        place = urlsplit(self.endpoint.server.base_url)
        host, is_openai = place.hostname or "", self.terms.is_openai
        known = {names.PROVIDER: "openai" if is_openai else host, names.SERVER: host}
        api = "chat_completions" if self.dialect.name == "chat" else "responses"
        port = {names.PORT: place.port} if place.port else {}
        return {**known, **port, names.API_TYPE: api}

    @property
    def finding(self) -> Finding:
        """Tool search where the model has it; a model whose name does not tell is offered ours."""
        version = _VERSION.match(self.terms.model)
        if version is None or not self.terms.is_openai or self.dialect.name != "responses":
            return "functions"
        known = int(version[1]), int(version[2] or 0)
        return "tool_search" if known >= _SEARCHES_FROM else "functions"

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """Return the model's next turn, streamed where someone listens.

        Faults that may pass are tried again within the deadline, as long as no text was given to
        `on_text`. Raises `CredentialError`, `LimitError` or `ModelError`; what the model wrote
        as arguments, or as the name of a tool, is passed on as it is.
        """
        started, noticed = self.endpoint.clock.monotonic(), Noticed()
        listener = _Listener(on_text) if on_text else None
        answer, reply = await self.endpoint.trying(
            lambda: self._turn(request, listener, noticed),
            request.deadline,
            may_repeat=lambda: listener is None or not listener.has_heard,
        )
        usage = reply.usage
        if self.endpoint.server.has_list_prices:
            usage = replace(usage, dollars=await dollars(answer, self.dialect.name))
        seconds = self.endpoint.clock.monotonic() - started
        begun = None if noticed.begun is None else noticed.begun - started
        return replace(
            reply, usage=usage, seconds=seconds, limits=noticed.limits, first_chunk_seconds=begun
        )

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self.endpoint.aclose()

    async def _turn(
        self, request: ModelRequest, listener: _Listener | None, noticed: Noticed
    ) -> tuple[JsonObject, ModelReply]:
        path, body = self.dialect.path, self.dialect.body(request, self.terms)
        if listener is None:
            answer = await self.endpoint.post(path, body, request.deadline, noticed)
        else:
            answer = await self.endpoint.stream(
                path,
                {**body, **self.dialect.streamed},
                request.deadline,
                assembly=self.dialect.assembly(),
                on_text=listener.hear,
                noticed=noticed,
            )
        return answer, self.dialect.read(answer)


@dataclass(slots=True)
class _Listener:
    """Who is told the text, and whether any was: told twice, it would be a wrong answer."""

    on_text: OnText
    has_heard: bool = False

    async def hear(self, piece: str) -> None:
        self.has_heard = True
        await self.on_text(piece)
