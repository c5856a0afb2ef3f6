"""A small shop that counts what really happened, for tests of the whole path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "tok_live_9f8e7d6c5b4a"


@dataclass
class Shop:
    """What the shop has seen and done; `answer` lets a test answer in its own way."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[web.Request], Any] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(
            {
                "method": request.method,
                "target": request.raw_path,
                "authorization": request.headers.get("Authorization"),
                "body": json.loads(body) if body else None,
            }
        )
        if self.answer is not None:
            answered = self.answer(request)
            return await answered if asyncio.iscoroutine(answered) else answered
        return self._route(request, body)

    def _route(self, request: web.Request, body: str) -> web.Response:
        match request.method, request.path.split("/")[1:]:
            case "GET", ["orders", order_id] if order_id == "9999":
                return web.json_response(
                    {"title": "Not found", "detail": f"There is no order {order_id}."}, status=404
                )
            case "GET", ["orders", order_id]:
                return web.json_response(
                    {
                        "order_id": order_id,
                        "customer_id": "u_7",
                        "status": "shipped",
                        "tracking": "PX-100042",
                        "note": None,
                    }
                )
            case "GET", ["orders"]:
                wanted = request.query.get("customer_id")
                orders = [{"order_id": str(n), "customer_id": wanted} for n in range(400)]
                return web.json_response({"orders": orders})
            case "POST", ["orders", order_id, "refunds"]:
                self.refunds.append({"order_id": order_id, **json.loads(body)})
                return web.json_response({"refund_id": f"r{len(self.refunds)}"}, status=201)
            case "DELETE", ["orders", _]:
                return web.Response(status=204)
        return web.json_response({"detail": "no such route"}, status=404)


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "security": [{"Token": []}],
    "components": {"securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/orders/{order_id}": {
            "parameters": [
                {
                    "name": "order_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "pattern": "^[0-9]+$"},
                }
            ],
            "get": {"operationId": "getOrder", "summary": "Show one order", "tags": ["orders"]},
            "delete": {"operationId": "deleteOrder", "summary": "Delete an order"},
        },
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "summary": "List the orders of a customer",
                "parameters": [
                    {"name": "customer_id", "in": "query", "schema": {"type": "string"}},
                    {"name": "status", "in": "query", "schema": {"enum": ["open", "shipped"]}},
                ],
            }
        },
        "/orders/{order_id}/refunds": {
            "post": {
                "operationId": "refundOrder",
                "summary": "Refund money of an order",
                "parameters": [
                    {
                        "name": "order_id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "pattern": "^[0-9]+$"},
                    }
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["amount"],
                                "properties": {
                                    "amount": {"type": "number", "exclusiveMinimum": 0},
                                    "reason": {"enum": ["damaged", "late"]},
                                },
                            }
                        }
                    },
                },
            }
        },
    },
}


@asynccontextmanager
async def running_shop() -> AsyncIterator[Shop]:
    """Serve the shop on loopback."""
    state = Shop()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", state.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield state
    finally:
        await runner.cleanup()
