"""What the processes of a fleet count and know together, in Redis; without one, in this process.

While Redis is away every process counts alone: the log says so once, it is tried again after some
seconds, and no call fails or waits long because of it. Two products on one Redis do not meet, and
nobody reads a caller or an end user from its keys: they are an HMAC under the root key.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.errors import ConfigurationError
from dragoman.identifiers import new_id
from dragoman.secrets.secrets import Secrets

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import MovingWindowRateLimiter
    from redis.asyncio import Redis

__all__ = ["Shared", "open_shared"]

_log = logging.getLogger("dragoman.store")

_AGAIN = 5.0
"""Seconds after which Redis is tried again that did not answer."""

_MARKED = 2 * 86_400
"""Seconds after which a mark gives way to a new one, so that none stays in Redis for good."""

_CONNECTIONS = 16

_WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3_600.0, "day": 86_400.0}

T = TypeVar("T")


def open_shared(
    configuration: Configuration,
    secrets: Secrets,
    key: Callable[[str], Awaitable[bytes]],
    clock: Clock,
) -> Shared:
    """Return what a configuration shares; nothing is resolved or dialled before it is used.

    Raises `ConfigurationError` for a `redis:` without the library for it.
    """
    redis = configuration.settings.redis
    if redis is None:
        return Shared(clock)
    if find_spec("redis") is None:
        raise ConfigurationError(
            f"{configuration.where('redis')}: redis needs a library that is not installed. "
            'Install it with: pip install "dragoman[redis]"'
        )

    async def fleet() -> _Fleet:
        where = configuration.where("redis")
        url = redis if isinstance(redis, str) else await secrets.resolve(redis, where=where)
        return _Fleet.at(url, await key("shared counts"), where)

    return Shared(clock, fleet)


@dataclass(slots=True)
class Shared:
    """Counts uses, and keeps notes for a time; `fleet` makes the connection to Redis, if any.

    `patience` is how long Redis may take for one answer, in seconds.
    """

    clock: Clock
    fleet: Callable[[], Awaitable[_Fleet]] | None = None
    patience: float = 0.5
    _opened: _Fleet | None = None
    _windows: dict[tuple[str, str], deque[float]] = field(default_factory=dict, repr=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CONNECTIONS))
    _is_away: bool = False
    _again_at: float = 0.0

    async def take(self, subject: str, rate: str) -> float | None:
        """Count one use of a subject within a moving window: `60/minute`.

        Returns None, or the seconds until there may be another one, which is then not counted.
        """
        taken = await self._ask(lambda fleet: fleet.take(subject, rate))
        return self._take_here(subject, rate) if taken is None else taken or None

    async def left(self, subject: str, rate: str) -> float | None:
        """Return what `take` would, and count nothing."""
        left = await self._ask(lambda fleet: fleet.left(subject, rate))
        return self._take_here(subject, rate, counts=False) if left is None else left or None

    def _take_here(self, subject: str, rate: str, *, counts: bool = True) -> float | None:
        count, _, unit = rate.partition("/")
        window = self._windows.setdefault((subject, rate), deque(maxlen=int(count)))
        now = self.clock.monotonic()
        if len(window) == window.maxlen and (left := window[0] + _WINDOWS[unit] - now) > 0:
            return left
        if counts:
            window.append(now)
        return None

    async def note(self, subject: str, text: str, seconds: float) -> None:
        """Let all processes know something for so many seconds; a longer time that stands stays."""
        await self._ask(lambda fleet: fleet.note(subject, text, seconds))

    async def noted(self, subject: str) -> tuple[str, float] | None:
        """Return what another process has let know, and for how many seconds it holds yet."""
        noted = await self._ask(lambda fleet: fleet.noted(subject))
        return noted if noted is not None and noted[1] > 0 else None

    async def mark(self, subject: str, *, new: bool = False) -> str | None:
        """Return the mark of a subject; None without Redis. A `new` one was never there before."""
        return await self._ask(lambda fleet: fleet.mark(subject, new=new))

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        if self._opened is not None:
            await self._opened.client.aclose()

    async def _ask(self, question: Callable[[_Fleet], Awaitable[T]]) -> T | None:
        """Return what Redis says, or None where there is none, or none that answers in time."""
        if self.fleet is None or self.clock.monotonic() < self._again_at:
            return None
        fleet = self._opened or await self._open(self.fleet)
        async with self._turns:
            now = self.clock.monotonic()
            if now < self._again_at:
                return None
            if self._is_away:
                self._again_at = now + _AGAIN  # One call tries; the others do not wait for it.
            try:
                async with asyncio.timeout(self.patience):
                    answer = await question(fleet)
            except fleet.faults as error:
                self._went_away(error)
                return None
        self._is_back()
        return answer

    async def _open(self, fleet: Callable[[], Awaitable[_Fleet]]) -> _Fleet:
        opened = await fleet()
        if self._opened is None:  # Of two that were first, one connects.
            self._opened = opened
        return self._opened

    def _went_away(self, error: Exception) -> None:
        self._again_at = self.clock.monotonic() + _AGAIN
        if not self._is_away:
            self._is_away = True
            why = type(error).__name__  # What it says may hold the address, and so a password.
            _log.warning("redis does not answer (%s): each process counts alone until it does", why)

    def _is_back(self) -> None:
        if self._is_away:
            self._is_away, self._again_at = False, 0.0
            _log.warning("redis answers again: the processes count together")


@dataclass(frozen=True, slots=True)
class _Fleet:
    """The connection to Redis, and the key under which its keys are made.

    `faults` are what it raises where there is none, or none in time.
    """

    client: Redis = field(repr=False)
    limiter: MovingWindowRateLimiter
    key: bytes = field(repr=False)
    faults: tuple[type[Exception], ...]

    @classmethod
    def at(cls, url: str, key: bytes, where: str) -> _Fleet:
        """Connect at first use; raises `ConfigurationError` for what is no address of a Redis."""
        from limits.aio.storage import RedisStorage  # noqa: PLC0415
        from limits.aio.strategies import MovingWindowRateLimiter  # noqa: PLC0415
        from redis.asyncio import ConnectionPool, Redis  # noqa: PLC0415
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import RedisError  # noqa: PLC0415

        try:
            pool = ConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                retry=Retry(NoBackoff(), 0),
                decode_responses=True,
            )
        except ValueError:
            raise ConfigurationError(
                f"{where}: redis is no address of a Redis. Write redis://host:6379/0"
            ) from None
        storage = RedisStorage(
            "async+redis://",  # Without the address, which may hold a password: the pool has it.
            implementation="redispy",
            key_prefix="dragoman",
            connection_pool=pool,  # type: ignore[arg-type] # as its documentation says
        )
        faults = (RedisError, OSError, TimeoutError)
        return cls(Redis.from_pool(pool), MovingWindowRateLimiter(storage), key, faults)

    async def take(self, subject: str, rate: str) -> float:
        """Return 0 for one use that is counted, else the seconds until there may be another."""
        from limits import parse  # noqa: PLC0415

        item, name = parse(rate), self._name(subject)
        return 0.0 if await self.limiter.hit(item, name) else await self._seconds(item, name)

    async def left(self, subject: str, rate: str) -> float:
        """Return what `take` would, and count nothing."""
        from limits import parse  # noqa: PLC0415

        item, name = parse(rate), self._name(subject)
        return 0.0 if await self.limiter.test(item, name) else await self._seconds(item, name)

    async def _seconds(self, item: RateLimitItem, name: str) -> float:
        stats = await self.limiter.get_window_stats(item, name)
        return max(0.001, stats.reset_time - time.time())

    async def note(self, subject: str, text: str, seconds: float) -> None:
        """Keep a text; one that is kept for longer stays as it is."""
        name, milliseconds = f"dragoman:note:{self._name(subject)}", max(1, round(seconds * 1000))
        if not await self.client.set(name, text, px=milliseconds, nx=True):
            await self.client.pexpire(name, milliseconds, gt=True)

    async def noted(self, subject: str) -> tuple[str, float]:
        """Return a text that is kept, and the seconds for which it is; 0 for none."""
        name = f"dragoman:note:{self._name(subject)}"
        text = await self.client.get(name)
        return (str(text), await self.client.pttl(name) / 1000) if text else ("", 0.0)

    async def mark(self, subject: str, *, new: bool) -> str:
        """Return a mark, made where there is none yet."""
        name, fresh = f"dragoman:mark:{self._name(subject)}", new_id()
        if not new and (found := await self.client.get(name)):
            return str(found)
        await self.client.set(name, fresh, nx=not new, ex=_MARKED)
        return str(await self.client.get(name))

    def _name(self, subject: str) -> str:
        return hmac.digest(self.key, subject.encode(), "sha256")[:16].hex()
