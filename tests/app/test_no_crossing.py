"""Nobody is ever given a kept answer that another caller, end user or credential fetched.

Every body is stamped by the API with the number of its request and the token it was shown, and
every answer says that everybody may keep it for an hour: what keeps them apart is ours alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragoman import Dragoman
from moved_clock import MovedClock
from small_shop import Shop, running_shop

HOUR = {"Cache-Control": "public, max-age=3600", "ETag": '"same-for-all"'}
SAID = [HOUR, {"ETag": '"same-for-all"'}, {"Cache-Control": "max-age=10"}, {}]

OPERATIONS = {
    "track": {
        "get": "/parcels/{id}",
        "path": {"id": "string"},
        "header": {"X-Language": "string"},
    },
    "move": {"post": "/parcels"},
}
CALLERS = {
    "ana": {"scopes": ["post"], "acts_for": "any", "accounts": {"post": "work"}},
    "bob": {"scopes": ["post"], "acts_for": "any", "accounts": {"post": "work"}},
    "eve": {"scopes": ["post"], "acts_for": "any", "accounts": {"post": "home"}},
}
PEOPLE = [
    ("owner", None),
    ("owner", "u_1"),
    ("ana", None),
    ("ana", ""),
    ("ana", "u_1"),
    ("ana", "u_2"),
    ("bob", "u_1"),
    ("eve", "u_1"),
]


def stamp_of(shown: str) -> str:
    """Return what stands for a token in a body, where the token itself would be redacted."""
    return sha256(shown.encode()).hexdigest()


@dataclass
class Post:
    """The API, the files in which its two accounts are kept, and who is being served just now."""

    shop: Shop
    folder: Path
    clock: MovedClock = field(default_factory=MovedClock)
    says: dict[str, str] = field(default_factory=lambda: HOUR)
    served: list[tuple[str, str | None]] = field(default_factory=list)
    asking: tuple[str, str | None] = ("owner", None)
    becomes: str = ""

    def answer(self, request: web.Request) -> web.Response:
        shown = request.headers["Authorization"]
        if self.becomes not in shown and "home" not in shown:
            self.change(self.becomes)  # under a call that is out: it is refused, and sent again
            self.becomes = ""
            return web.json_response({}, status=401)
        self.served.append(self.asking)
        if "If-None-Match" in request.headers:
            return web.Response(status=304, headers=self.says)
        body = {"n": len(self.served), "shown": stamp_of(shown)}
        return web.json_response(body, headers=self.says)

    def change(self, value: str) -> None:
        (self.folder / "work").write_text(value)

    def shown_to(self, caller: str) -> str:
        account = CALLERS[caller]["accounts"]["post"] if caller in CALLERS else "work"  # type: ignore[index]
        return stamp_of(f"Bearer {(self.folder / account).read_text()}")

    async def read(self, d: Dragoman, who: tuple[str, str | None], **more: Any) -> Any:
        """Return what somebody is answered; nobody but them may have fetched it, and as now."""
        self.asking = who
        caller, user = who
        arguments = {"id": "7", "X-Language": "en", **more}
        outcome = await d.call("post.track", arguments, caller=caller, user=user)
        assert outcome.ok, outcome.problem
        stamp: Any = outcome.data
        assert self.served[stamp["n"] - 1] == who
        assert stamp["shown"] == self.shown_to(caller)
        return stamp["n"]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Dragoman, Post]]:
    async with running_shop() as shop:
        post = Post(shop, folder)
        shop.answer = post.answer
        post.change("token-of-work-1")
        (folder / "home").write_text("token-of-home-1")
        accounts = {name: {"bearer": f"${{file:{folder / name}}}"} for name in ("work", "home")}
        api = {
            "http": shop.url,
            "accounts": accounts,
            "operations": OPERATIONS,
            "require_approval": "never",
        }
        config = {
            "version": 1,
            "store": f"sqlite:///{folder}/dragoman.db",
            "apis": {"post": api},
            "callers": CALLERS,
        }
        async with Dragoman(config, clock=post.clock, environ={}) as d:
            yield d, post


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Dragoman, Post]]:
    async with opened(tmp_path) as both:
        yield both


Two = tuple[Dragoman, Post]


@pytest.mark.parametrize("other", [who for who in PEOPLE if who != ("ana", "u_1")], ids=str)
async def test_the_same_address_for_somebody_else(two: Two, other: tuple[str, str | None]) -> None:
    d, post = two
    assert await post.read(d, ("ana", "u_1")) == 1
    assert await post.read(d, other) == 2
    assert await post.read(d, ("ana", "u_1")) == 1


async def test_the_same_caller_with_another_account(two: Two, tmp_path: Path) -> None:
    d, post = two
    assert await post.read(d, ("eve", "u_1")) == 1
    (tmp_path / "home").write_text((tmp_path / "work").read_text())
    assert await post.read(d, ("eve", "u_1")) == 2


async def test_after_the_key_was_changed(two: Two) -> None:
    d, post = two
    assert await post.read(d, ("ana", "u_1")) == 1
    post.change("token-of-somebody-else")
    assert await post.read(d, ("ana", "u_1")) == 2
    post.change("token-of-work-1")
    assert await post.read(d, ("ana", "u_1")) == 3


async def test_a_mark_of_the_old_key_is_not_shown_with_the_new_one(two: Two) -> None:
    """Whose answer has the same ETag is told 304, and would be given the other's body."""
    d, post = two
    post.says = {"ETag": '"same-for-all"'}
    assert await post.read(d, ("ana", "u_1")) == 1
    post.change("token-of-somebody-else")
    assert await post.read(d, ("ana", "u_1")) == 2


async def test_the_key_is_changed_under_a_call_that_is_out(two: Two) -> None:
    d, post = two
    post.becomes = "token-of-somebody-else"
    assert await post.read(d, ("ana", "u_1")) == 1
    assert await post.read(d, ("ana", "u_1")) == 1
    post.change("token-of-work-1")
    assert await post.read(d, ("ana", "u_1")) == 2


async def test_the_key_is_changed_under_the_question_whether_it_holds(two: Two) -> None:
    d, post = two
    post.says = {"ETag": '"same-for-all"'}
    assert await post.read(d, ("ana", "u_1")) == 1
    post.becomes = "token-of-somebody-else"
    assert await post.read(d, ("ana", "u_1")) == 3


async def test_a_header_of_the_request_differs(two: Two) -> None:
    d, post = two
    for _ in range(2):
        for n, language in enumerate(["en", "de", "fr"], 1):
            assert await post.read(d, ("ana", "u_1"), **{"X-Language": language}) == n


READS = st.tuples(st.just("read"), st.sampled_from(PEOPLE))
STEPS = st.one_of(
    READS,
    READS,
    READS,
    st.tuples(st.just("write"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("change"), st.sampled_from(["token-a-of-work", "token-b-of-work"])),
    st.tuples(st.just("becomes"), st.sampled_from(["token-a-of-work", "token-b-of-work"])),
    st.tuples(st.just("later"), st.integers(-20, 20)),
    st.tuples(st.just("says"), st.sampled_from(SAID)),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_no_body_ever_crosses(steps: list[tuple[str, Any]]) -> None:
    async def run(folder: Path) -> None:
        since = 1
        async with opened(folder) as (d, post):
            for what, value in steps:
                if what == "read":
                    assert await post.read(d, value) >= since
                elif what == "write":
                    post.asking = value
                    caller, user = value
                    assert (await d.call("post.move", caller=caller, user=user)).ok
                    since = len(post.served) + 1
                elif what == "change":
                    post.change(value)
                elif what == "later":
                    post.clock.later += timedelta(seconds=value)
                else:
                    setattr(post, what, value)

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
