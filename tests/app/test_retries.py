"""Sending again, through the whole path: where it is safe, within the deadline and a budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from dragoman.operation import Attempt, Outcome
from slept_clock import SleptClock
from small_shop import Shop

ORDER = {"order_id": "1042"}
REFUND = {**ORDER, "amount": 5}
WRITES: dict[str, Any] = {"require_approval": "never"}
KEYED: dict[str, Any] = {**WRITES, "idempotency": {"header": "Idempotency-Key"}}


@pytest.fixture
def clock() -> SleptClock:
    return SleptClock()


class Said:
    """What a shop says to one request after another: a status, or `lost` for no answer."""

    def __init__(self, shop: Shop, *said: int | str, then: int | str = 200) -> None:
        self.left = list(said)
        self.then = then
        self.heard: list[web.Request] = []
        shop.answer = self.answer

    def answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(request)
        status = self.left.pop(0) if self.left else self.then
        if not isinstance(status, int):
            assert request.transport is not None
            request.transport.abort()
            status = 500
        return web.json_response({"order_id": "1042"}, status=status)


async def attempts(d: Dragoman, outcome: Outcome) -> tuple[Attempt, ...]:
    return (await d.parts.audit.get_call(outcome.id)).attempts


async def ends(d: Dragoman, outcome: Outcome) -> list[str]:
    return [attempt.ended for attempt in await attempts(d, outcome)]


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter, asyncio.Server], Awaitable[None]]


@asynccontextmanager
async def listening(script: Script) -> AsyncIterator[str]:
    """A server of bytes: the script hears one connection, and may close the whole server."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer, server)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_write_that_may_have_arrived_stays_unknown_when_later_nothing_could_be_sent(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    async def once(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: asyncio.Server
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()  # it is gone before it has answered

    async with listening(once) as url:
        d: Dragoman = await dragoman(clock=clock, base_url=url, **KEYED)
        outcome = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert await ends(d, outcome) == ["network"] * 3
    assert outcome.status is Status.UNKNOWN
    assert "An earlier attempt of shop.refundOrder may have been carried out" in str(
        outcome.problem
    )
    assert "refused the connection" in str(outcome.problem)


async def test_a_read_is_sent_again_after_pauses_that_are_recorded(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    Said(shop, 503, "lost")
    d: Dragoman = await dragoman(clock=clock)
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.ok
    first, second, third = await attempts(d, outcome)
    assert [one.ended for one in (first, second, third)] == ["503", "network", "200"]
    assert first.waited == 0
    assert 0 < second.waited <= 0.1
    assert 0 < third.waited <= 0.2
    assert first.connect is not None
    assert third.first_byte is not None


@pytest.mark.parametrize("retries", [0, 1, 4])
async def test_the_owner_says_how_often(
    shop: Shop, dragoman: Any, clock: SleptClock, retries: int
) -> None:
    api = Said(shop, then=502)
    d: Dragoman = await dragoman(clock=clock, limits={"retries": retries})
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem is not None
    assert outcome.problem.code == "api"
    assert len(api.heard) == 1 + retries


@pytest.mark.parametrize("end", [408, 500, 502, 503, 504, "lost"])
async def test_row_20_a_write_that_may_have_arrived_is_not_sent_again(
    shop: Shop, dragoman: Any, clock: SleptClock, end: int | str
) -> None:
    api = Said(shop, end)
    d: Dragoman = await dragoman(clock=clock, **WRITES)
    outcome = await d.call("shop.refundOrder", REFUND)
    assert len(api.heard) == 1
    assert outcome.status is (Status.FAILED if end == 408 else Status.UNKNOWN)


@pytest.mark.parametrize("end", [503, 504, "lost"])
async def test_with_a_key_it_is_under_the_same_one(
    shop: Shop, dragoman: Any, clock: SleptClock, end: int | str
) -> None:
    api = Said(shop, end)
    d: Dragoman = await dragoman(clock=clock, **KEYED)
    assert (await d.call("shop.refundOrder", REFUND)).ok
    first, second = (request.headers["Idempotency-Key"] for request in api.heard)
    assert first == second


async def test_a_write_that_was_refused_for_its_rate_is_sent_again(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    api = Said(shop, 429)
    d: Dragoman = await dragoman(clock=clock, **WRITES)
    assert (await d.call("shop.refundOrder", REFUND)).ok
    assert len(api.heard) == 2


async def test_a_write_that_could_not_be_sent_is_tried_again_and_then_failed(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    d: Dragoman = await dragoman(clock=clock, base_url="http://127.0.0.1:9", **WRITES)
    outcome = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert outcome.status is Status.FAILED
    assert await ends(d, outcome) == ["network"] * 3


async def test_a_post_that_the_owner_calls_a_read_is_sent_again(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    api = Said(shop, 503)
    d: Dragoman = await dragoman(clock=clock, operations={"refundOrder": {"effect": "read"}})
    assert (await d.call("shop.refundOrder", REFUND)).ok
    assert len(api.heard) == 2


@pytest.mark.parametrize(
    ("operation", "then"),
    [("refundOrder", 409), ("refundOrder", 401), ("deleteOrder", 404), ("deleteOrder", 429)],
)
async def test_a_refusal_after_a_lost_answer_does_not_say_that_it_did_not_happen(
    shop: Shop, dragoman: Any, clock: SleptClock, operation: str, then: int
) -> None:
    Said(shop, "lost", then=then)
    d: Dragoman = await dragoman(clock=clock, **KEYED)
    arguments = REFUND if operation == "refundOrder" else ORDER
    outcome = await d.call(f"shop.{operation}", arguments, idempotency_key="k")
    assert outcome.status is Status.UNKNOWN
    assert str(then) in str(outcome.problem)


@pytest.mark.parametrize("then", [404, 429, 401])
async def test_nor_does_the_refusal_of_a_later_call_that_sends_the_same_again(
    shop: Shop, dragoman: Any, clock: SleptClock, then: int
) -> None:
    api = Said(shop, "lost", then=then)
    d: Dragoman = await dragoman(clock=clock, limits={"retries": 0}, **WRITES)
    for sent in (1, 2, 3):
        outcome = await d.call("shop.deleteOrder", ORDER, idempotency_key="k")
        assert outcome.status is Status.UNKNOWN
        assert len(api.heard) == sent
    assert [claim.operation for claim in await d.unknown()] == ["shop.deleteOrder"]
    api.then = 204
    assert (await d.call("shop.deleteOrder", ORDER, idempotency_key="k")).ok
    assert await d.unknown() == []


async def test_a_key_counts_from_the_call_that_showed_it_first(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    api = Said(shop, "lost", 503, then=201)
    keyed = {**WRITES, "idempotency": {"header": "Idempotency-Key", "keep": "60s"}}
    d: Dragoman = await dragoman(clock=clock, limits={"retries": 1}, **keyed)

    def forgotten_by_then(request: web.Request) -> web.StreamResponse:
        clock.move(20)
        return Said.answer(api, request)

    shop.answer = forgotten_by_then
    api.left = ["lost", "lost", "lost"]
    for sent, status in ((2, Status.UNKNOWN), (3, Status.UNKNOWN), (3, Status.UNKNOWN)):
        outcome = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
        assert (outcome.status, len(api.heard)) == (status, sent)


async def test_a_read_is_told_what_the_last_answer_says(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    Said(shop, "lost", 404)
    d: Dragoman = await dragoman(clock=clock)
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem is not None
    assert "404" in outcome.problem.detail


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 501])
async def test_an_error_that_will_not_pass_is_told_at_once(
    shop: Shop, dragoman: Any, clock: SleptClock, status: int
) -> None:
    api = Said(shop, status)
    d: Dragoman = await dragoman(clock=clock)
    assert not (await d.call("shop.getOrder", ORDER)).ok
    assert len(api.heard) == 1
    assert clock.slept == []


async def test_row_20_nobody_sleeps_past_the_deadline(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    shop.answer = lambda _: web.json_response({}, status=503, headers={"Retry-After": "3600"})
    d: Dragoman = await dragoman(clock=clock)
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.retry_after) == ("api", 3600)
    assert clock.slept == []
    assert len(shop.requests) == 1


@pytest.mark.parametrize("surroundings", ["alone"], indirect=True)  # Redis has a clock of its own
async def test_what_is_waited_for_ends_with_the_api_s_own_time(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    refusal = web.json_response({}, status=429, headers={"Retry-After": "7"})
    answers = [refusal, web.json_response({"order_id": "1042"})]
    shop.answer = lambda _: answers.pop(0)
    d: Dragoman = await dragoman(clock=clock)
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.ok
    assert [round(one.waited) for one in await attempts(d, outcome)] == [0, 7]


async def test_row_20_a_storm_of_errors_does_not_multiply_the_load(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    heard = 0

    def answer(_: web.Request) -> web.Response:
        nonlocal heard
        heard += 1
        return web.json_response({}, status=503 if heard % 3 == 0 else 200)

    shop.answer = answer
    d: Dragoman = await dragoman(clock=clock)
    for _ in range(200):
        await d.call("shop.getOrder", ORDER)
    # A tenth of the calls, ten saved up, and one for each second, of which few have passed.
    assert 220 < heard <= 230 + clock.passed + 1
    assert clock.passed < 10


async def test_an_answer_that_begins_too_late_is_asked_for_again(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    async def slow_at_first(request: web.Request) -> web.Response:
        if len(shop.requests) == 1:
            await asyncio.sleep(30)
        return web.json_response({"order_id": "1042"})

    shop.answer = slow_at_first
    d: Dragoman = await dragoman(clock=clock, limits={"first_byte": "100ms"})
    outcome = await d.call("shop.getOrder", ORDER)
    assert outcome.ok
    assert await ends(d, outcome) == ["network", "200"]


async def test_a_call_that_is_cancelled_in_an_attempt_has_it_on_record(
    shop: Shop, dragoman: Any, clock: SleptClock
) -> None:
    arrived = asyncio.Event()

    async def never(request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    shop.answer = never
    d: Dragoman = await dragoman(clock=clock)
    noted: list[Attempt] = []
    sending = asyncio.create_task(
        d.parts.path.send(
            (await d.call("shop.getOrder", ORDER, dry_run=True)).prepared,
            d.parts.policy.rules(d.parts.operation("shop.getOrder")),
            _soon(clock),
            attempts=noted,
        )
    )
    await arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [one.ended for one in noted] == ["cancelled"]


def _soon(clock: SleptClock) -> Any:
    from dragoman.clock import Deadline

    return Deadline.after(10, clock)


@pytest.mark.parametrize(
    "said", ["401 200", "503 401 200", "401 503 200", "401 401", "503 401 503"]
)
async def test_after_a_401_another_token_is_tried_once_and_that_is_no_retry(
    shop: Shop, dragoman: Any, clock: SleptClock, said: str
) -> None:
    shown: list[str] = []

    async def accept(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: asyncio.Server
    ) -> None:
        await reader.readuntil(b"client_credentials")
        token = b'{"access_token": "token-number-%d", "token_type": "Bearer"}' % len(shown)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + token)
        await writer.drain()

    def answer(request: web.Request) -> web.Response:
        shown.append(request.headers["Authorization"])
        return web.json_response({}, status=int(said.split()[len(shown) - 1]))

    shop.answer = answer
    async with listening(accept) as url:
        client = {"client_id": "us", "client_secret": "${SECRET}", "token_url": f"{url}/token"}
        d: Dragoman = await dragoman(
            clock=clock,
            auth={"oauth": client},
            limits={"retries": 1},
            environ={"SECRET": "client-secret-4711"},
        )
        outcome = await d.call("shop.getOrder", ORDER)
    assert await ends(d, outcome) == said.split()
    assert outcome.ok is said.endswith("200")
    assert len(set(shown)) == 2
