"""What Prometheus is told of calls and of models."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from collector import Opener
from measured import Measured

from dragoman import Dragoman, Outcome, Status
from dragoman.call.record import Trace
from dragoman.clock import Deadline, SystemClock
from dragoman.config.surroundings import TelemetrySettings
from dragoman.operation import Attempt, Call, Effect, Prepared, Received
from dragoman.telemetry.telemetry import Telemetry
from moved_clock import NOON, MovedClock
from scripted_openai import Refused, Reply
from small_shop import Shop

GET = ("shop__getOrder", {"order_id": "1042"})
ORDER = {"api": "shop", "operation": "shop.getOrder"}
OTHER = {"api": "other", "operation": "other"}


def telemetry() -> Telemetry:
    """One that nobody takes spans of, over two operations and one caller."""

    async def resolve(_template: Any) -> str:
        raise AssertionError("no header is configured")

    names = ("shop.getOrder", "shop.refundOrder")
    clock = MovedClock()
    return Telemetry(TelemetrySettings(), "", resolve, str, clock, names, {"owner", "bot"})


def trace(operation: str = "shop.getOrder", caller: str = "bot", **known: Any) -> Trace:
    """A call that was carried out, but for what a test says of it."""
    call = Call("c1", operation, {}, Deadline.after(9, SystemClock()), "s", caller=caller)
    prepared = Prepared(operation, "shop", "http", Effect.READ, "GET", "http://shop.example/o")
    usual = {
        "attempts": [Attempt(NOON, "200", 0.25)],
        "prepared": prepared,
        "received": Received(200, "application/json", (), b"x" * 40, 0.25),
        "outcome": Outcome("c1", operation, Status.OK),
    }
    return Trace(call, NOON, 0.0, **{**usual, **known})


def seen(watching: Telemetry, one: Trace) -> Measured:
    with watching.call(one):
        pass
    return Measured(watching.exposition())


# Calls


async def test_a_call_is_counted_under_its_operation_caller_door_and_status(opened: Opener) -> None:
    d: Dragoman = await opened()
    await d.call("shop.getOrder", {"order_id": "1042"}, caller="bot")
    told = Measured(d.metrics())
    labels = {**ORDER, "caller": "bot", "door": "python", "status": "ok"}
    assert told("calls_total", **labels) == 1
    assert told("call_seconds_count", **ORDER) == 1


async def test_a_failed_call_is_counted_by_its_kind_and_by_whose_fault_it_is(
    opened: Opener, shop: Shop
) -> None:
    d: Dragoman = await opened()
    await d.call("shop.getOrder", {"order_id": "9999"})
    await d.call("shop.getOrder", {"order_id": "a"})
    await d.call("shop.getOrder", {"order_id": "1"}, caller="nobody")
    told = Measured(d.metrics())
    assert told("errors_total", **ORDER, code="api", fault="arguments") == 1
    assert told("errors_total", **ORDER, code="arguments", fault="arguments") == 1
    assert told("errors_total", **ORDER, code="not-found", fault="arguments") == 1
    assert told.total("calls_total", caller="other", status="failed") == 1
    assert [request["target"] for request in shop.requests] == ["/orders/9999"]


def test_the_time_of_the_api_is_counted_apart_from_that_in_queues() -> None:
    tries = [Attempt(NOON, "503", 1.0), Attempt(NOON, "200", 2.0, waited=0.5)]
    told = seen(telemetry(), trace(attempts=tries, waited=0.125))
    assert told("api_seconds_sum", **ORDER) == 3.0
    assert told("queue_seconds_sum", api="shop") == 0.625
    assert told("attempts_total", api="shop", ended="503") == 1
    assert told("attempts_total", api="shop", ended="200") == 1


def test_bytes_are_those_of_bodies_in_each_direction() -> None:
    prepared = trace().prepared
    assert prepared is not None
    told = seen(telemetry(), trace(prepared=replace(prepared, body=b"12345678")))
    assert told("bytes_total", api="shop", direction="sent") == 8
    assert told("bytes_total", api="shop", direction="received") == 40


@pytest.mark.parametrize("cached", ["fresh", "revalidated"])
def test_a_cached_read_is_counted_as_one(cached: str) -> None:
    told = seen(telemetry(), trace(cached=cached, attempts=[]))
    assert told("cache_total", api="shop", result=cached) == 1
    assert told("api_seconds_count", **ORDER) == 0


def test_a_read_that_was_sent_is_a_miss_and_a_repeated_write_is_not() -> None:
    assert seen(telemetry(), trace())("cache_total", api="shop", result="miss") == 1
    received = trace().received
    assert received is not None
    again = replace(received, repeated_from=NOON - timedelta(minutes=1))
    told = seen(telemetry(), trace(received=again, attempts=[]))
    assert told("cache_total", api="shop", result="repeated") == 1
    assert told("cache_total", api="shop", result="miss") == 0


def test_a_call_that_is_cancelled_is_counted_too() -> None:
    watching = telemetry()
    with pytest.raises(asyncio.CancelledError), watching.call(trace(outcome=None)):
        raise asyncio.CancelledError
    assert Measured(watching.exposition()).total("calls_total", status="cancelled") == 1


def test_a_flood_of_invented_names_makes_no_series_of_its_own() -> None:
    watching = telemetry()
    before = len(seen(watching, trace("nowhere.nothing", "nobody")).samples)
    for number in range(500):
        name = secrets.token_hex(6)
        ended = [Attempt(NOON, str(601 + number % 300), 0.1)]
        with watching.call(trace(f"shop.{name}", caller=name, attempts=ended)):
            pass
    told = Measured(watching.exposition())
    assert told.total("calls_total", **OTHER, caller="other") == 501
    assert told("attempts_total", api="other", ended="other") == 500
    assert len(told.samples) == before + 1  # the status that is none


# Models


async def test_tokens_and_time_of_a_model_are_counted_by_model_and_caller(opened: Opener) -> None:
    d: Dragoman = await opened(script=[Reply(calls=[GET]), Reply("It is shipped.")])
    answer = await d.ask("Where is order 1042?", caller="bot", toolset=None)
    assert answer.ok, answer.problem
    told = Measured(d.metrics())
    by = {"model": "gpt-5.4-mini", "caller": "bot"}
    counted = {
        kind: told("tokens_total", **by, kind=kind)
        for kind in ("input", "cached", "output", "reasoning")
    }
    assert counted == {"input": 200, "cached": 80, "output": 40, "reasoning": 16}
    assert told("model_seconds_count", model="gpt-5.4-mini") == 2
    assert told("call_seconds_count", **ORDER) == 1


async def test_a_turn_is_charged_to_the_operations_that_it_calls(opened: Opener) -> None:
    both = [GET, ("shop__listOrders", {"customer_id": "u_7"})]
    d: Dragoman = await opened(script=[Reply(calls=both), Reply("Both are there.")])
    await d.ask("What of order 1042, and the others?")
    told = Measured(d.metrics())
    assert told("operation_tokens_total", **ORDER) == 60
    assert told.total("operation_tokens_total") == 120


async def test_a_tool_call_that_cannot_be_read_is_counted_as_well(opened: Opener) -> None:
    script = [Reply(calls=[("shop__noSuch", {}), (GET[0], "not json")]), Reply("I am sorry.")]
    d: Dragoman = await opened(script=script)
    await d.ask("Where is order 1042?")
    told = Measured(d.metrics())
    assert told("errors_total", **OTHER, code="not-found", fault="arguments") == 1
    assert told("errors_total", **OTHER, code="arguments", fault="arguments") == 1
    assert told.total("calls_total") == 0


async def test_a_turn_that_fails_is_counted_by_its_kind(opened: Opener) -> None:
    d: Dragoman = await opened(script=[Refused(401, "invalid_api_key")])
    answer = await d.ask("Where is order 1042?")
    assert not answer.ok
    labels = {"model": "gpt-5.4-mini", "code": "credential", "fault": "configuration"}
    assert Measured(d.metrics())("model_errors_total", **labels) == 1


async def test_what_the_provider_says_of_its_limits_is_measured(opened: Opener) -> None:
    headers = {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-tokens": "199213",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    d: Dragoman = await opened(script=[Reply("Hello.", headers=headers)])
    await d.ask("Hello?")
    told = Measured(d.metrics())
    assert told("model_limit_remaining", model="gpt-5.4-mini", kind="requests") == 499
    assert told("model_limit_remaining", model="gpt-5.4-mini", kind="tokens") == 199_213
    assert told("model_limit", model="gpt-5.4-mini", kind="tokens") == 200_000


async def test_embeddings_are_counted(opened: Opener) -> None:
    d: Dragoman = await opened()
    await d.embed(["one text", "another"])
    assert Measured(d.metrics()).total("tokens_total", caller="owner", kind="input") > 0


# The text


async def test_both_forms_of_the_text_say_the_same(opened: Opener) -> None:
    d: Dragoman = await opened()
    await d.call("shop.getOrder", {"order_id": "1042"})
    plain = Measured(d.metrics())
    modern = Measured(d.metrics(openmetrics=True), is_openmetrics=True)
    assert plain.samples == modern.samples
    assert plain.samples
