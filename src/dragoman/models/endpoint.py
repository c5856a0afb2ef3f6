"""One server of models, spoken to through OpenAI's SDK.

Requests and answers are exchanged as JSON, not as the SDK's types: what a model gave must go back
to it unchanged, and servers that are only compatible leave out what the types require.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from dragoman.errors import CredentialError, ModelError
from dragoman.exact_json import encode
from dragoman.models.faults import CUT, MALFORMED, Asked, Failure, ServerFaultError
from dragoman.models.limits import read_limits
from dragoman.models.retry import trying
from dragoman.models.sdk_faults import failure_of

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI
    from openai._types import RequestOptions

    from dragoman.clock import Clock, Deadline
    from dragoman.models.dialect import Assembly
    from dragoman.models.provider import OnText
    from dragoman.models.server import Server
    from dragoman.operation import JsonObject

__all__ = ["Endpoint", "Noticed"]

_CONNECT_SECONDS = 10.0

T = TypeVar("T")


@dataclass(slots=True)
class Noticed:
    """What is noticed of an exchange besides its answer.

    `limits` is what the server says of its own; `begun` when, on the monotonic clock, the first
    event of a stream was there.
    """

    limits: JsonObject = field(default_factory=dict)
    begun: float | None = None


class Endpoint:
    """A server with its key. The SDK is imported, and the key resolved, at the first request.

    `key_name` is how messages call the key. `pause` is about the first wait before asking again,
    in seconds.
    """

    def __init__(
        self,
        server: Server,
        *,
        model: str,
        api_key: Callable[[], Awaitable[str]],
        key_name: str,
        http_client: httpx2.AsyncClient | None,
        clock: Clock,
        pause: float,
    ) -> None:
        self.server = server
        self.clock = clock
        self._asked = Asked(server, model, key_name)
        self._api_key = api_key
        self._key = ""
        self._http_client = http_client
        self._pause = pause
        self._client: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()

    async def trying(
        self,
        attempt: Callable[[], Awaitable[T]],
        deadline: Deadline,
        *,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> T:
        """Run an attempt, and again where its fault may pass.

        Raises `CredentialError`, `LimitError` or `ModelError` in words of ours, and the errors of
        the network's guard as they are.
        """
        return await trying(
            attempt,
            deadline=deadline,
            failure_of=self._failure_of,
            may_repeat=may_repeat,
            pause=self._pause,
        )

    async def post(
        self, path: str, body: JsonObject, deadline: Deadline, noticed: Noticed | None = None
    ) -> JsonObject:
        """Send one request and return the answer; raises what `trying` puts into words."""
        client = await self._open()
        import httpx2  # noqa: PLC0415 - the SDK has imported it

        content, options = _encoded(body), _options(deadline)
        response = await client.post(
            path, cast_to=httpx2.Response, content=content, options=options
        )
        if noticed is not None:
            noticed.limits = read_limits(response.headers)
        try:
            answer = response.json()
        except ValueError:
            raise ServerFaultError(MALFORMED, "it is not JSON") from None
        if not isinstance(answer, Mapping):
            raise ServerFaultError(MALFORMED, "it is not a JSON object")
        return cast("JsonObject", answer)

    async def stream(
        self,
        path: str,
        body: JsonObject,
        deadline: Deadline,
        *,
        assembly: Assembly,
        on_text: OnText,
        noticed: Noticed,
    ) -> JsonObject:
        """Send one request and return the answer that its events add up to; text is told at once.

        Raises what `trying` puts into words. A stream that ends before it has said its end is a
        fault, whatever has come by then.
        """
        try:
            async with aclosing(self._events(path, body, deadline, noticed)) as events:
                async for event in events:
                    piece = assembly.feed(event)
                    if piece:
                        await on_text(piece)
        except ServerFaultError as fault:
            if fault.code != CUT or assembly.answer() is None:
                raise
        answer = assembly.answer()
        if answer is None:
            raise ServerFaultError(CUT)
        return answer

    async def aclose(self) -> None:
        """Close the connections, those of the client that was given too."""
        if self._client is not None:
            await self._client.close()
        elif self._http_client is not None:
            await self._http_client.aclose()

    async def _events(
        self, path: str, body: JsonObject, deadline: Deadline, noticed: Noticed
    ) -> AsyncGenerator[JsonObject, None]:
        client = await self._open()
        from openai import APIConnectionError, AsyncStream  # noqa: PLC0415 - imported by `_open`

        stream = await client.post(
            path,
            cast_to=object,
            content=_encoded(body),
            options=_options(deadline),
            stream=True,
            stream_cls=AsyncStream[object],
        )
        noticed.limits, noticed.begun = read_limits(stream.response.headers), None
        async with stream:
            try:
                async for event in stream:
                    noticed.begun = noticed.begun or self.clock.monotonic()
                    if isinstance(event, Mapping):
                        yield cast("JsonObject", event)
            except APIConnectionError:
                raise ServerFaultError(CUT) from None
            except ValueError:
                raise ServerFaultError(MALFORMED, "an event of it is not JSON") from None

    async def _open(self) -> AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                # Importing the SDK takes most of a second.
                self._client = await asyncio.to_thread(self._connect)
        return self._client

    def _connect(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI  # noqa: PLC0415 - only where a model is asked

        client = AsyncOpenAI(
            api_key=self._resolve_key,
            base_url=self.server.base_url,
            http_client=self._http_client,
            max_retries=0,
        )
        if not self.server.is_openai:
            # The SDK has read these from the environment, where they were meant for OpenAI. For
            # the headers there is no public way; a test sends a request and looks.
            client.organization = client.project = None
            client._custom_headers = {}  # noqa: SLF001
        return client

    async def _resolve_key(self) -> str:
        key = await self._api_key()
        if not key or not key.isascii() or not key.isprintable() or key != key.strip():
            raise CredentialError(
                f"{self._asked.key} is empty, or holds what no HTTP header can carry.",
                hint="Set it to the key alone, without spaces or line breaks.",
            )
        self._key = key
        return key

    def _failure_of(self, error: Exception) -> Failure | None:
        return failure_of(error, self._asked, key=self._key, now=self.clock.now())


def _encoded(body: JsonObject) -> bytes:
    try:
        return encode(body)
    except ValueError as error:
        raise ModelError(f"The request cannot be written as JSON: {error}.") from None


def _options(deadline: Deadline) -> RequestOptions:
    import httpx2  # noqa: PLC0415 - the SDK has imported it

    seconds = deadline.remaining()
    return {
        "timeout": httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
        "follow_redirects": False,
        "security": {"bearer_auth": True},  # so that OPENAI_ADMIN_KEY is never sent
    }
