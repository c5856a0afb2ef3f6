"""What did not fit is kept under a handle, and read on in: by whoever called, and nobody else.

Rows 32 of the table of bad input are here: a result of 5 MB, and a million rows.
"""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, NotFoundError, Outcome, Status
from dragoman.audit import results as kept_results
from dragoman.audit.privacy import forget_user, sweep
from dragoman.call import results, shape
from dragoman.exact_json import encode
from dragoman.operation import JsonValue
from moved_clock import MovedClock
from small_shop import TOKEN, Shop

ORDERS = [{"order_id": str(n), "status": "shipped"} for n in range(1_214)]
BUDGET = 2_000


def answering(shop: Shop, value: object, **more: Any) -> None:
    shop.answer = lambda _: web.json_response(value, **more)


async def listed(d: Dragoman, **who: Any) -> Outcome:
    outcome = await d.call("shop.listOrders", {"customer_id": "u_7"}, budget=BUDGET, **who)
    assert outcome.ok, outcome.problem
    return outcome


async def all_parts(d: Dragoman, first: Outcome, path: str, start: int, **who: Any) -> list[Any]:
    """Read on until the end, as a model does, and return the parts."""
    parts, at = [], start
    while at is not None:
        part = await d.read_result(first.handle, path=path, start=at, budget=BUDGET, **who)
        assert part.ok, part.problem
        assert len(encode(part.data)) <= BUDGET
        parts.append(part.data)
        at = part.next
    return parts


async def stored(d: Dragoman) -> list[dict[str, Any]]:
    sql = "SELECT id, caller, user_id, call_id, operation, items FROM result_log ORDER BY id"
    return [dict(row) for row in await d.parts.store.read(sql, {})]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("dragoman.db*"))


async def test_the_note_says_how_to_go_on_and_the_parts_are_the_whole(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS, "as_of": "2026-11-24"})
    d = await dragoman()
    first = await listed(d)
    shown = len(first.data["orders"])
    assert first.handle.startswith("result:")
    assert len(first.handle) == 29
    assert (first.total, first.data["as_of"]) == (1_214, "2026-11-24")
    assert first.note == (
        f"Left out for size: orders: {shown} of 1,214 items are shown. "
        f'The rest: read_result(handle="{first.handle}", path="orders", from={shown}). '
        "Or narrow the request by its arguments: customer_id, status."
    )
    rest = await all_parts(d, first, "orders", shown)
    assert first.data["orders"] + [order for part in rest for order in part] == ORDERS
    assert len(shop.requests) == 1


async def test_a_part_says_what_it_is_and_whose_data(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman()
    first = await listed(d)
    part = await d.read_result(first.handle, path="orders", start=1_200, count=10)
    assert (part.operation, part.source, part.status) == ("shop.listOrders", "shop", Status.OK)
    assert (part.data, part.total, part.next) == (ORDERS[1_200:1_210], 1_214, 1_210)
    assert part.note == (
        "Items 1,200 to 1,209 of 1,214 in orders. "
        f'The rest: read_result(handle="{first.handle}", path="orders", from=1210).'
    )
    last = await d.read_result(first.handle, path="orders", start=1_210)
    assert (last.data, last.next) == (ORDERS[1_210:], None)
    assert last.note == "Items 1,210 to 1,213 of 1,214 in orders."
    one = await d.read_result(first.handle, path="orders[7].status")
    assert (one.data, one.total) == ("shipped", None)


async def test_text_and_members_are_read_on_in_too(dragoman, shop) -> None:
    text = " ".join(f"word{n} „quoted“ \\ 東京" for n in range(600))
    answering(shop, {"ticket.v1": {"body": text}, "by": {f"k{n}": n for n in range(900)}})
    d = await dragoman()
    first = await listed(d)
    parts = await all_parts(d, first, "ticket.v1.body", 0)
    assert "".join(part.removesuffix("…") for part in parts) == text
    members = [
        await d.read_result(first.handle, path="by", start=n, count=300) for n in (0, 300, 600)
    ]
    assert {k: v for part in members for k, v in part.data.items()} == {
        f"k{n}": n for n in range(900)
    }
    assert members[2].note == "Members 600 to 899 of 900 in by."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "order"}, "There is no 'order' in this result. It has: orders."),
        ({"path": "orders[9999]"}, "There is no 'orders[9999]' in this result. "),
        ({"path": "orders", "start": 5_000}, "orders ends at 1,214: there is nothing from 5,000"),
        ({"path": "orders", "start": -1}, "'from' has to be a whole number from 0"),
        ({"path": "orders", "count": 0}, "'count' has to be a whole number from 1"),
        ({"path": "orders", "budget": 3}, "3 bytes are too few for any of orders."),
    ],
)
async def test_what_cannot_be_read_is_told_with_what_would_have_worked(
    dragoman, shop, given: dict[str, Any], said: str
) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman()
    outcome = await d.read_result((await listed(d)).handle, **given)
    assert outcome.status is Status.FAILED
    assert outcome.problem is not None
    assert f"{outcome.problem.detail} {outcome.problem.hint}".startswith(said)


async def test_nothing_is_kept_that_is_shown_whole(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman()
    whole = await d.call("shop.listOrders")
    small = await d.call("shop.listOrders", budget=1_000_000)
    assert (whole.handle, small.handle, small.note) == ("", "", "")
    assert await stored(d) == []


async def test_where_nothing_may_be_kept_the_request_is_to_be_narrowed(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman(top={"privacy": {"bodies": "nothing"}})
    outcome = await listed(d)
    assert outcome.handle == ""
    assert outcome.note.endswith("shown. Narrow the request by its arguments: customer_id, status.")
    assert await stored(d) == []


async def test_only_the_same_caller_and_end_user_read_it(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    bots = {name: {"scopes": ["shop:read"], "acts_for": "any"} for name in ("ana", "bot")}
    d = await dragoman(top={"callers": bots})
    handle = (await listed(d, caller="bot", user="u_7")).handle
    others = [
        {"caller": "bot"},
        {"caller": "bot", "user": "u_8"},
        {"caller": "ana", "user": "u_7"},
        {"user": "u_7"},
        {},
    ]
    refused = [await d.read_result(handle, **who) for who in others]
    never = await d.read_result("result:2222222222222222222222", caller="bot", user="u_7")
    said = {
        (one.problem.code, one.problem.detail.replace(h, "…"), one.problem.hint)
        for one, h in [*((one, handle) for one in refused), (never, "result:" + "2" * 22)]
    }
    assert len(said) == 1
    assert (await d.read_result(handle, path="orders", caller="bot", user="u_7")).ok


async def test_a_right_that_was_taken_away_and_a_pause_count_for_the_rest(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman(top={"callers": {"bot": {"scopes": ["shop:read"]}}})
    handle = (await listed(d, caller="bot")).handle
    narrower = await dragoman(top={"callers": {"bot": {"scopes": ["shop.getOrder"]}}})
    refused = await narrower.read_result(handle, path="orders", caller="bot")
    assert refused.problem.code == "refused"
    await d.parts.pauses.begin("api:shop", by="owner", reason="Being moved.")
    paused = await d.read_result(handle, path="orders", caller="bot")
    assert "paused" in paused.problem.detail


async def test_another_worker_reads_on_and_after_an_hour_nobody(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    clock = MovedClock()
    d, other = await dragoman(clock=clock), await dragoman(clock=clock)
    handle = (await listed(d)).handle
    clock.later = timedelta(minutes=59)
    assert (await other.read_result(handle, path="orders", start=1_213)).data == ORDERS[1_213:]
    clock.later = timedelta(minutes=61)
    over = await other.read_result(handle, path="orders")
    assert over.problem.code == "not-found"
    assert over.problem.hint.endswith("Make the call again.")
    await d.parts.store.write(lambda s: sweep(s, d.parts.audit._privacy, clock))
    assert await stored(d) == []


async def test_it_is_sealed_in_the_store_and_gone_with_its_user(
    dragoman, shop, tmp_path: Path
) -> None:
    answering(shop, {"orders": [{"note": f"confidential {n}"} for n in range(400)]})
    d = await dragoman()
    first = await listed(d, user="u_7")
    (row,) = await stored(d)
    assert (row["id"], row["user_id"], row["operation"]) == (
        first.handle,
        "u_7",
        "shop.listOrders",
    )
    assert b"confidential" not in bytes_of(tmp_path)
    await d.parts.store.write(lambda s: forget_user(s, "u_7"))
    assert await stored(d) == []


async def test_a_row_cannot_stand_in_for_that_of_another(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman()
    mine, theirs = await listed(d), await listed(d, user="u_8")
    swap = (
        "UPDATE result_log SET sealed = (SELECT sealed FROM result_log WHERE id = :b) WHERE id = :a"
    )
    await d.parts.store.write(lambda s: s.run(swap, {"a": mine.handle, "b": theirs.handle}))
    outcome = await d.read_result(mine.handle)
    assert "cannot be opened" in outcome.problem.detail


async def test_the_oldest_of_a_user_make_room_and_others_keep_theirs(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(shop, {"orders": ORDERS})
    monkeypatch.setattr(kept_results, "MOST", 3)
    d = await dragoman()
    others = (await listed(d, user="u_8")).handle
    mine = [(await listed(d, user="u_7")).handle for _ in range(5)]
    assert {row["id"] for row in await stored(d)} == {others, *mine[2:]}
    size = (await d.parts.store.read("SELECT max(bytes) AS n FROM result_log", {}))[0]["n"]
    monkeypatch.setattr(kept_results, "MOST_BYTES", size * 2 + 10)
    last = (await listed(d, user="u_9")).handle
    assert {row["id"] for row in await stored(d)} == {mine[4], last}


async def test_a_caller_of_many_users_does_not_take_the_room_of_the_others(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(shop, {"orders": ORDERS})
    bot = {"scopes": ["shop:read"], "acts_for": "any"}
    d = await dragoman(top={"callers": {"bot": bot, "other": bot}})
    others = (await listed(d, caller="other", user="u_1")).handle
    size = (await stored_bytes(d))[0]
    monkeypatch.setattr(kept_results, "MOST_BYTES", size * 6)
    monkeypatch.setattr(kept_results, "MOST_BYTES_EACH", size * 2 + 50)
    greedy = [(await listed(d, caller="bot", user=f"u_{n}")).handle for n in range(9)]
    assert {row["id"] for row in await stored(d)} == {others, *greedy[-2:]}


async def stored_bytes(d: Dragoman) -> list[int]:
    return [row["bytes"] for row in await d.parts.store.read("SELECT bytes FROM result_log", {})]


async def test_what_is_larger_than_is_kept_is_cut_all_the_same(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(shop, {"orders": ORDERS})
    monkeypatch.setattr(kept_results, "MAX_BYTES", 10_000)
    outcome = await listed(await dragoman())
    assert (outcome.handle, outcome.total) == ("", 1_214)
    assert "Narrow the request" in outcome.note


async def test_a_store_that_fails_costs_the_rest_and_not_the_answer(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(shop, {"orders": ORDERS})
    d = await dragoman()
    monkeypatch.setattr(kept_results, "_INSERT", "INSERT INTO no_such_table VALUES (1)")
    outcome = await listed(d)
    assert (outcome.status, outcome.handle, outcome.total) == (Status.OK, "", 1_214)


async def test_what_is_kept_was_shaped_hidden_and_redacted(dragoman, shop) -> None:
    rows = [
        {"id": n, "owner": "u_7" if n % 2 else "u_8", "card": "4111", "key": TOKEN}
        for n in range(900)
    ]
    answering(shop, rows)
    rules = {"owner": "result.owner == caller.user", "select": "[].{id: id, key: key, card: card}"}
    d = await dragoman(operations={"listOrders": rules}, hide=["**.card"])
    first = await listed(d, user="u_7")
    parts = await all_parts(d, first, "", len(first.data), user="u_7")
    seen = first.data + [row for part in parts for row in part]
    assert seen == [{"id": n, "key": "[SHOP_TOKEN]"} for n in range(900) if n % 2]


async def test_a_limit_in_tokens_cuts_what_the_bytes_allow(dragoman, shop) -> None:
    answering(shop, {"orders": ORDERS})
    top = {"assistant": {"result_tokens": 100}}
    few = await listed(await dragoman(top=top))
    many = await listed(await dragoman())
    assert 0 < len(few.data["orders"]) < len(many.data["orders"])
    assert few.handle


# Files


async def test_a_file_is_a_reference_for_a_model_and_bytes_for_a_program(dragoman, shop) -> None:
    pdf = b"%PDF-1.7\n" + bytes(range(256)) * 400
    named = {
        "Content-Disposition": "attachment; filename=x; filename*=UTF-8''..%2Fr%C3%A9sum%C3%A9.pdf"
    }
    shop.answer = lambda _: web.Response(body=pdf, content_type="application/pdf", headers=named)
    d = await dragoman()
    outcome = await listed(d)
    assert outcome.data == {
        "file": outcome.handle,
        "media_type": "application/pdf",
        "name": "résumé.pdf",
        "bytes": len(pdf),
    }
    assert await d.read_file(outcome.handle) == pdf
    again = await d.read_result(outcome.handle, budget=BUDGET)
    assert again.data == outcome.data
    with pytest.raises(NotFoundError):
        await d.read_file(outcome.handle, user="u_8")
    large = await d.call("shop.listOrders")  # more than is given as base64
    assert await d.read_file(large.handle) == pdf


async def test_a_small_file_is_base64_for_a_program_and_never_for_a_model(dragoman, shop) -> None:
    shop.answer = lambda _: web.Response(body=b"\x89PNG\r\n", content_type="image/png")
    d = await dragoman()
    assert (await d.call("shop.listOrders")).data["base64"] == "iVBORw0K"
    assert "base64" not in (await listed(d)).data


async def test_a_file_that_may_not_be_kept_is_told_of(dragoman, shop) -> None:
    shop.answer = lambda _: web.Response(body=b"\x89PNG\r\n", content_type="image/png")
    d = await dragoman(top={"privacy": {"bodies": "nothing"}})
    outcome = await listed(d)
    assert outcome.data == {"media_type": "image/png", "bytes": 6}
    assert outcome.note == "The file itself could not be kept."


async def test_a_file_within_json_is_read_as_bytes(dragoman, shop) -> None:
    answering(shop, {"invoice": {"pdf": "QUJD" * 5_000}, "text": "so " * 100})
    d = await dragoman()
    outcome = await listed(d)
    assert await d.read_file(outcome.handle, path="invoice.pdf") == b"ABC" * 5_000
    with pytest.raises(Exception, match=r"There is no file at 'text'"):
        await d.read_file(outcome.handle, path="text")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="invoice 7.pdf"', "invoice 7.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ('attachment; filename=".bashrc"', "bashrc"),
        ("attachment; filename*=UTF-8''a%0d%0ab%00%e2%80%aec.txt", "abc.txt"),
        ("attachment; filename*=nonsense''abc", "abc"),
        ("inline", ""),
        (f'attachment; filename="{"x" * 500}"', "x" * 100),
    ],
)
async def test_the_name_of_a_file_is_a_name_and_nothing_else(
    dragoman, shop, header: str, name: str
) -> None:
    shop.answer = lambda _: web.Response(
        body=b"\x00", content_type="image/png", headers={"Content-Disposition": header}
    )
    assert (await listed(await dragoman())).data.get("name", "") == name


# Row 32


async def _bounded(d: Dragoman, value: JsonValue, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Call for a large answer; what shapes, seals and opens it is in threads of its own."""
    threads: dict[str, threading.Thread] = {}

    def watched(room: Any, name: str) -> None:
        original = getattr(room, name)

        def watch(*given: Any, **more: Any) -> Any:
            threads[name] = threading.current_thread()
            return original(*given, **more)

        monkeypatch.setattr(room, name, watch)

    for room, name in [(shape, "trim"), (shape, "read_answer"), (results, "decode")]:
        watched(room, name)
    for name in ("_sealed", "_opened"):
        watched(kept_results, name)
    outcome = await d.call("shop.listOrders", budget=16_000, timeout=120)
    assert outcome.ok, outcome.problem
    assert len(json.dumps(outcome.data)) < 40_000
    assert len(encode(outcome.data)) <= 16_000
    part = await d.read_result(outcome.handle, path=_path(value), start=4_000, budget=16_000)
    assert part.ok, part.problem
    assert len(encode(part.data)) <= 16_000
    assert threads.keys() == {"trim", "read_answer", "decode", "_sealed", "_opened"}
    assert threading.main_thread() not in threads.values()
    return part


def _path(value: JsonValue) -> str:
    return "" if isinstance(value, list) else "rows"


async def test_row_32_a_result_of_5_mb_is_bounded_valid_and_goes_on_by_its_handle(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": n, "text": f"row {n} " + "lorem ipsum " * 20} for n in range(20_000)]
    value = {"rows": rows, "count": len(rows)}
    body = encode(value)
    assert len(body) > 5_000_000
    shop.answer = lambda _: web.Response(body=body, content_type="application/json")
    part = await _bounded(await dragoman(), value, monkeypatch)
    assert part.data == rows[4_000 : 4_000 + len(part.data)]
    assert part.total == 20_000


async def test_row_32_a_million_rows_are_bounded_valid_and_go_on_by_their_handle(
    dragoman, shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = list(range(1_000_000))
    body = encode(value)
    shop.answer = lambda _: web.Response(body=body, content_type="application/json")
    part = await _bounded(await dragoman(), value, monkeypatch)
    assert part.data == value[4_000 : 4_000 + len(part.data)]
    assert (part.total, part.next) == (1_000_000, 4_000 + len(part.data))
