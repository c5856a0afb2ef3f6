"""Keys of callers: shown once, hashed at rest, ending when they should."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dragoman.access.keys import PREFIX, CallerKey, check_key, hash_of, id_of, new_key
from dragoman.audit.caller_keys import CallerKeys
from dragoman.errors import AuthenticationError, NotFoundError
from dragoman.store.store import Store
from moved_clock import NOON, MovedClock


@pytest.fixture
def keys(store: Store, clock: MovedClock) -> CallerKeys:
    async def server_key() -> bytes:
        return b"k" * 32

    return CallerKeys(store, clock, server_key)


async def test_a_key_names_its_caller_and_is_not_in_the_store(
    keys: CallerKeys, store: Store
) -> None:
    kept, key = await keys.create("bot", label="ci")
    assert await keys.caller_of(key) == "bot"
    assert key.startswith(f"{PREFIX}{kept.id}_")
    (row,) = await store.read("SELECT * FROM caller_keys", {})
    secret = key.removeprefix(f"{PREFIX}{kept.id}_")
    assert len(secret) == 43
    assert not [value for value in row.values() if secret in str(value)]
    assert row["hash"] == hash_of(key, b"k" * 32)


async def test_a_key_ends_when_it_expires_or_is_revoked(
    keys: CallerKeys, clock: MovedClock
) -> None:
    kept, key = await keys.create("bot", lifetime=timedelta(days=1))
    clock.later = timedelta(days=1)
    with pytest.raises(AuthenticationError, match=f"{kept.id} of bot has expired"):
        await keys.caller_of(key)
    kept, key = await keys.create("bot")
    assert await keys.caller_of(key) == "bot"
    await keys.revoke(kept.id)
    await keys.revoke(kept.id.lower())
    with pytest.raises(AuthenticationError, match=f"{kept.id} of bot was revoked"):
        await keys.caller_of(key)


async def test_another_process_sees_within_a_second_that_a_key_was_revoked(
    keys: CallerKeys, store: Store
) -> None:
    class Moved(MovedClock):
        def monotonic(self) -> float:
            return self.later.total_seconds()

    async def server_key() -> bytes:
        return b"k" * 32

    clock = Moved()
    other = CallerKeys(store, clock, server_key)
    kept, key = await keys.create("bot")
    assert await other.caller_of(key) == "bot"
    await keys.revoke(kept.id)
    assert await other.caller_of(key) == "bot"
    clock.later = timedelta(seconds=1)
    with pytest.raises(AuthenticationError, match="was revoked"):
        await other.caller_of(key)


async def test_a_rotated_key_lets_in_until_the_overlap_ends(
    keys: CallerKeys, clock: MovedClock
) -> None:
    old, old_key = await keys.create("bot", label="ci", lifetime=timedelta(days=90))
    clock.later = timedelta(days=80)
    new, new_key = await keys.rotate(old.id, overlap=timedelta(hours=24))
    assert (new.caller, new.label) == ("bot", "ci")
    assert new.expires == NOON + timedelta(days=170)
    assert [await keys.caller_of(key) for key in (old_key, new_key)] == ["bot", "bot"]
    clock.later += timedelta(hours=24)
    assert await keys.caller_of(new_key) == "bot"
    with pytest.raises(AuthenticationError):
        await keys.caller_of(old_key)
    with pytest.raises(NotFoundError, match="does not let anyone in"):
        await keys.rotate(old.id, overlap=timedelta(hours=24))


async def test_an_overlap_never_makes_a_key_last_longer(keys: CallerKeys) -> None:
    old, _ = await keys.create("bot", lifetime=timedelta(hours=1))
    await keys.rotate(old.id, overlap=timedelta(days=30))
    assert (await keys.get(old.id)).expires == old.expires


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: "",
        lambda key: "Bearer " + key,
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.replace(key[4:12], "ZZZZZZZZ"),
        lambda key: key.lower(),
        lambda key: key + "\n",
        lambda key: "dgm_" + "é" * 52,
        lambda key: "dgm_" + "\ud800" * 52,
    ],
)
async def test_what_is_not_the_whole_key_lets_nobody_in_and_learns_nothing(
    keys: CallerKeys, spoil
) -> None:
    _, key = await keys.create("bot")
    with pytest.raises(AuthenticationError) as refused:
        await keys.caller_of(spoil(key))
    assert refused.value.detail == "This key is not valid."


async def test_a_key_under_another_server_key_is_none(keys: CallerKeys, clock: MovedClock) -> None:
    kept, key = await keys.create("bot")
    with pytest.raises(AuthenticationError):
        check_key(key, kept, b"x" * 32, clock.now())


async def test_revoked_is_told_only_to_whoever_has_the_key(
    keys: CallerKeys, clock: MovedClock
) -> None:
    kept, _ = await keys.create("bot")
    gone = await keys.revoke(kept.id)
    guess = f"{PREFIX}{kept.id}_{'A' * 43}"
    with pytest.raises(AuthenticationError, match="not valid"):
        check_key(guess, gone, b"k" * 32, clock.now())


def test_keys_are_long_random_and_printed_by_no_repr() -> None:
    made = [new_key() for _ in range(100)]
    assert len({key for _, key in made}) == 100
    assert all(id_of(key) == key_id for key_id, key in made)
    kept = CallerKey("A", "bot", "h", "", NOON)
    assert kept.is_valid(NOON)


async def test_an_id_that_is_not_there_suggests_one_that_is(keys: CallerKeys) -> None:
    kept, _ = await keys.create("bot")
    with pytest.raises(NotFoundError, match=f"Did you mean {kept.id}"):
        await keys.revoke(kept.id[:-1])
