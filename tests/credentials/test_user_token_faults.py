"""What goes wrong with tokens of end users, and that a person has to connect again only then."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from exchanging_login import ENVIRON, Login, give, running_login
from token_server import Asked, TokenServer, token

from dragoman import CredentialError, Dragoman
from dragoman.clock import Deadline, SystemClock
from dragoman.credentials import token_endpoint
from dragoman.credentials.user_tokens import UserToken, UserTokens
from dragoman.errors import NetworkError
from dragoman.store.store import Store
from store_urls import postgres_url, shared_url

__all__ = ["postgres_url", "shared_url"]

TARGET = "https://shop.example/orders"
WANTED = (("*",),)
SECRET = "c1ient/secret+="


class Off(SystemClock):
    """A clock that is off by some minutes."""

    def __init__(self, minutes: float) -> None:
        self.off = timedelta(minutes=minutes)

    def now(self) -> datetime:
        return super().now() + self.off


# What a token address answers, at the first exchange of a code and at a refresh


@pytest.fixture
def by_code(make: Any, server: TokenServer) -> Any:
    """Credentials of the shop that each end user has to give."""
    grant = {
        "grant": "authorization_code",
        "client_id": "dragoman",
        "client_secret": "${CLIENT_SECRET}",
        "authorization_url": "https://login.example/auth",
        "token_url": server.url,
    }
    return make({"oauth": grant})


@pytest.fixture(params=["code", "refresh"])
async def exchange(request: pytest.FixtureRequest, by_code: Any, tokens: UserTokens) -> Any:
    """Ask the token address, by either grant that it is asked with for an end user."""
    source = by_code.by_code

    async def finish() -> None:
        begun = await source.begin("http://127.0.0.1:1/callback")
        await source.finish(begun, {"state": begun.state, "code": "the-code"}, "ana")

    async def refresh() -> None:
        await by_code.credential(WANTED, TARGET, user="ana")

    if request.param == "code":
        return finish
    await tokens.put(ended(source))
    return refresh


def ended(source: Any) -> UserToken:
    """A token that is at its end and can be renewed."""
    return UserToken("shop", "ana", "old-access-token", "old-refresh-token", source.clock.now())


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (lambda: web.Response(text="<html>", content_type="text/html"), "text/html"),
        (lambda: web.Response(status=400, text="<html>" * 100), "answered 400."),
        (lambda: web.json_response([]), "no JSON object"),
        (lambda: token("a\r\nX: y"), "no usable access_token"),
        (
            lambda: web.Response(status=307, headers={"Location": "https://evil.example/token"}),
            "https://evil.example/token",
        ),
        (
            lambda: web.json_response(
                {"error": "invalid_request", "error_description": f"bad secret {SECRET}"},
                status=400,
            ),
            "bad secret [",
        ),
        (
            lambda: web.json_response({"error": f"old-refresh-token {SECRET}"}, status=400),
            "[CLIENT_SECRET]",
        ),
    ],
    ids=["html", "html-error", "list", "broken", "redirect", "secret-in-error", "secret-as-error"],
)
async def test_an_answer_without_a_token_says_why_and_the_next_try_is_free(
    exchange: Any, server: TokenServer, response: Any, said: str
) -> None:
    server.answer = lambda _: response()
    with pytest.raises(CredentialError) as caught:
        await exchange()
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(server.asked) == 1
    server.answer = None
    await exchange()
    assert len(server.asked) == 2


async def test_a_refresh_token_in_the_error_is_redacted(
    by_code: Any, tokens: UserTokens, server: TokenServer
) -> None:
    said = {"error": "invalid_grant", "error_description": "old-refresh-token was used"}
    server.answer = lambda _: web.json_response(said, status=400)
    await tokens.put(ended(by_code.by_code))
    with pytest.raises(CredentialError) as caught:
        await by_code.credential(WANTED, TARGET, user="ana")
    assert "[token of shop] was used" in caught.value.detail
    kept = await tokens.get("shop", "ana")
    assert kept is not None
    assert "old-refresh-token" not in kept.refused


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_login_in_trouble_does_not_end_what_a_person_gave(
    by_code: Any, tokens: UserTokens, server: TokenServer, status: int
) -> None:
    server.answer = lambda _: web.Response(status=status, text="<html>no</html>")
    await tokens.put(ended(by_code.by_code))
    with pytest.raises(NetworkError) as caught:
        await by_code.credential(WANTED, TARGET, user="ana")
    assert (caught.value.retryable, caught.value.sent) == (True, False)
    server.answer = None
    assert await by_code.credential(WANTED, TARGET, user="ana")


# An endpoint that hangs, and callers that go


async def test_a_login_that_hangs_holds_no_call_beyond_its_deadline_and_frees_the_lease(
    by_code: Any, tokens: UserTokens, server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = replace(token_endpoint._BOUNDS, seconds=0.4)
    monkeypatch.setattr(token_endpoint, "_BOUNDS", bounds)
    forever = asyncio.Event()

    async def hangs(_: Asked) -> web.Response:
        await forever.wait()
        raise AssertionError

    server.answer = hangs
    await tokens.put(known := ended(by_code.by_code))
    with pytest.raises(NetworkError, match="within the time of the call"):
        await by_code.credential(
            WANTED, TARGET, Deadline.after(0.1, SystemClock()), user=known.subject
        )
    server.answer = None
    deadline = Deadline.after(5, SystemClock())
    with pytest.raises(NetworkError, match="no token with oauth"):
        await by_code.credential(WANTED, TARGET, deadline, user="ana")
    assert await by_code.credential(WANTED, TARGET, deadline, user="ana")


async def test_a_refresh_goes_on_when_its_caller_has_gone(
    by_code: Any, tokens: UserTokens, server: TokenServer
) -> None:
    go_on = asyncio.Event()

    async def later(_: Asked) -> web.Response:
        await go_on.wait()
        return token("new-access-token", refresh_token="new-refresh-token")

    server.answer = later
    await tokens.put(ended(by_code.by_code))
    call = asyncio.create_task(by_code.credential(WANTED, TARGET, user="ana"))
    async with asyncio.timeout(5):
        while not server.asked:  # noqa: ASYNC110 - another task of ours
            await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    go_on.set()
    shown = await by_code.credential(WANTED, TARGET, user="ana")
    assert shown.headers == (("Authorization", "Bearer new-access-token"),)
    assert len(server.asked) == 1, "the exchanged refresh token is not lost with its caller"


# What happened to a token while it was renewed


@pytest.fixture
async def kept(shared_url: str, tmp_path: Path) -> AsyncIterator[UserTokens]:
    async def key() -> bytes:
        return b"k" * 32

    store = Store(shared_url, tmp_path)
    yield UserTokens(store, SystemClock(), key)
    await store.aclose()


async def test_a_late_refresh_does_not_undo_what_a_person_did(kept: UserTokens) -> None:
    now = SystemClock().now()
    old = await kept.put(UserToken("shop", "ana", "access-1", "refresh-1", now))
    late = replace(old, access="access-2", refresh="refresh-2")
    connected = await kept.put(replace(old, access="access-of-a-new-grant"))
    assert not await kept.renew(old, late)
    assert await kept.get("shop", "ana") == connected
    await kept.remove("shop", "ana")
    assert not await kept.renew(connected, late)
    assert await kept.get("shop", "ana") is None, "who has disconnected stays so"


async def test_of_two_refreshes_the_one_that_brought_a_token_counts(kept: UserTokens) -> None:
    now = SystemClock().now()
    old = await kept.put(UserToken("shop", "ana", "access-1", "refresh-1", now))
    good = replace(old, access="access-2", refresh="refresh-2")
    refused = replace(old, refused="invalid_grant")
    assert await kept.renew(old, refused)
    assert await kept.renew(old, good)
    assert not await kept.renew(old, refused)
    found = await kept.get("shop", "ana")
    assert found is not None
    assert (found.access, found.refused) == ("access-2", "")


# Over the whole path: expired, revoked, swapped; two processes; a clock that is off

Open = Callable[..., Any]


@pytest.fixture
async def login() -> AsyncIterator[Login]:
    async with running_login() as started:
        yield started


@pytest.fixture
async def opened(shared_url: str, login: Login) -> AsyncIterator[Open]:
    """Open Dragoman over the login's own API, with a clock."""
    async with AsyncExitStack() as stack:

        async def open_it(clock: Any = None) -> Dragoman:
            d = Dragoman(login.configuration(shared_url), environ=ENVIRON, clock=clock)
            return await stack.enter_async_context(d)

        yield open_it


async def who(d: Dragoman, user: str = "ana", **more: Any) -> Any:
    outcome = await d.call("login.whoAmI", user=user, **more)
    return outcome.data["sub"] if outcome.ok else outcome.problem.detail


async def test_an_expired_token_is_renewed_and_a_revoked_grant_asks_for_the_person(
    opened: Open, login: Login
) -> None:
    d = await opened()
    await give(d, login)
    assert (await who(d), login.refreshes) == ("ana", 1)
    login.expired = True
    assert (await who(d), login.refreshes) == ("ana", 2)
    login.ended = True
    assert "The end user 'ana' has to connect again" in await who(d)
    assert login.refreshes == 3
    assert "The end user 'ana' has to connect again" in await who(d)
    assert login.refreshes == 3


async def test_a_new_token_that_is_refused_too_says_who_may_connect_again(
    opened: Open, login: Login
) -> None:
    d = await opened()
    await give(d, login)
    login.takes_nobody = True
    problem = (await d.call("login.whoAmI", user="ana")).problem
    assert problem.detail.startswith("401 from login with oauth ${SECRET} of the user")
    hint = "To connect again: dragoman connect login, with --user ID for an end user"
    assert (problem.hint, login.refreshes) == (hint, 2)


async def test_tokens_that_were_swapped_in_the_store_open_for_nobody(
    opened: Open, login: Login
) -> None:
    d = await opened()
    source = d.parts.routes["login"].accounts[""].by_code
    until = source.clock.now() + timedelta(hours=1)
    for subject in ("ana", "eve"):
        await source.tokens.put(UserToken("login", subject, f"of-{subject}", "", until))
    rows = await d.parts.store.read("SELECT subject, sealed FROM user_tokens", {})
    sealed = {row["subject"]: row["sealed"] for row in rows}
    swap = "UPDATE user_tokens SET sealed = :sealed WHERE subject = :subject"
    for subject, other in (("ana", "eve"), ("eve", "ana")):
        change = {"subject": subject, "sealed": sealed[other]}
        await d.parts.store.write(lambda statements, change=change: statements.run(swap, change))
    for subject in ("ana", "eve"):
        assert "cannot be opened with this key" in await who(d, subject)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_ten_minutes_off_costs_a_refresh_and_no_call(
    opened: Open, login: Login, minutes: int
) -> None:
    right, off = await opened(), await opened(Off(minutes))
    await give(right, login, seconds=300)
    assert await who(off) == "ana"
    assert login.refreshes == (1 if minutes > 0 else 0)
    login.expired = True  # which a clock that is behind does not know
    assert await who(off) == "ana"
    assert await who(right) == "ana"
    assert login.refreshes == (2 if minutes > 0 else 1)
    assert not login.ended


async def test_a_clock_that_is_ahead_does_not_take_over_a_refresh_that_is_under_way(
    opened: Open, login: Login
) -> None:
    login.before_answer = lambda: asyncio.sleep(0.5)
    right, ahead = await opened(), await opened(Off(10))
    await give(right, login)
    first = asyncio.create_task(who(right))
    await asyncio.wait_for(login.asked.wait(), 5)
    assert (await who(ahead), await first) == ("ana", "ana")
    assert (login.refreshes, login.ended) == (1, False)


PROCESS = """
import asyncio, json, sys
from dragoman import Dragoman

async def main(config, environ):
    async with Dragoman(config, environ=environ) as d:
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        calls = [d.call("login.whoAmI", user="ana") for _ in range(8)]
        print(*[o.status for o in await asyncio.gather(*calls)], flush=True)

asyncio.run(main(*json.loads(sys.argv[1])))
"""


async def process(login: Login, url: str) -> asyncio.subprocess.Process:
    """Start a process that waits for a line and then calls eight times at once."""
    given = json.dumps([login.configuration(url), ENVIRON])
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS, given), stdin=-1, stdout=-1, stderr=-1
    )
    assert started.stdout is not None
    line = await started.stdout.readline()
    if not line:
        raise AssertionError((await started.communicate())[1].decode())
    return started


async def test_closing_waits_for_a_refresh_whose_caller_has_gone(
    opened: Open, login: Login
) -> None:
    login.before_answer = lambda: asyncio.sleep(0.5)
    d = await opened()
    await give(d, login)
    assert "within the time of the call" in await who(d, timeout=0.2)
    await d.aclose()
    assert (await who(await opened()), login.refreshes) == ("ana", 1)


async def test_closing_does_not_wait_for_a_login_that_hangs(opened: Open, login: Login) -> None:
    forever = asyncio.Event()
    login.before_answer = forever.wait
    d = await opened()
    await give(d, login)
    assert "within the time of the call" in await who(d, timeout=0.2)
    async with asyncio.timeout(4):
        await d.aclose()
    login.before_answer, login.number = None, 0
    assert (await who(await opened()), login.refreshes) == ("ana", 2), "the lease is free"


async def test_two_real_processes_renew_one_token_once(
    opened: Open, login: Login, shared_url: str
) -> None:
    login.before_answer = lambda: asyncio.sleep(0.3)
    await give(await opened(), login)
    processes = await asyncio.gather(*(process(login, shared_url) for _ in range(2)))
    told = await asyncio.gather(*(one.communicate(b"\n") for one in processes))
    for out, err in told:
        assert out.decode().split() == ["ok"] * 8, err.decode()
    assert (login.refreshes, login.ended) == (1, False)


async def test_a_process_killed_while_it_renews_keeps_others_waiting_for_its_lease_only(
    opened: Open, login: Login, shared_url: str
) -> None:
    forever = asyncio.Event()
    login.before_answer = forever.wait
    await give(await opened(), login)
    killed = await process(login, shared_url)
    assert killed.stdin is not None
    killed.stdin.write(b"\n")
    await asyncio.wait_for(login.asked.wait(), 10)
    os.kill(killed.pid, signal.SIGKILL)
    await killed.wait()
    login.before_answer, login.number = None, 0  # its answer never came: nothing was exchanged
    waiting = await (await opened()).call("login.whoAmI", user="ana", timeout=0.5)
    assert (waiting.problem.code, waiting.problem.retryable) == ("network", True)
    assert login.refreshes == 1, "the lease is held"
    assert await who(await opened(Off(31 / 60))) == "ana"
    assert login.refreshes == 2
