"""`dragoman check` says which variable, store, scope or person it is that keeps an API away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from command_line import Ran, Run

from dragoman import Dragoman
from dragoman.clock import SystemClock
from dragoman.credentials.user_tokens import UserToken

CHALLENGE = 'Bearer error="insufficient_scope", scope="orders:read"'


async def _things(request: web.Request) -> web.Response:
    """An API with one good token; another one of too few rights."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token == "token-of-few-rights":
        return web.json_response({}, status=403, headers={"WWW-Authenticate": CHALLENGE})
    return web.json_response({}, status=200 if token.startswith("good-token") else 401)


async def _token(request: web.Request) -> web.Response:
    """A token address that knows one scope."""
    if (await request.post()).get("scope") != "orders":
        return web.json_response({"error": "invalid_scope"}, status=400)
    return web.json_response({"access_token": "good-token-77", "token_type": "Bearer"})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where it serves, in a thread."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/things", _things)
        app.router.add_post("/token", _token)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await done.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{ports[0]}"
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


@pytest.fixture
def check(run: Run, tmp_path: Path, url: str):
    """Check a file with one API; what is given stands under it."""

    def checked(*words: str, environ: dict[str, str] | None = None, **api: object) -> Ran:
        written = {"http": url, "operations": {"list": {"get": "/things"}}, **api}
        config = {"version": 1, "model": "offline", "apis": {"shop": written}}
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        return run("check", "--file", "own.yaml", *words, **(environ or {}))

    return checked


def oauth(url: str, **members: object) -> dict[str, object]:
    client = {"client_id": "us", "client_secret": "${SECRET}", "token_url": f"{url}/token"}
    return {"oauth": {**client, **members}}


def test_each_account_is_tried_with_its_own_credential(check) -> None:
    accounts = {"work": {"bearer": "${WORK}"}, "home": {"bearer": "${HOME_TOKEN}"}}
    good = {"WORK": "good-token-1", "HOME_TOKEN": "good-token-2"}
    told = check(accounts=accounts, environ=good)
    assert told.code == 0
    assert "shop (work): 1 operation (1 read); list answered with bearer ${WORK} in" in told.out
    assert "shop (home): 1 operation (1 read); list answered with bearer ${HOME_TOKEN}" in told.out
    told = check(accounts=accounts, environ={**good, "HOME_TOKEN": "wrong-token-2"})
    assert told.code == 3
    assert "✗ shop (home): 401 from shop with bearer ${HOME_TOKEN}: it was sent and" in told.err
    told = check("--json", accounts=accounts, environ={"WORK": "good-token-1"})
    work, home = told.json["apis"]
    assert (work["account"], work["ok"], home["account"], home["ok"]) == (
        "work",
        True,
        "home",
        False,
    )
    assert "shop (home): HOME_TOKEN is not set (own.yaml:" in home["text"]


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"bearer": "${WRONG}"}, "401 from shop with bearer ${WRONG}: it was sent and refused"),
        ({"bearer": "${FEW}"}, "Give it the scope orders:read, then: dragoman check shop"),
        ({"bearer": "${NONE}"}, "NONE is not set (own.yaml:10). Set it in the shell or in .env."),
        ({"bearer": "${file:./none}"}, "./none is not set (own.yaml:10). Create the file"),
        ({"bearer": "${vault:kv/shop#token}"}, "vault:kv/shop cannot be read: Vault does not"),
        ({"bearer": "${aws:prod/shop}"}, "aws:prod/shop cannot be read: EndpointConnectionError"),
    ],
    ids=["variable", "scope", "unset", "file", "vault", "aws"],
)
def test_what_is_at_fault_is_named(check, auth: dict[str, object], said: str) -> None:
    environ = {
        "WRONG": "wrong-token-1",
        "FEW": "token-of-few-rights",
        "VAULT_ADDR": "http://127.0.0.1:9",
        "VAULT_TOKEN": "vault-token-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "aws-secret-1",
        "AWS_REGION": "eu-west-1",
    }
    if said.startswith(("vault", "aws")):
        pytest.importorskip("hvac" if said.startswith("vault") else "boto3")
    told = check(auth=auth, environ=environ)
    assert told.code == 3
    assert f"shop: {said}" in told.err or said in told.err
    assert "cannot be read" not in said or "(own.yaml:10)" in told.err
    assert "-token-1" not in told.err + told.out


def test_a_secret_is_looked_for_also_where_nothing_can_be_called(check) -> None:
    needs_argument = {"get": "/things/{id}", "path": {"id": "string"}}
    told = check(auth={"bearer": "${NONE}"}, operations={"get": needs_argument})
    assert (told.code, "NONE is not set" in told.err) == (3, True)
    told = check(
        auth={"bearer": "${NONE}"},
        operations={"get": needs_argument},
        environ={"NONE": "good-token-1"},
    )
    assert told.code == 0
    assert "no read that needs no argument, end user or approval, so it was not called" in told.out


def test_a_scope_that_a_login_does_not_know_is_told_by_its_line(check, url: str) -> None:
    secret = {"SECRET": "client-secret-1"}
    assert check(auth=oauth(url, scopes="orders"), environ=secret).code == 0
    told = check(auth=oauth(url, scopes="order"), environ=secret)
    assert told.code == 3
    assert "✗ shop: no token with" in told.err
    assert "answered 400 (invalid_scope). Check scopes (own.yaml:10)." in told.err


def test_what_waits_for_a_person_is_no_fault(check, url: str, tmp_path: Path) -> None:
    auth = oauth(url, grant="authorization_code", authorization_url=f"{url}/auth")
    secret = {"SECRET": "client-secret-1"}
    told = check(auth=auth, environ=secret)
    assert told.code == 0
    assert (
        "not called: you have not connected. To do so: "
        "dragoman connect shop, with --user ID for an end user"
    ) in told.out

    async def connect(subject: str, access: str) -> None:
        async with Dragoman(tmp_path / "own.yaml", environ=secret) as d:
            tokens = d.parts.routes["shop"].accounts[""].by_code.tokens
            until = SystemClock().now().replace(year=2099)
            await tokens.put(UserToken("shop", subject, access, "", until))

    asyncio.run(connect("ana", "good-token-of-ana"))
    told = check(auth=auth, environ=secret)
    assert (told.code, "(1 end user has connected)" in told.out) == (0, True)
    asyncio.run(connect("", "good-token-of-the-owner"))
    told = check(auth=auth, environ=secret)
    assert "list answered with oauth ${SECRET} of the user" in told.out
    asyncio.run(connect("", "bad-token-of-the-owner"))
    told = check(auth=auth, environ=secret)
    assert told.code == 3
    assert "The owner has to connect again" in told.err


def test_nobody_is_asked_and_no_end_user_is_needed(check) -> None:
    told = check(require_approval="always")
    assert (told.code, "so it was not called" in told.out) == (0, True)
    owned = {"list": {"get": "/things", "owner": "result.of == caller.user"}}
    told = check(operations=owned)
    assert (told.code, "so it was not called" in told.out) == (0, True)
