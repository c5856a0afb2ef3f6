"""The helpdesk as a web application."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files

import yaml
from aiohttp import web

from dragoman.demo.application import application_of
from dragoman.demo.description import operations_of
from dragoman.demo.helpdesk import tickets
from dragoman.demo.helpdesk.seed import seed
from dragoman.demo.helpdesk.tokens import Tokens
from dragoman.demo.keys import Credentials
from dragoman.demo.program import Clock, Program
from dragoman.demo.routing import add_operations
from dragoman.demo.work import RefusalError, Work

__all__ = ["DOCUMENT", "TOKEN_PATH", "helpdesk"]

DOCUMENT, TOKEN_PATH = "/openapi.yaml", "/oauth/token"

_WORKS: dict[str, Work] = {
    "findCustomer": tickets.find_customer,
    "listTickets": tickets.list_tickets,
    "getTicket": tickets.get_ticket,
    "listReplies": tickets.list_replies,
    "addReply": tickets.add_reply,
    "closeTicket": tickets.close_ticket,
}
_EFFECTS = ("replies", "tickets_closed")


def helpdesk(now: Clock, credentials: Credentials, token_seconds: float) -> web.Application:
    """Return the helpdesk, freshly filled; its tokens are good for so many seconds."""
    here = files("dragoman.demo.helpdesk")
    text = (here / "openapi.yaml").read_text("utf-8")
    schema = (here / "schema.sql").read_text("utf-8")
    apart = frozenset({DOCUMENT, TOKEN_PATH})
    app = application_of(Program("helpdesk", schema, seed, _refused, now, _EFFECTS, apart))

    async def document(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/yaml")

    tokens = Tokens(now, credentials, token_seconds)
    app.router.add_get(DOCUMENT, document)
    app.router.add_post(TOKEN_PATH, tokens.grant)
    add_operations(app, operations_of(yaml.safe_load(text)), _WORKS, tokens.identify)
    return app


def _refused(refusal: RefusalError) -> tuple[str, object]:
    """Word a refusal as many older APIs do."""
    code = HTTPStatus(refusal.status).phrase.lower().replace(" ", "_")
    return "application/json", {"error": {"code": code, "message": refusal.detail}}
