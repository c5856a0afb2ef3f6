"""Credentials over real secrets, a real network and a token server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from token_server import MovedClock, TokenServer, running

from dragoman.config.settings import ApiSettings
from dragoman.credentials.credentials import Credentials
from dragoman.credentials.user_tokens import UserTokens
from dragoman.network import Network, Reach, origin_of
from dragoman.operation import Scheme
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import Template
from dragoman.secrets.secrets import Secrets
from dragoman.store.store import Store

ENVIRONMENT = {
    "SHOP_TOKEN": "tok-9f8e7d6c5b4a",
    "SHOP_KEY": "key-1a2b3c4d5e6f",
    "SHOP_USER": "dragoman@shop",
    "SHOP_PASSWORD": "pa:ss wörd-77",
    "CLIENT_SECRET": "c1ient/secret+=",
    "EMPTY": "",
    "BROKEN": "abc-def-ghi\r\nX-Evil: 1",
    "BLANK": "abc-def-ghi ",
}

Make = Callable[..., Credentials]


@pytest.fixture
def live() -> LiveValues:
    return LiveValues()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    async with Network() as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    async with running() as started:
        yield started


@pytest.fixture
async def tokens(clock: MovedClock, tmp_path: Path) -> AsyncIterator[UserTokens]:
    """Tokens of end users, in a store of their own."""

    async def key() -> bytes:
        return b"k" * 32

    store = Store(f"sqlite:///{tmp_path}/tokens.db", tmp_path)
    yield UserTokens(store, clock, key)
    await store.aclose()


@pytest.fixture
def make(
    live: LiveValues, network: Network, clock: MovedClock, tokens: UserTokens, tmp_path: Path
) -> Make:
    """Make the credentials of `shop` at https://shop.example; `auth` is as in the file."""

    def made(
        auth: dict[str, Any],
        *schemes: Scheme,
        allowed: tuple[str, ...] = ("https://shop.example",),
        environment: dict[str, str] | None = None,
    ) -> Credentials:
        environment = ENVIRONMENT if environment is None else environment

        def resolve(template: Template) -> str:
            return "".join(p if isinstance(p, str) else environment[p.name] for p in template.parts)

        read = ApiSettings.model_validate({"auth": auth}, context={"resolve": resolve})
        return Credentials(
            "shop",
            read.auth,
            {scheme.id: scheme for scheme in schemes},
            allowed_origins=frozenset(map(origin_of, allowed)),
            secrets=Secrets(environment, live, tmp_path),
            tokens=tokens,
            network=network,
            reach=Reach.of(hosts=["127.0.0.1"]),
            clock=clock,
            where=lambda key: f"dragoman.yaml:{9 if key else 8}",
        )

    return made
