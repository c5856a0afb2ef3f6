"""Promise 3: the values of secrets are in no byte of the store, the logs, prompts or output."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from aiohttp import web

from dragoman import Dragoman
from dragoman.demo import serve
from dragoman.demo.keys import Credentials, variable
from dragoman.models.provider import ModelReply, ModelRequest, ToolCall, ToolResult
from dragoman.models.scripted import ScriptedProvider
from dragoman.secrets.forms import forms
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


def found(values: dict[str, str], text: bytes) -> list[str]:
    """The names of the values that stand in the text, in whatever encoding."""
    return [
        name
        for name, value in values.items()
        if any(form.encode("utf-8", "surrogatepass") in text for form in forms(value))
    ]


def everything_in(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


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
    kept = everything_in(tmp_path)
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
    kept = everything_in(tmp_path)
    secret = {"token": TOKEN}
    assert found(secret, kept) == []
    assert found(secret, repr([read, written, logged.records, logged.text]).encode()) == []


def test_the_search_itself_finds_what_it_should() -> None:
    assert found({"token": TOKEN}, f"x{TOKEN}y".encode()) == ["token"]
    assert found({"token": TOKEN}, b"nothing here") == []
