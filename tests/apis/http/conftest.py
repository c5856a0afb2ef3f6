"""A raw socket that hears what an operation sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from apis.http.wire import Exchange, Heard, heard
from dragoman.apis.http.prepare import prepare
from dragoman.apis.http.send import send
from dragoman.clock import Deadline, SystemClock
from dragoman.network import Network
from dragoman.operation import Contract, Credential, JsonObject, Operation
from network.raw_server import Server, answer, answering

NOTHING = Credential()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """Send an operation to a raw socket and return what came out of it."""
    server = Server(answering(answer(b"{}", "Content-Type: application/json")))
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with Network() as network:

        async def call(
            operation: Operation, arguments: JsonObject, credential: Credential = NOTHING
        ) -> Heard:
            contract = operation.contract
            binding = replace(contract.binding, server=server.url("").rstrip("/"))
            moved = Contract(contract.input_schema, contract.security, binding)
            await send(
                prepare(replace(operation, read=lambda: moved), arguments),
                credential,
                Deadline.after(5, SystemClock()),
                network=network,
                reach=server.reach,
                max_bytes=10_000,
            )
            return heard(server.requests[-1])

        yield call
    listener.close()
    for task in list(server.tasks):
        task.cancel()
    await asyncio.gather(*server.tasks, return_exceptions=True)
