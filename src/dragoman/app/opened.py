"""One configuration from its opening to its end: what is open, and what is closed when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dragoman.app.choosing import model_settings, open_provider
from dragoman.app.given import is_on
from dragoman.app.measuring import measure_rooms
from dragoman.app.offer import Offer
from dragoman.app.parts import Parts
from dragoman.app.way import open_network
from dragoman.app.wiring import open_parts
from dragoman.clock import Clock, SystemClock
from dragoman.config.load import Configuration, Source, load
from dragoman.config.settings import ModelSettings
from dragoman.errors import ConfigurationError
from dragoman.models.provider import Provider
from dragoman.network import Reach
from dragoman.secrets.key import RootKey
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.store import Store

if TYPE_CHECKING:
    import httpx2

    from dragoman.events.delivery import Delivery

__all__ = ["Opened"]

_END_SECONDS = 5.0
"""How long the end waits for calls whose connections it has closed."""


class Opened:
    """The life of a configuration: an async context manager, or `open` and `aclose`."""

    def __init__(
        self,
        config: Source = "dragoman.yaml",
        *,
        environ: Mapping[str, str] | None = None,
        model: str | Provider | None = None,
        read_only: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.configuration: Configuration = load(config, environ=environ)
        self._model = model
        self._read_only = read_only or is_on(self.configuration.environment, "READ_ONLY")
        self._clock = clock or SystemClock()
        self._live = LiveValues(self._clock)
        self._network = open_network(self.configuration, self._secrets)
        self._parts: Parts | None = None
        self._provider: Provider | None = None
        self._offer: Offer | None = None
        self._delivery: Delivery | None = None
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def open(self) -> Parts:
        """Read the descriptions and wire the rooms, once.

        Raises `ConfigurationError` in another event loop than the first one: the connections that
        are open belong to that.
        """
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise ConfigurationError(
                "This Dragoman is open in another event loop. Open one in each, or use "
                "dragoman.sync, which any thread may."
            )
        self._loop = loop
        async with self._opening:
            if self._parts is None:
                store = Store(await self._store_url(), self.configuration.base)
                self._parts = await open_parts(
                    self.configuration,
                    live=self._live,
                    secrets=self._secrets,
                    network=self._network,
                    store=store,
                    key=self._root_key(store).derive,
                    clock=self._clock,
                    read_only=self._read_only,
                )
                measure_rooms(self._parts)
                if self.configuration.settings.notify:
                    from dragoman.app.telling import open_delivery  # noqa: PLC0415 - mail is slow

                    self._delivery = open_delivery(self._parts)
                    self._delivery.start()
            return self._parts

    async def aclose(self) -> None:
        """End the calls that are under way, write down what is not written, and close all."""
        async with AsyncExitStack() as closing:
            if self._parts is not None:
                closing.push_async_callback(self._parts.telemetry.aclose)
                closing.push_async_callback(self._parts.store.aclose)
                closing.push_async_callback(self._parts.shared.aclose)
                closing.push_async_callback(self._parts.audit.aclose)
            if self._provider is not None:
                closing.push_async_callback(self._provider.aclose)
            if self._parts is not None:
                closing.push_async_callback(self._parts.path.record.settled, _END_SECONDS)
            closing.push_async_callback(self._network.aclose)
            # Before the network: a token that is being renewed is lost without its answer.
            for route in self._parts.routes.values() if self._parts else ():
                for credentials in route.accounts.values():
                    closing.push_async_callback(credentials.aclose)
            if self._delivery is not None:
                closing.push_async_callback(self._delivery.aclose)

    @property
    def parts(self) -> Parts:
        """The open rooms, for what this class has no method for."""
        if self._parts is None:
            raise ConfigurationError("Dragoman is not open. Use: async with Dragoman(…) as d")
        return self._parts

    @property
    def offer(self) -> Offer:
        """What a caller is offered of the catalog, for doors that make tools of it."""
        return self._offered

    @property
    def _offered(self) -> Offer:
        if self._offer is None:
            self._offer = Offer(self.parts)
        return self._offer

    async def _open_provider(self) -> Provider:
        if self._provider is None:
            if self._model is not None and not isinstance(self._model, str):
                self._provider = self._model
            else:
                self._provider = await open_provider(
                    self._model_settings(), await self.open(), self._model_client
                )
        return self._provider

    def _model_settings(self) -> ModelSettings:
        chosen = self._model if isinstance(self._model, str) else None
        return model_settings(self.configuration.settings.model, chosen)

    def _model_client(self, reach: Reach) -> httpx2.AsyncClient:
        import httpx2  # noqa: PLC0415 - only where a model is asked over the network

        return httpx2.AsyncClient(transport=self._network.httpx2_transport(reach), timeout=None)

    async def _store_url(self) -> str:
        store = self.configuration.settings.store
        return (
            store
            if isinstance(store, str)
            else await self._secrets.resolve(store, where=self.configuration.where("store"))
        )

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets(
            self.configuration.environment, self._live, self.configuration.base, self._clock
        )

    def _root_key(self, store: Store) -> RootKey:
        """Return the owner's key, or the one that is made beside the store."""
        beside = store.folder or self.configuration.base
        where = self.configuration.where("key")
        return RootKey(self.configuration.settings.key, self._secrets, beside, where)
