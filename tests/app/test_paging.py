"""`pages:` fetches the pages of a list one after another, each as a call of its own, in bounds.

The API is a real server that pages as the vendors do; no address that it names is ever followed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from dragoman import Dragoman, Outcome, Status
from dragoman.call import next_page
from moved_clock import MovedClock
from small_shop import Shop

ROWS = [{"id": n, "owner": "u_7" if n % 2 else "u_8"} for n in range(25)]
SIZE = 10
INTEGER = {"type": "integer", "required": False}
TEXT = {"type": "string", "required": False}

Pager = Callable[[web.Request], web.Response]


def cut(start: int) -> list[Any]:
    return ROWS[start : start + SIZE]


def number(request: web.Request, name: str, usual: int) -> int:
    return int(request.query.get(name, usual))


def by_link(request: web.Request) -> web.Response:
    page = number(request, "page", 1)
    links = [f'<{request.url.with_query(page=1)}>; rel="first"']
    if page < 3:
        links.append(f'<{request.url.with_query(page=page + 1, kind="x")}>; rel="next last"')
    return web.json_response(cut((page - 1) * SIZE), headers={"Link": ", ".join(links)})


def by_link_in_the_answer(request: web.Request) -> web.Response:
    start = number(request, "skip", 0)
    more = {"@odata.nextLink": f"?skip={start + SIZE}"} if start + SIZE < 25 else {}
    return web.json_response({"value": cut(start), **more})


def by_cursor(request: web.Request) -> web.Response:
    start = int(request.query.get("cursor", "c0")[1:])
    more = f"c{start + SIZE}" if start + SIZE < 25 else None
    return web.json_response({"data": cut(start), "meta": {"next_cursor": more}})


def by_page_token(request: web.Request) -> web.Response:
    start = int(request.query.get("pageToken", "t0")[1:])
    more = {"nextPageToken": f"t{start + SIZE}"} if start + SIZE < 25 else {}
    return web.json_response({"items": cut(start), **more})


def by_last_id(request: web.Request) -> web.Response:
    start = number(request, "starting_after", -1) + 1
    return web.json_response({"data": cut(start), "has_more": start + SIZE < 25})


def by_offset(request: web.Request) -> web.Response:
    return web.json_response({"results": cut(number(request, "offset", 0)), "total": 25})


def by_offset_in_silence(request: web.Request) -> web.Response:
    return web.json_response(cut(number(request, "offset", 0)))


def by_page(request: web.Request) -> web.Response:
    return web.json_response({"rows": cut((number(request, "page", 1) - 1) * SIZE)})


def by_page_from_nought(request: web.Request) -> web.Response:
    return web.json_response({"content": cut(number(request, "page", 0) * SIZE)})


PAGERS: dict[str, tuple[Pager, dict[str, Any], list[str]]] = {
    "Link of RFC 8288": (by_link, {"page": INTEGER, "kind": TEXT}, ["", "page=2", "page=3"]),
    "a link in the answer": (by_link_in_the_answer, {"skip": INTEGER}, ["", "skip=10", "skip=20"]),
    "a cursor": (by_cursor, {"cursor": TEXT}, ["", "cursor=c10", "cursor=c20"]),
    "a page token": (by_page_token, {"pageToken": TEXT}, ["", "pageToken=t10", "pageToken=t20"]),
    "the id of the last item": (
        by_last_id,
        {"starting_after": INTEGER, "limit": INTEGER},
        ["", "starting_after=9", "starting_after=19"],
    ),
    "an offset": (by_offset, {"offset": INTEGER}, ["", "offset=10", "offset=20"]),
    "an offset in silence": (
        by_offset_in_silence,
        {"offset": INTEGER},
        ["", "offset=10", "offset=20"],
    ),
    "a page": (by_page, {"page": INTEGER}, ["", "page=2", "page=3"]),
    "a page from nought": (
        by_page_from_nought,
        {"page": {**INTEGER, "default": 0}},
        ["", "page=1", "page=2"],
    ),
}


@pytest.fixture
def opened(dragoman: Any, shop: Shop) -> Callable[..., Any]:
    """Open Dragoman over a list of the shop that is written by hand."""

    async def open_list(
        pager: Callable[[web.Request], Any],
        query: dict[str, Any],
        pages: Any = 5,
        clock: Any = None,
        top: dict[str, Any] | None = None,
        **rules: Any,
    ) -> Dragoman:
        shop.answer = pager
        listed = {"get": "/things", "query": query, "pages": pages, **rules}
        api = {"http": shop.url, "operations": {"list": {k: v for k, v in listed.items() if v}}}
        return await dragoman(top={**(top or {}), "apis": {"a": api}}, clock=clock)

    return open_list


def queries(shop: Shop) -> list[str]:
    return [request["target"].partition("?")[2] for request in shop.requests]


def ids(outcome: Outcome) -> list[int]:
    data = outcome.data
    if isinstance(data, dict):
        (data,) = (one for one in data.values() if isinstance(one, list))
    return [row["id"] for row in data]


@pytest.mark.parametrize("name", PAGERS)
async def test_pages_are_fetched_and_come_as_one_list(opened, shop, name: str) -> None:
    pager, query, asked = PAGERS[name]
    d = await opened(pager, query)
    outcome = await d.call("a.list")
    assert outcome.ok, outcome.problem
    assert ids(outcome) == list(range(25))
    assert (outcome.total, outcome.note) == (25, "3 pages were fetched, which are all.")
    assert [query.replace("&kind=x", "") for query in queries(shop)] == asked


@pytest.mark.parametrize("name", PAGERS)
async def test_one_page_is_fetched_where_the_owner_asks_for_no_more(
    opened, shop, name: str
) -> None:
    pager, query, _ = PAGERS[name]
    outcome = await (await opened(pager, query, pages=None)).call("a.list")
    assert (ids(outcome), outcome.note) == (list(range(10)), "")
    assert len(shop.requests) == 1


async def test_other_arguments_stay_as_they_were(opened, shop) -> None:
    d = await opened(by_cursor, {"cursor": TEXT, "kind": TEXT})
    await d.call("a.list", {"kind": "red"})
    assert queries(shop) == ["kind=red", "cursor=c10&kind=red", "cursor=c20&kind=red"]


async def test_the_owner_names_what_cannot_be_recognised(opened, shop) -> None:
    def odd(request: web.Request) -> web.Response:
        start = int(request.query.get("wo", "0"))
        weiter = {"hier": str(start + SIZE)} if start + SIZE < 25 else {}
        return web.json_response({"a": [], "dinge": {"alle": cut(start)}, "weiter": weiter})

    pages = {
        "most": 9,
        "by": "cursor",
        "items": "dinge.alle",
        "next": "weiter.hier",
        "argument": "wo",
    }
    outcome = await (await opened(odd, {"wo": TEXT}, pages=pages)).call("a.list")
    assert [row["id"] for row in outcome.data["dinge"]["alle"]] == list(range(25))
    assert queries(shop) == ["", "wo=10", "wo=20"]


async def test_the_record_has_each_attempt(opened, shop) -> None:
    d = await opened(by_cursor, {"cursor": TEXT})
    outcome = await d.call("a.list")
    assert len(outcome.record["attempts"]) == 3


# Bounds


async def test_it_ends_where_the_owner_says_and_tells_so(opened, shop) -> None:
    outcome = await (await opened(by_offset, {"offset": INTEGER}, pages=2)).call("a.list")
    assert ids(outcome) == list(range(20))
    assert outcome.note.startswith("2 pages were fetched, and there may be more: pages: {most: 2}")


async def test_a_cursor_that_comes_again_ends_it(opened, shop) -> None:
    def again(request: web.Request) -> web.Response:
        start = 0 if "cursor" not in request.query else 10
        return web.json_response({"data": cut(start), "next_cursor": "always this"})

    outcome = await (await opened(again, {"cursor": TEXT}, pages=50)).call("a.list")
    assert (len(shop.requests), ids(outcome)) == (2, list(range(20)))
    assert outcome.note.endswith("the API names a page again that was fetched.")


async def test_an_api_that_gives_the_same_page_for_ever_ends_it(opened, shop) -> None:
    d = await opened(lambda _: web.json_response(cut(0)), {"page": INTEGER}, pages=50)
    outcome = await d.call("a.list")
    assert (len(shop.requests), ids(outcome)) == (2, list(range(10)))
    assert outcome.note == "One page was fetched: the API gave the same page again."


async def test_bytes_are_bounded_over_all_pages(opened, shop) -> None:
    size = len(by_offset_in_silence_body())
    d = await opened(
        by_offset_in_silence, {"offset": INTEGER}, limits={"max_bytes": size * 2 + size // 2}
    )
    outcome = await d.call("a.list")
    assert ids(outcome) == list(range(20))


def by_offset_in_silence_body() -> bytes:
    body = web.json_response(cut(0)).body
    assert isinstance(body, bytes)
    return body


async def test_the_deadline_of_the_call_holds_for_all_pages(opened, shop) -> None:
    clock = MovedClock()

    def slow(request: web.Request) -> web.Response:
        if "offset" in request.query:
            clock.on += 100  # the time is over when the second page has come
        return by_offset(request)

    clock.on = 0.0
    clock.monotonic = lambda: clock.on
    d = await opened(slow, {"offset": INTEGER}, clock=clock)
    outcome = await d.call("a.list", timeout=60)
    assert outcome.status is Status.OK
    assert ids(outcome) == list(range(20))
    assert "and there may be more: the next one failed" in outcome.note
    assert len(shop.requests) == 2


async def test_a_page_that_fails_costs_only_itself(opened, shop) -> None:
    def failing(request: web.Request) -> web.Response:
        return (
            web.Response(status=404) if request.query.get("offset") == "20" else by_offset(request)
        )

    outcome = await (await opened(failing, {"offset": INTEGER})).call("a.list")
    assert (outcome.status, ids(outcome)) == (Status.OK, list(range(20)))
    assert "2 pages were fetched, and there may be more: the next one failed: 404" in outcome.note


async def test_an_api_that_says_nothing_of_pages_is_told_of(opened, shop) -> None:
    outcome = await (await opened(lambda _: web.json_response(cut(0)), {"kind": TEXT})).call(
        "a.list"
    )
    assert (ids(outcome), len(shop.requests)) == (list(range(10)), 1)
    assert outcome.note.startswith("One page was fetched: nothing says how another is asked for")


async def test_what_is_no_list_is_given_as_it_is(opened, shop) -> None:
    outcome = await (await opened(lambda _: web.json_response({"n": 1}), {"page": INTEGER})).call(
        "a.list"
    )
    assert (outcome.data, outcome.note, len(shop.requests)) == ({"n": 1}, "", 1)


# What an API names


@pytest.mark.parametrize(
    "link",
    [
        "<http://127.0.0.1:1/things?page=2>",
        "<http://169.254.169.254/latest/meta-data?page=2>",
        "<//evil.example/things?page=2>",
        "<file:///etc/passwd?page=2>",
        "<http://user:secret@{host}/things?page=2>",
    ],
)
async def test_a_link_to_elsewhere_is_not_followed(opened, shop, link: str) -> None:
    def hostile(request: web.Request) -> web.Response:
        headers = {"Link": f'{link.format(host=request.host)}; rel="next"'}
        return web.json_response(cut(0), headers=headers)

    d = await opened(hostile, {"page": INTEGER}, pages={"by": "link"})
    outcome = await d.call("a.list")
    assert (ids(outcome), len(shop.requests)) == (list(range(10)), 1)


async def test_of_a_link_nothing_is_used_but_arguments_that_are_declared(opened, shop) -> None:
    def sly(request: web.Request) -> web.Response:
        if "page" in request.query:
            return web.json_response(cut(20))
        target = "/things?page=2&admin=true&customer=u_8&kind=blue"
        return web.json_response(cut(0), headers={"Link": f"<{target}>; rel=next"})

    query = {"page": INTEGER, "customer": TEXT, "kind": TEXT}
    d = await opened(sly, query, fill={"customer": "caller.user"})
    await d.call("a.list", {"kind": "red"}, user="u_7")
    assert sorted(queries(shop)[1].split("&")) == ["customer=u_7", "kind=blue", "page=2"]


async def test_a_link_to_another_path_gives_the_place_and_no_more(opened, shop) -> None:
    def renamed(request: web.Request) -> web.Response:  # as GitHub names a repository by number
        if "page" in request.query:
            return web.json_response(cut(20))
        target = "/repositories/7/things?page=3&kind=blue"
        return web.json_response(cut(0), headers={"Link": f"<{target}>; rel=next"})

    d = await opened(renamed, {"page": INTEGER, "kind": TEXT})
    await d.call("a.list", {"kind": "red"})
    assert [r["target"].partition("?")[0] for r in shop.requests] == ["/things", "/things"]
    assert sorted(queries(shop)[1].split("&")) == ["kind=red", "page=3"]


async def test_a_cursor_is_validated_like_any_argument(opened, shop) -> None:
    def hostile(_: web.Request) -> web.Response:
        return web.json_response({"data": cut(0), "next_cursor": "../../admin"})

    d = await opened(hostile, {"cursor": {**TEXT, "pattern": "^[a-z0-9]+$"}})
    outcome = await d.call("a.list")
    assert (outcome.status, len(shop.requests)) == (Status.OK, 1)
    assert "cursor must match ^[a-z0-9]+$" in outcome.note


# The owner's other rules


async def test_owner_hide_and_select_see_the_whole_list(opened, shop) -> None:
    rules = {"owner": "result.owner == caller.user", "hide": ["**.owner"], "select": "[-1]"}
    d = await opened(by_offset_in_silence, {"offset": INTEGER}, **rules)
    outcome = await d.call("a.list", user="u_7")
    assert outcome.data == {"id": 23}


async def test_rates_count_each_page(opened, shop) -> None:
    d = await opened(by_offset, {"offset": INTEGER}, limits={"rate": "2/hour"})
    outcome = await d.call("a.list", timeout=1)
    assert ids(outcome) == list(range(20))
    assert len(shop.requests) == 2


@pytest.mark.parametrize("rules", [{"require_approval": "always"}, {"effect": "write"}])
async def test_what_a_person_allows_or_changes_something_is_asked_once(
    opened, shop, rules: dict[str, Any]
) -> None:
    d = await opened(by_offset, {"offset": INTEGER}, **rules)
    waiting = await d.call("a.list")
    await d.approve(waiting.approval)
    outcome = await d.resume(waiting.id)
    assert (outcome.status, ids(outcome)) == (Status.OK, list(range(10)))
    assert len(shop.requests) == 1


async def test_each_page_may_come_from_the_cache(opened, shop) -> None:
    clock = MovedClock()
    d = await opened(by_offset, {"offset": INTEGER}, clock=clock, cache="1m")
    for later, asked in [(0, 3), (30, 3), (90, 6)]:
        clock.later = timedelta(seconds=later)
        assert ids(await d.call("a.list")) == list(range(25))
        assert len(shop.requests) == asked


async def test_a_budget_cuts_the_merged_list_and_its_handle_has_the_rest(opened, shop) -> None:
    d = await opened(by_offset, {"offset": INTEGER})
    outcome = await d.call("a.list", budget=300)
    assert outcome.total == 25
    assert outcome.note.startswith("3 pages were fetched, which are all. Left out for size: ")
    shown = len(outcome.data["results"])
    rest = await d.read_result(outcome.handle, path="results", start=shown)
    assert [row["id"] for row in rest.data] == list(range(25))[shown:]


async def test_each_page_has_to_belong_to_the_end_user(opened, shop) -> None:
    def mixed(request: web.Request) -> web.Response:
        start = number(request, "offset", 0)
        whose = {0: "u_7", 10: "u_8", 20: "u_7"}[start]
        return web.json_response({"of": whose, "data": cut(start)})

    d = await opened(mixed, {"offset": INTEGER}, owner="result.of == caller.user")
    outcome = await d.call("a.list", user="u_7")
    assert ids(outcome) == list(range(10))
    assert outcome.note.startswith("One page was fetched: the next one failed")
    shop.requests.clear()
    assert (await d.call("a.list", user="u_8")).problem.code == "not-found"
    assert len(shop.requests) == 1
    # The last page is theirs, and the one before it is not.
    assert (await d.call("a.list", {"offset": 10}, user="u_7")).problem.code == "not-found"


async def test_an_answer_of_a_million_members_does_not_hold_the_loop(opened, monkeypatch) -> None:
    compared: list[str] = []
    plain = next_page._plain
    monkeypatch.setattr(next_page, "_plain", lambda name: compared.append(name) or plain(name))
    body = {"data": cut(0), **{f"k{n}": 1 for n in range(100_000)}}
    d = await opened(lambda _: web.json_response(body), {"cursor": TEXT, "page": INTEGER})
    assert (await d.call("a.list")).ok
    assert len(compared) < 50_000


async def test_a_page_that_cannot_be_read_is_not_quoted(opened, shop) -> None:
    def odd(request: web.Request) -> web.Response:
        if "offset" not in request.query:
            return web.json_response({"data": cut(0)})
        return web.Response(text='{"card": "4111111111111111"', content_type="application/json")

    d = await opened(odd, {"offset": INTEGER}, hide=["**.card"])
    first, second = await d.call("a.list"), await d.call("a.list", {"offset": 10})
    assert first.note == (
        "One page was fetched: the next one failed: "
        "The answer is no JSON that can be read, and says that it is."
    )
    assert second.problem is not None
    assert "4111" not in second.problem.detail


async def test_a_link_does_not_change_what_an_owner_rule_has_judged(dragoman, shop) -> None:
    """The API makes its link of what it was asked, as it is: the caller asks for more in it."""

    def echoing(request: web.Request) -> web.Response:
        of, kind, page = request.query["of"], request.query.get("kind"), number(request, "page", 1)
        if request.path == "/customers":
            return web.json_response({"user": of})
        link = f"</things?kind={kind}&of={of}&page={page + 1}>; rel=next"
        return web.json_response([{"of": of, "page": page}], headers={"Link": link})

    shop.answer = echoing
    owner = {"read": "customer", "with": {"of": "args.of"}, "where": "result.user == caller.user"}
    operations = {
        "customer": {"get": "/customers", "query": {"of": TEXT}},
        "list": {
            "get": "/things",
            "query": {"of": TEXT, "kind": TEXT, "page": INTEGER},
            "pages": 3,
            "owner": owner,
        },
    }
    d = await dragoman(top={"apis": {"a": {"http": shop.url, "operations": operations}}})
    asked = {"of": "u_7", "kind": "x&of=u_8&page=2#"}
    outcome = await d.call("a.list", asked, user="u_7")
    assert {row["of"] for row in outcome.data} == {"u_7"}
    outcome = await d.call("a.list", {"of": "u_7", "kind": "x", "page": 1}, user="u_7")
    assert [row["page"] for row in outcome.data] == [1, 2, 3]


async def test_a_cursor_of_megabytes_is_none(opened, shop) -> None:
    body = {"data": cut(0), "next_cursor": "c" * 1_000_000}
    d = await opened(lambda _: web.json_response(body), {"cursor": TEXT})
    outcome = await d.call("a.list")
    assert outcome.note.startswith("One page was fetched: nothing says how another is asked for")
    assert len(shop.requests) == 1
