"""A call over MCP is one trace: the span of the SDK's server, and what the call adds to it."""

from __future__ import annotations

from pathlib import Path

from mcp_client import connected

from telemetry.collector import collector


async def test_the_span_of_the_server_is_that_of_the_call_and_no_second_one(place: Path) -> None:
    async with collector() as sink:
        (place / "traced.yaml").write_text(f"telemetry: {{otlp: '{sink.url}'}}")
        async with connected(place, "-f", str(place / "traced.yaml")) as client:
            result = await client.call_tool("shop__getOrder", {"order_id": "1042"})
        assert not result.is_error
    served = sink.named("tools/call shop__getOrder")
    assert served.kind == "server"
    assert served.attributes["mcp.method.name"] == "tools/call"
    assert served.attributes["dragoman.status"] == "ok"
    assert [span.name for span in sink.spans if span.name.startswith("execute_tool")] == []
    assert sink.named("GET").parent == served.id
