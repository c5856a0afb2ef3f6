"""Spans, as a collector on loopback gets them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from collector import Collector, Opener, collector
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dragoman import Dragoman
from scripted_openai import Refused, Reply
from small_shop import TOKEN, Shop

GET = ("shop__getOrder", {"order_id": "1042"})


async def test_a_question_is_one_trace_by_the_genai_conventions(
    opened: Opener, sink: Collector, shop: Shop
) -> None:
    script = [Reply(calls=[GET]), Reply("It is shipped.")]
    d: Dragoman = await opened({"otlp": sink.url}, script)
    answer = await d.ask("Where is order 1042?", caller="bot")
    await d.aclose()
    asked = sink.named("invoke_agent dragoman")
    tool = sink.named("execute_tool shop__getOrder")
    first, second = [span for span in sink.spans if span.name == "chat gpt-5.4-mini"]
    sent = sink.named("GET")
    assert {span.parent for span in (first, second, tool)} == {asked.id}
    assert sent.parent == tool.id
    assert len({span.trace for span in sink.spans}) == 1
    assert [span.kind for span in (asked, first, tool, sent)] == [
        "internal", "client", "internal", "client",
    ]  # fmt: skip
    assert not any(span.is_error for span in sink.spans)
    assert first.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "127.0.0.1",
        "gen_ai.request.model": "gpt-5.4-mini",
        "gen_ai.response.model": "gpt-5.4-mini",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.reasoning.output_tokens": 8,
        "gen_ai.conversation.id": answer.id,
        "openai.api.type": "chat_completions",
        "server.address": "127.0.0.1",
        "server.port": first.attributes["server.port"],
    }
    assert tool.attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "shop__getOrder",
        "gen_ai.tool.type": "extension",
        "gen_ai.tool.call.id": tool.attributes["gen_ai.tool.call.id"],
        "dragoman.call.id": answer.calls[0].id,
        "dragoman.caller": "bot",
        "dragoman.door": "python",
        "dragoman.status": "ok",
    }
    assert tool.attributes["gen_ai.tool.call.id"] != answer.calls[0].id  # it is the model's own
    assert sent.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": sent.attributes["server.port"],
    }


async def test_durations_and_tokens_are_measured_in_the_buckets_of_the_conventions(
    opened: Opener, sink: Collector
) -> None:
    d: Dragoman = await opened({"otlp": sink.url}, [Reply(calls=[GET]), Reply("It is shipped.")])
    await d.ask("Where is order 1042?")
    await d.aclose()
    (duration,) = sink.metrics["gen_ai.client.operation.duration"]
    assert duration.count == 2
    assert list(duration.explicit_bounds)[:3] == [0.01, 0.02, 0.04]
    assert list(duration.explicit_bounds)[-1] == 81.92
    used = {
        next(a.value.string_value for a in point.attributes if a.key == "gen_ai.token.type"): point
        for point in sink.metrics["gen_ai.client.token.usage"]
    }
    assert (used["input"].sum, used["output"].sum) == (200, 40)
    assert list(used["input"].explicit_bounds)[-1] == 67_108_864
    (tool,) = sink.metrics["gen_ai.execute_tool.duration"]
    (agent,) = sink.metrics["gen_ai.invoke_agent.duration"]
    assert (tool.count, agent.count) == (1, 1)


async def test_a_failed_call_says_so_by_kind_and_status_alone(
    opened: Opener, sink: Collector, shop: Shop
) -> None:
    d: Dragoman = await opened({"otlp": sink.url})
    await d.call("shop.getOrder", {"order_id": "9999"})
    await d.aclose()
    tool, sent = sink.named("execute_tool shop.getOrder"), sink.named("GET")
    assert tool.is_error
    assert tool.attributes["error.type"] == "api"
    assert tool.attributes["dragoman.fault"] == "arguments"
    assert sent.is_error
    assert sent.attributes["error.type"] == "404"
    assert sent.attributes["http.response.status_code"] == 404


async def test_a_model_that_fails_is_an_error_without_its_words(
    opened: Opener, sink: Collector
) -> None:
    script = [Refused(400, message="The words of the server")]
    d: Dragoman = await opened({"otlp": sink.url}, script)
    answer = await d.ask("What do you know?")
    await d.aclose()
    assert answer.problem is not None
    assert "The words of the server" in answer.problem.detail
    assert sink.named("chat gpt-5.4-mini").attributes["error.type"] == "model"
    assert sink.named("invoke_agent dragoman").attributes["error.type"] == "model"
    assert b"The words of the server" not in sink.raw


async def test_nothing_that_was_asked_sent_or_answered_is_in_a_span(
    opened: Opener, sink: Collector
) -> None:
    d: Dragoman = await opened({"otlp": sink.url}, [Reply(calls=[GET]), Reply("It is shipped.")])
    await d.ask("Where is order 1042, please?", user="u_7")
    await d.call("shop.listOrders", {"customer_id": "c_argument"})
    await d.aclose()
    content = (
        b"1042",
        b"please",
        b"It is shipped",
        b"PX-100042",
        b"c_argument",
        b"/orders",
        b"u_7",
    )
    assert [one for one in content if one in sink.raw] == []


async def test_an_api_is_sent_no_trace_context(opened: Opener, sink: Collector, shop: Shop) -> None:
    headers: list[str] = []

    def answer(request: Any) -> Any:
        headers.extend(name.lower() for name in request.headers)
        return shop._route(request, "")

    shop.answer = answer
    d: Dragoman = await opened({"otlp": sink.url})
    outcome = await d.call("shop.getOrder", {"order_id": "1042"})
    assert outcome.ok
    assert "traceparent" not in headers


async def test_headers_of_the_collector_are_secrets_resolved_with_the_first_call(
    opened: Opener, sink: Collector
) -> None:
    told = {"otlp": sink.url, "headers": {"X-Key": "${COLLECTOR_KEY}"}}
    d: Dragoman = await opened(told, environ={"COLLECTOR_KEY": "collector-key-1"})
    await d.call("shop.getOrder", {"order_id": "1042"})
    await d.aclose()
    assert {headers["x-key"] for headers in sink.headers} == {"collector-key-1"}


async def test_a_redirect_takes_neither_spans_nor_the_key_elsewhere(
    opened: Opener, sink: Collector
) -> None:
    async with collector() as elsewhere:
        sink.moved_to = elsewhere.url
        told = {"otlp": sink.url, "headers": {"X-Key": "${COLLECTOR_KEY}"}}
        d: Dragoman = await opened(told, environ={"COLLECTOR_KEY": "collector-key-1"})
        assert (await d.call("shop.getOrder", {"order_id": "1042"})).ok
        await d.aclose()
        assert elsewhere.headers == []


async def test_a_collector_whose_key_is_missing_keeps_no_call_from_its_end(
    opened: Opener, sink: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    d: Dragoman = await opened({"otlp": sink.url, "headers": {"X-Key": "${COLLECTOR_KEY}"}})
    assert (await d.call("shop.getOrder", {"order_id": "1042"})).ok
    await d.aclose()
    assert "COLLECTOR_KEY" in caplog.text
    assert sink.raw == b""


async def test_a_collector_is_found_by_the_variable_of_opentelemetry_too(
    opened: Opener, sink: Collector
) -> None:
    d: Dragoman = await opened(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url})
    await d.call("shop.getOrder", {"order_id": "1042"})
    await d.aclose()
    assert sink.named("execute_tool shop.getOrder").attributes["dragoman.status"] == "ok"


async def test_without_the_extra_the_log_says_what_is_missing(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "dragoman.telemetry.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    d: Dragoman = await opened({"otlp": "http://127.0.0.1:9"})
    assert (await d.call("shop.getOrder", {"order_id": "1042"})).ok
    assert "pip install 'dragoman[otel]'" in caplog.text


async def test_a_sample_of_nothing_sends_no_span(opened: Opener, sink: Collector) -> None:
    d: Dragoman = await opened({"otlp": sink.url, "sample": 0})
    await d.call("shop.getOrder", {"order_id": "1042"})
    await d.aclose()
    assert sink.spans == []


async def test_a_collector_that_hangs_holds_neither_a_call_nor_the_end(
    opened: Opener, sink: Collector
) -> None:
    hanging = asyncio.Event()
    sink.answer = hanging.wait
    d: Dragoman = await opened({"otlp": sink.url})
    outcome = await asyncio.wait_for(d.call("shop.getOrder", {"order_id": "1042"}), 10)
    assert outcome.ok
    await asyncio.wait_for(d.aclose(), 30)
    assert sink.spans == []
    hanging.set()


async def test_without_a_collector_the_tracer_of_the_program_around_us_is_used(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)  # it can be set only once a process
    d: Dragoman = await opened()
    with trace.get_tracer("app").start_as_current_span("of the app"):
        await d.call("shop.getOrder", {"order_id": "1042"})
    sent, tool, outer = kept.get_finished_spans()
    assert [sent.name, tool.name, outer.name] == ["GET", "execute_tool shop.getOrder", "of the app"]
    assert tool.parent is not None
    assert outer.context is not None
    assert tool.parent.span_id == outer.context.span_id


async def test_with_neither_no_span_is_made(opened: Opener) -> None:
    d: Dragoman = await opened()
    assert (await d.call("shop.getOrder", {"order_id": "1042"})).ok
    assert d.parts.telemetry._spans is None


async def test_a_span_of_the_mcp_sdk_is_not_told_a_second_time(
    opened: Opener, sink: Collector
) -> None:
    d: Dragoman = await opened({"otlp": sink.url})
    await d.parts.telemetry.start()
    tracer = trace.get_tracer("mcp", tracer_provider=d.parts.telemetry._exporting.tracers)
    with tracer.start_as_current_span("tools/call shop__getOrder", kind=trace.SpanKind.SERVER):
        await d.call("shop.getOrder", {"order_id": "1042"}, door="mcp")
    await d.aclose()
    served = sink.named("tools/call shop__getOrder")
    assert served.attributes["dragoman.status"] == "ok"
    assert sink.named("GET").parent == served.id
    assert len(sink.spans) == 2


async def test_spans_of_other_libraries_leave_without_our_secrets_too(
    opened: Opener, sink: Collector
) -> None:
    d: Dragoman = await opened({"otlp": sink.url})
    await d.call("shop.getOrder", {"order_id": "1042"})
    exporting = d.parts.telemetry._exporting
    assert exporting is not None
    tracer = trace.get_tracer("another", tracer_provider=exporting.tracers)
    with tracer.start_as_current_span(f"with {TOKEN}", attributes={"key": TOKEN}) as span:
        span.record_exception(ValueError(TOKEN))
        span.set_status(trace.StatusCode.ERROR, TOKEN)
    await d.aclose()
    assert sink.named("with [SHOP_TOKEN]").attributes == {"key": "[SHOP_TOKEN]"}
    assert TOKEN.encode() not in sink.raw
