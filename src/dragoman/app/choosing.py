"""Choosing the model: never in silence, and with a way on where one is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dragoman.app.parts import Parts
from dragoman.config.settings import ModelSettings
from dragoman.errors import ConfigurationError, CredentialError
from dragoman.models.provider import Provider
from dragoman.network import Reach
from dragoman.secrets.reference import Template, parse_template

if TYPE_CHECKING:
    import httpx2

__all__ = ["model_settings", "open_provider"]

OFFLINE = "offline"

_OPENAI_KEY = parse_template("${OPENAI_API_KEY}")

_WAYS_ON = (
    "Set it, use a local server (--model http://localhost:11434/v1#qwen3), "
    "or try without a model: --model offline"
)


def model_settings(configured: ModelSettings | None, chosen: str | None) -> ModelSettings:
    """Return the model of the file, or the one that was named in its place.

    `chosen` is a model's name, `offline`, or a server's address with the name after `#`.
    """
    if chosen is not None:
        address, _, name = chosen.partition("#")
        if "://" not in chosen:
            return (configured or ModelSettings(name=chosen)).model_copy(update={"name": chosen})
        if not name:
            raise ConfigurationError(
                f"--model {chosen}: add the model's name, as in {chosen}#qwen3"
            )
        return ModelSettings(name=name, base_url=address)
    if configured is None:
        raise ConfigurationError(
            "No model is chosen. Write one into the file (model: gpt-5.4-mini), "
            "or name one: --model gpt-5.4-mini, --model http://localhost:11434/v1#qwen3, "
            "--model offline"
        )
    return configured


async def open_provider(
    settings: ModelSettings, parts: Parts, client: Callable[[Reach], httpx2.AsyncClient]
) -> Provider:
    """Open the provider of a model; raises `CredentialError` where its key is missing."""
    if settings.name == OFFLINE:
        from dragoman.assistant.offline.planner import OfflinePlanner  # noqa: PLC0415

        return OfflinePlanner()
    from dragoman.models.connect import openai_provider  # noqa: PLC0415
    from dragoman.models.server import Server  # noqa: PLC0415

    server = Server.of(settings.base_url)
    key = settings.api_key or (None if settings.base_url else _OPENAI_KEY)
    if key is not None:
        await _require(key, parts)

    async def api_key() -> str:
        return await parts.secrets.resolve(key, where="model") if key else "none"

    urls = [server.base_url] if settings.base_url else []
    return openai_provider(
        settings, api_key=api_key, http_client=client(Reach.of(urls=urls)), clock=parts.clock
    )


async def _require(key: Template, parts: Parts) -> None:
    """Report a missing key before a question is asked, with the three ways on."""
    missing = parts.secrets.missing(key)
    if missing:
        names = ", ".join(reference.name for reference in missing)
        raise CredentialError(f"{names} is not set.", hint=_WAYS_ON)
