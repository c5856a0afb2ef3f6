"""What every secret store on the network has in common: kept for a minute, used when it is down."""

from __future__ import annotations

import asyncio
import threading

import pytest
from moved_seconds import MovedSeconds

from dragoman.errors import CredentialError
from dragoman.secrets.remote import Content, Held, RemoteStore, StoreFaultError


class Scripted:
    """A store that holds what a test puts into it, and counts how often it is asked."""

    def __init__(self, content: Content | None = "value-0001") -> None:
        self.content = content
        self.fault = ""
        self.asked: list[str] = []
        self.seconds: float | None = None
        self.threads: set[int] = set()

    def __call__(self, name: str) -> Held | None:
        self.asked.append(name)
        self.threads.add(threading.get_ident())
        if self.fault:
            raise StoreFaultError(self.fault)
        return None if self.content is None else Held(self.content, self.seconds)


@pytest.fixture
def clock() -> MovedSeconds:
    return MovedSeconds()


async def test_a_value_is_asked_for_once_a_minute_and_a_rotation_is_seen_then(
    clock: MovedSeconds,
) -> None:
    fetch = Scripted("first-value")
    store = RemoteStore("aws", fetch, clock)
    assert await store.read("shop") == "first-value"
    fetch.content = "second-value"
    clock.passed += 59
    assert await store.read("shop") == "first-value"
    clock.passed += 2
    assert await store.read("shop") == "second-value"
    assert fetch.asked == ["shop", "shop"]


async def test_what_was_refused_is_asked_for_anew_at_once(clock: MovedSeconds) -> None:
    fetch = Scripted("first-value")
    store = RemoteStore("aws", fetch, clock)
    await store.read("shop#")
    fetch.content = "second-value"
    store.forget("shop")
    store.forget("never-read")
    assert await store.read("shop") == "second-value"


async def test_fifty_reads_at_once_ask_once_and_not_in_the_event_loop(clock: MovedSeconds) -> None:
    fetch = Scripted('{"a": "value-a", "b": 12, "c": {"d": true}}')
    store = RemoteStore("aws", fetch, clock)
    read = await asyncio.gather(*(store.read(f"shop#{key}") for key in "abc" * 17))
    assert set(read) == {"value-a", "12", '{"d": true}'}
    assert len(fetch.asked) == 1
    assert threading.get_ident() not in fetch.threads


async def test_the_last_value_serves_for_an_hour_while_the_store_is_down(
    clock: MovedSeconds,
) -> None:
    fetch = Scripted()
    store = RemoteStore("vault", fetch, clock)
    await store.read("shop")
    fetch.fault = "Vault does not answer"
    clock.passed += 61
    assert await store.read("shop") == "value-0001"
    assert await store.read("shop") == "value-0001"
    assert len(fetch.asked) == 2, "a store that is down is not asked by every call"
    clock.passed += 3600
    with pytest.raises(CredentialError, match="vault:shop cannot be read: Vault does not answer"):
        await store.read("shop")


async def test_a_store_that_is_down_at_the_start_is_an_error_and_asked_again(
    clock: MovedSeconds,
) -> None:
    fetch = Scripted()
    fetch.fault = "AWS says InternalServiceError"
    store = RemoteStore("aws", fetch, clock)
    with pytest.raises(CredentialError, match="InternalServiceError"):
        await store.read("shop")
    fetch.fault = ""
    assert await store.read("shop") == "value-0001"


async def test_what_was_removed_from_the_store_is_gone(clock: MovedSeconds) -> None:
    fetch = Scripted()
    store = RemoteStore("aws", fetch, clock)
    await store.read("shop")
    fetch.content = None
    clock.passed += 61
    assert await store.read("shop") is None


async def test_the_time_of_a_lease_is_how_long_it_is_used(clock: MovedSeconds) -> None:
    fetch = Scripted()
    fetch.seconds = 10.0
    store = RemoteStore("vault", fetch, clock)
    await store.read("shop")
    clock.passed += 11
    await store.read("shop")
    assert len(fetch.asked) == 2


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        ({"user": "u", "token": "canary-01"}, "shop", "${aws:shop#user}, ${aws:shop#token}"),
        ({"token": "canary-01"}, "shop#tokn", "aws:shop has no 'tokn'"),
        ("canary-01", "shop#key", "is no JSON object. Leave out the key: ${aws:shop}"),
        ('{"token": "canary-01"', "shop#token", "is no JSON object"),
        ("[" * 100_000, "shop#token", "is no JSON object"),
        ("c" * 70_000, "shop", "larger than 64 KiB"),
    ],
)
async def test_what_cannot_be_picked_out_says_what_can_and_never_a_value(
    clock: MovedSeconds, content: Content, name: str, told: str
) -> None:
    with pytest.raises(CredentialError) as refused:
        await RemoteStore("aws", Scripted(content), clock).read(name)
    assert told in str(refused.value)
    assert "canary" not in str(refused.value)


async def test_the_only_value_of_a_secret_needs_no_key(clock: MovedSeconds) -> None:
    assert await RemoteStore("vault", Scripted({"token": "value-9"}), clock).read("a") == "value-9"
