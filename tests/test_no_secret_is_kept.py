"""Promise 3: the values of secrets are in no byte of the store, the logs, prompts or output."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from dragoman import Dragoman
from dragoman.demo import serve
from dragoman.demo.keys import Credentials, variable
from dragoman.models.provider import ModelReply, ModelRequest, ToolCall, ToolResult
from dragoman.models.scripted import ScriptedProvider
from dragoman.secrets.forms import forms
from scripted_openai import Reply, scripted_openai
from secret_search import files_below, found
from small_shop import DOCUMENT, TOKEN, running_shop

NAMES = (
    "shop_key",
    "customer_token",
    "other_customer_token",
    "helpdesk_secret",
    "carrier_key",
)


@pytest.fixture
def values() -> dict[str, str]:
    """Fresh values, as no earlier run can have left them anywhere."""
    return {name: f"{name}-{secrets.token_urlsafe(24)}" for name in NAMES}


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any logger says."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


CALLS = (
    ("helpdesk__listTickets", {"email": "maria.keller@example.com"}),
    ("helpdesk__getTicket", {"ticket_id": "tk-305"}),
    ("shop__getOrder", {"order_id": "1042"}),
    ("shop__getOrder", {"order_id": "9999"}),
    ("carrier__trackParcel", {"number": "PX-100042"}),
    ("shop__refundOrder", {"order_id": "1042", "part": "shipping", "reason": "late"}),
)


def in_turn(request: ModelRequest) -> ModelReply:
    """A model that makes the calls one after another, then answers."""
    done = sum(isinstance(turn, ToolResult) for turn in request.transcript)
    if done == len(CALLS):
        return ModelReply("done")
    name, arguments = CALLS[done]
    return ModelReply(tool_calls=(ToolCall(f"c{done}", name, json.dumps(arguments)),))


async def test_no_value_of_the_demo_is_kept_or_told(
    tmp_path: Path, values: dict[str, str], logged, capfd, monkeypatch
) -> None:
    credentials = Credentials(**values)
    config = files("dragoman.demo").joinpath("dragoman.yaml").read_text("utf-8")
    (tmp_path / "dragoman.yaml").write_text(config)
    model = ScriptedProvider(in_turn)
    async with serve(credentials=credentials, delay=0) as apis:
        environ = {variable(name): value for name, value in values.items()}
        environ |= {variable("helpdesk_client"): credentials.helpdesk_client}
        environ |= apis.variables()
        async with Dragoman(tmp_path / "dragoman.yaml", environ=environ, model=model) as d:
            answer = await d.ask("Refund the shipping of order 1042 if it is late", user="u_7")
            await d.approve(answer.approvals[0].id, by="ana")
            answer = await d.resume(answer.id)
            refused = await d.call("shop.getOrder", {"order_id": "#1"})
            preview = await d.call("shop.deleteCustomer", {"customer_id": "cu-1"}, dry_run=True)
        wrong = {**environ, variable("shop_key"): values["shop_key"] + "x"}
        async with Dragoman(tmp_path / "dragoman.yaml", environ=wrong) as d:
            unauthorized = await d.call("shop.getOrder", {"order_id": "1042"})
    assert answer.ok, answer
    assert unauthorized.problem is not None
    kept = files_below(tmp_path)
    told = [answer, refused, preview, unauthorized, model.requests, logged.records, logged.text]
    out, err = capfd.readouterr()
    assert found(values, kept) == []
    assert found(values, "".join(map(repr, told)).encode()) == []
    assert found(values, f"{out}{err}".encode()) == []


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_an_api_that_echoes_its_credential_does_not_get_it_kept(
    tmp_path: Path, logged, status: int
) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    async with running_shop() as shop:
        shop.answer = lambda request: web.json_response(
            {"detail": f"you sent {request.headers['Authorization']}", "order_id": TOKEN},
            status=status,
            headers={"X-Echo": request.headers["Authorization"]},
        )
        config = {
            "store": f"sqlite:///{tmp_path}/dragoman.db",
            "apis": {
                "shop": {
                    "openapi": str(tmp_path / "shop.json"),
                    "base_url": shop.url,
                    "auth": {"bearer": "${SHOP_TOKEN}"},
                    "require_approval": "never",
                }
            },
        }
        async with Dragoman(config, environ={"SHOP_TOKEN": TOKEN}) as d:
            read = await d.call("shop.getOrder", {"order_id": "1042"})
            written = await d.call("shop.refundOrder", {"order_id": "1042", "amount": 5})
    kept = files_below(tmp_path)
    secret = {"token": TOKEN}
    assert found(secret, kept) == []
    assert found(secret, repr([read, written, logged.records, logged.text]).encode()) == []


class Echo(NamedTuple):
    """Where an API is, and the token that it gives."""

    url: str
    issued: str


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """An API that gives tokens, and answers with what it was shown in every encoding there is."""
    issued = f"access-{secrets.token_urlsafe(24)}"

    async def token(request: web.Request) -> web.Response:
        answer = {"access_token": issued, "token_type": "Bearer", "expires_in": 300}
        return web.json_response(answer)

    async def show(request: web.Request) -> web.Response:
        shown = request.headers["Authorization"].removeprefix("Bearer ")
        text = " ".join(f"<{form}>" for form in forms(shown))
        status = int(request.query.get("status", "200"))
        if request.query.get("kind") == "text":
            return web.Response(text=text, status=status)
        body = {"title": text, "detail": text, shown: [{"deep": {"note": text}}]}
        return web.json_response(body, status=status, headers={"X-Echo": shown})

    app = web.Application()
    app.router.add_post("/token", token)
    app.router.add_route("*", "/echo", show)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Echo(f"http://127.0.0.1:{runner.addresses[0][1]}", issued)
    await runner.cleanup()


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("kind", ["static", "oauth"])
async def test_no_encoding_of_a_credential_reaches_a_prompt_or_the_store(
    tmp_path: Path, logged, echo: Echo, api: str, kind: str
) -> None:
    url = echo.url
    values = {
        "ECHO_TOKEN": f'k"&<é/+{secrets.token_urlsafe(24)}' if kind == "oauth" else _plain(),
        "MODEL_KEY": f"sk-{secrets.token_hex(24)}",
    }
    searched = {**values, "issued": echo.issued} if kind == "oauth" else values
    oauth = {"client_id": "us", "client_secret": "${ECHO_TOKEN}", "token_url": f"{url}/token"}
    query = {"status": "integer?", "kind": "string?"}
    turns = [{}, {"status": 400}, {"status": 500}, {"status": 401}, {"kind": "text"}]
    script = [
        *(Reply(calls=[("echo__look", turn), ("echo__write", {"text": "x"})]) for turn in turns),
        Reply("done"),
    ]
    async with scripted_openai(script) as server:
        config = {
            "model": {
                "name": "m",
                "base_url": server.base_url,
                "api": api,
                "api_key": "${MODEL_KEY}",
            },
            "store": f"sqlite:///{tmp_path}/dragoman.db",
            "apis": {
                "echo": {
                    "http": url,
                    "auth": {"bearer": "${ECHO_TOKEN}"} if kind == "static" else {"oauth": oauth},
                    "require_approval": "never",
                    "operations": {
                        "look": {"get": "/echo", "query": query},
                        "write": {"post": "/echo", "body": {"text": "string"}},
                    },
                }
            },
        }
        async with Dragoman(config, environ=values) as d:
            answer = await d.ask("What do you say?", user="u_7")
        prompts = json.dumps([request.json for request in server.requests], ensure_ascii=False)
    assert answer.ok, answer
    assert len(answer.calls) == 2 * len(turns)
    assert any(outcome.ok for outcome in answer.calls)
    told = repr([answer, answer.calls, logged.records, logged.text, d, d.parts])
    assert found(searched, files_below(tmp_path)) == []
    assert found(searched, prompts.encode()) == []
    assert found(searched, told.encode()) == []


def _plain() -> str:
    return f"token-{secrets.token_urlsafe(24)}"


def test_the_search_itself_finds_what_it_should() -> None:
    assert found({"token": TOKEN}, f"x{TOKEN}y".encode()) == ["token"]
    assert found({"token": TOKEN}, b"nothing here") == []
