"""From the owner's settings to a model that can be asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from dragoman.models.chat import CHAT
from dragoman.models.dialect import Terms
from dragoman.models.endpoint import Endpoint
from dragoman.models.openai_provider import OpenAIProvider
from dragoman.models.responses import RESPONSES
from dragoman.models.server import Server

if TYPE_CHECKING:
    import httpx2

    from dragoman.clock import Clock
    from dragoman.config.settings import ModelSettings

__all__ = ["openai_provider"]


def openai_provider(
    settings: ModelSettings,
    *,
    api_key: Callable[[], Awaitable[str]],
    http_client: httpx2.AsyncClient | None,
    clock: Clock,
    pause: float = 0.5,
) -> OpenAIProvider:
    """Return the provider of a model; nothing is opened, and no key resolved, before it is asked.

    Without `base_url` it is OpenAI's. The interface is Responses there and Chat Completions
    elsewhere, unless `settings.api` says so. `http_client` is closed with the provider. `pause`
    is about the first wait, in seconds, before a failed request is sent again. Raises
    `ConfigurationError` for a `base_url` that is none.
    """
    server = Server.of(settings.base_url)
    default = "responses" if server.is_openai else "chat"
    dialect = RESPONSES if (settings.api or default) == "responses" else CHAT
    endpoint = Endpoint(
        server,
        model=settings.name,
        api_key=api_key,
        key_name=_key_name(settings),
        http_client=http_client,
        clock=clock,
        pause=pause,
    )
    return OpenAIProvider(endpoint, dialect, _terms(settings, server))


def _terms(settings: ModelSettings, server: Server) -> Terms:
    """Return what the server is told of the owner's wishes.

    OpenAI is always told whether it may keep the conversation, because it does by default; other
    servers only where the owner wrote it into the file, because many refuse what they do not know.
    """
    written = settings.model_fields_set
    return Terms(
        model=settings.name,
        store=settings.store if server.is_openai or "store" in written else None,
        tells_end_user=settings.send_end_user and (server.is_openai or "send_end_user" in written),
        is_openai=server.is_openai,
    )


def _key_name(settings: ModelSettings) -> str:
    if settings.api_key is not None:
        return str(settings.api_key)
    return "no key" if settings.base_url else "${OPENAI_API_KEY}"
