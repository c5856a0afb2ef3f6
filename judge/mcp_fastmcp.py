"""The demo's scene by FastMCP's client, run by the Python of its own environment.

`python -P mcp_fastmcp.py MODE COMMAND …` speaks to the server that the command starts, and prints
what came of it as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport

__all__: list[str] = []

ORDERS = {"auto": ("1042", "1021", "1022", "1023"), "legacy": ("1042", "1024", "1025", "1027")}


async def scene(mode: str, command: list[str]) -> dict[str, object]:
    """List, read, and refund three orders: with a yes, with a no, and without anybody to ask."""
    read, *refunds = ORDERS[mode]
    questions: list[str] = []

    async def person(message: str, *_: object) -> ElicitResult[dict[str, bool]]:
        questions.append(message)
        return ElicitResult(action="accept", content={"approve": refunds[0] in message})

    def client(handler: object) -> Client[StdioTransport]:
        transport = StdioTransport(command[0], command[1:], keep_alive=False)
        return Client(transport, elicitation_handler=handler, mode=mode)

    async def refund(to: Client[StdioTransport], order: str) -> object:
        arguments = {"order_id": order, "part": "shipping"}
        result = await to.call_tool("shop__refundOrder", arguments, raise_on_error=False)
        return result.structured_content["status"]

    found: dict[str, object] = {}
    async with client(person) as asking:
        found["tools"] = len(await asking.list_tools())
        result = await asking.call_tool("shop__getOrder", {"order_id": read})
        found["read"] = result.structured_content["data"]["order_id"] == read
        wrong = await asking.call_tool("shop__getOrder", {"order_id": "#"}, raise_on_error=False)
        found["wrong"] = [wrong.is_error, wrong.structured_content["status"]]
        found["yes"] = await refund(asking, refunds[0])
        found["no"] = await refund(asking, refunds[1])
        found["questions"] = len(questions)
    async with client(None) as silent:
        found["nobody"] = await refund(silent, refunds[2])
    return found


print(json.dumps(asyncio.run(scene(sys.argv[1], sys.argv[2:]))))
