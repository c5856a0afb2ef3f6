"""Reading the descriptions of all APIs, so that one that is away keeps no other from working."""

from __future__ import annotations

import asyncio

from dragoman.apis.http import handwritten
from dragoman.app.routes import reach_of
from dragoman.catalog.compiled import Described, describe
from dragoman.catalog.kept import Kept, folder_of
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings
from dragoman.errors import ConfigurationError, DragomanError
from dragoman.network import Network

__all__ = ["describe_all"]


async def describe_all(
    configuration: Configuration, network: Network
) -> tuple[dict[str, Described], dict[str, DragomanError]]:
    """Read the descriptions of all APIs together; those that cannot be read now, with the reason.

    Raises `ConfigurationError` with all faults of the owner's file.
    """
    apis = configuration.settings.apis
    kept = Kept(folder_of(configuration.environment))
    found = await asyncio.gather(
        *(_describe(name, api, configuration, network, kept) for name, api in apis.items()),
        return_exceptions=True,
    )
    described: dict[str, Described] = {}
    unavailable: dict[str, DragomanError] = {}
    faults: list[str] = []
    for name, result in zip(apis, found, strict=True):
        if isinstance(result, ConfigurationError):
            faults.extend(result.messages)
        elif isinstance(result, DragomanError):
            unavailable[name] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            described[name] = result
    if faults:
        raise ConfigurationError(*faults)
    return described, unavailable


async def _describe(
    name: str, api: ApiSettings, configuration: Configuration, network: Network, kept: Kept
) -> Described:
    if api.openapi is None:
        return Described(handwritten.read(name, api))
    return await describe(
        name,
        api.openapi,
        api,
        base=configuration.base,
        network=network,
        reach=reach_of(api),
        kept=kept,
    )
