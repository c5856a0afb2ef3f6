"""Tokens of end users, against a certified OpenID provider of others."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from oidc_provider import REDIRECT, Provider, oidc_folder, running, says_yes

from dragoman import CredentialError, Dragoman, Outcome

__all__ = ["oidc_folder"]

SECRETS = {"confidential": "oidc-secret-0001", "in-body": "oidc-secret-0002", "public": "none"}

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def provider(oidc_folder: Path) -> Iterator[Provider]:
    with running(oidc_folder) as started:
        yield started


@pytest.fixture(scope="module")
def hasty(oidc_folder: Path) -> Iterator[Provider]:
    """A provider whose access tokens are at their end after three seconds."""
    with running(oidc_folder, seconds=3) as started:
        yield started


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Open Dragoman over the provider's own API, which says who has given the token."""
    async with AsyncExitStack() as stack:

        async def open_it(at: Provider, client: str = "confidential", **more: Any) -> Dragoman:
            config = configuration(at, client, tmp_path, **more)
            d = Dragoman(config, environ={"SECRET": SECRETS[client]})
            return await stack.enter_async_context(d)

        yield open_it


def configuration(at: Provider, client: str, folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "store": f"sqlite:///{folder}/dragoman.db",
        "apis": {
            "login": {
                "http": at.url,
                "auth": {"oauth": at.auth(client, **more)},
                "operations": {"whoAmI": {"get": "/me"}},
            }
        },
    }


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def connect(d: Dragoman, person: str, user: str | None = None) -> None:
    source = d.parts.routes["login"].accounts[""].by_code
    begun = await source.begin(REDIRECT)
    await source.finish(begun, await says_yes(begun.url, person), user or person)


async def who(d: Dragoman, user: str) -> Any:
    outcome: Outcome = await d.call("login.whoAmI", user=user)
    return outcome.data["sub"] if outcome.ok else outcome.problem.detail


@pytest.mark.parametrize("client", ["confidential", "in-body", "public"])
async def test_each_end_user_calls_with_a_token_of_their_own(
    provider: Provider, opened: Open, client: str
) -> None:
    d = await opened(provider, client)
    await connect(d, "ana")
    await connect(d, "bo")
    assert [await who(d, "ana"), await who(d, "bo")] == ["ana", "bo"]
    assert await who(d, "eve") == "The end user 'eve' has not connected (login)."


async def test_what_is_kept_is_sealed_and_nothing_of_it_is_told(
    provider: Provider, opened: Open, tmp_path: Path
) -> None:
    d = await opened(provider)
    await connect(d, "ana")
    kept = await d.parts.routes["login"].accounts[""].by_code.tokens.get("login", "ana")
    assert kept.access not in repr(kept)
    outcome = await d.call("login.whoAmI", user="ana")
    assert outcome.record["credential"] == "oauth ${SECRET} of the user"
    told = str(outcome.prepared) + str(outcome.record)
    await d.aclose()
    stored = everything_in(tmp_path)
    for value in (kept.access, kept.refresh):
        assert value not in told
        assert value.encode() not in stored
        assert d._live.redact(value) == "[token of login]"


async def test_a_row_moved_to_another_user_does_not_open(provider: Provider, opened: Open) -> None:
    d = await opened(provider)
    await connect(d, "ana")
    move = "UPDATE user_tokens SET subject = :to WHERE subject = :of"
    await d.parts.store.write(lambda s: s.run(move, {"to": "eve", "of": "ana"}))
    assert "cannot be opened with this key" in await who(d, "eve")


async def test_fifty_calls_at_once_renew_a_token_once(hasty: Provider, opened: Open) -> None:
    d = await opened(hasty)
    await connect(d, "ana")
    before = await hasty.refreshes()
    await asyncio.sleep(3)
    assert {await who(d, "ana")} | set(
        await asyncio.gather(*(who(d, "ana") for _ in range(50)))
    ) == {"ana"}
    assert await hasty.refreshes() == before + 1


async def test_two_processes_renew_a_token_once(hasty: Provider, opened: Open) -> None:
    one, other = await opened(hasty), await opened(hasty)
    await connect(one, "ana")
    before = await hasty.refreshes()
    await asyncio.sleep(3)
    calls = [who(d, "ana") for d in (one, other) for _ in range(10)]
    assert set(await asyncio.gather(*calls)) == {"ana"}
    assert await hasty.refreshes() == before + 1


async def test_a_refresh_token_used_twice_ends_the_grant_and_says_who_must_reconnect(
    hasty: Provider, opened: Open
) -> None:
    d = await opened(hasty)
    await connect(d, "ana")
    tokens = d.parts.routes["login"].accounts[""].by_code.tokens
    stolen = await tokens.get("login", "ana")
    await asyncio.sleep(3)
    assert await who(d, "ana") == "ana"
    await tokens.put(stolen)
    outcome = await d.call("login.whoAmI", user="ana")
    assert outcome.problem.detail.startswith("The end user 'ana' has to connect again: ")
    assert "invalid_grant" in outcome.problem.detail
    assert outcome.problem.hint == "To do so: dragoman connect login --user ana"
    again = await d.call("login.whoAmI", user="ana")
    assert again.problem.detail == outcome.problem.detail, "the server is not asked again"
    await connect(d, "ana")
    assert await who(d, "ana") == "ana"


async def test_a_token_that_the_api_refuses_is_renewed_once(
    provider: Provider, opened: Open
) -> None:
    d = await opened(provider)
    await connect(d, "ana")
    source = d.parts.routes["login"].accounts[""].by_code
    kept = await source.tokens.get("login", "ana")
    await source.tokens.put(replace(kept, access="no-token-of-this-provider"))
    before = await provider.refreshes()
    assert set(await asyncio.gather(*(who(d, "ana") for _ in range(20)))) == {"ana"}
    assert await provider.refreshes() == before + 1


async def test_whoever_disconnects_gives_the_token_back(provider: Provider, opened: Open) -> None:
    d = await opened(provider)
    await connect(d, "ana")
    source = d.parts.routes["login"].accounts[""].by_code
    kept = await source.tokens.get("login", "ana")
    assert await source.disconnect("ana")
    assert not await source.disconnect("ana")
    assert "has not connected" in await who(d, "ana")
    await source.tokens.put(kept)
    await source.forget("ana", kept.access)
    assert "has to connect again" in await who(d, "ana"), "the server knows the token no more"


async def test_what_another_browser_or_server_brought_is_refused(
    provider: Provider, opened: Open
) -> None:
    d = await opened(provider)
    source = d.parts.routes["login"].accounts[""].by_code
    begun = await source.begin(REDIRECT)
    brought = await says_yes(begun.url, "ana")
    assert brought["iss"] == provider.url
    for change, told in [
        ({"state": "another"}, "does not belong to this connection"),
        ({"state": ""}, "does not belong to this connection"),
        ({"iss": "https://evil.example"}, "is from https://evil.example"),
        ({"code": ""}, "brought no code"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"error": "access_denied"}, r"was not connected: access_denied\."),
    ]:
        with pytest.raises(CredentialError, match=told):
            await source.finish(begun, {**brought, **change}, "ana")
    stolen = {**brought, "state": (other := await source.begin(REDIRECT)).state}
    with pytest.raises(CredentialError, match="invalid_grant"):
        await source.finish(other, stolen, "eve")
    assert "has not connected" in await who(d, "eve")


async def test_an_issuer_that_the_owner_names_has_to_be_stated(
    provider: Provider, opened: Open
) -> None:
    d = await opened(provider, issuer=provider.url)
    source = d.parts.routes["login"].accounts[""].by_code
    begun = await source.begin(REDIRECT)
    brought = await says_yes(begun.url, "ana")
    silent = {name: value for name, value in brought.items() if name != "iss"}
    with pytest.raises(CredentialError, match="a server that does not say who it is"):
        await source.finish(begun, silent, "ana")
    await source.finish(begun, brought, "ana")
    assert await who(d, "ana") == "ana"


async def test_client_credentials_work_there_too(provider: Provider, tmp_path: Path) -> None:
    config = configuration(provider, "public", tmp_path)
    config["apis"]["login"]["auth"] = {
        "oauth": {
            "client_id": "machine",
            "client_secret": "${SECRET}",
            "token_url": f"{provider.url}/token",
        }
    }
    async with Dragoman(config, environ={"SECRET": "oidc-secret-0003"}) as d:
        credentials = d.parts.routes["login"].accounts[""]
        shown = await credentials.credential((("*",),), f"{provider.url}/me")
        assert shown.headers[0][1].startswith("Bearer ")


async def test_connecting_from_the_command_line(provider: Provider, tmp_path: Path) -> None:
    import yaml

    file = tmp_path / "dragoman.yaml"
    file.write_text(yaml.safe_dump(configuration(provider, "confidential", tmp_path)))
    words = [sys.executable, "-m", "dragoman", "connect", "login", "--user", "ana"]
    process = await asyncio.create_subprocess_exec(
        *(*words, "--no-browser", "-f", str(file)),
        env={**os.environ, "SECRET": SECRETS["confidential"], "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    url = ""
    while not url:
        line = (await process.stdout.readline()).decode()
        assert line, "no address was printed"
        url = match[0] if (match := re.match(r"http://\S+", line)) else ""
    await says_yes(url, "ana", visit=True)
    told, _ = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, "ana is connected to login" in told.decode()) == (0, True)
    async with Dragoman(file, environ={"SECRET": SECRETS["confidential"]}) as d:
        assert await who(d, "ana") == "ana"
