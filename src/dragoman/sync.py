"""Dragoman for scripts without async: the same object, its loop in a thread of its own.

    from dragoman.sync import Dragoman

    with Dragoman("dragoman.yaml") as d:
        print(d.ask("Where is order 1042?").text)

Every method takes and returns what the one of `dragoman.Dragoman` does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from dragoman.app.dragoman import Dragoman as AsyncDragoman
from dragoman.app.given import Approver
from dragoman.assistant.answer import Answer, OnEvent
from dragoman.audit.approval import Approval
from dragoman.call.reconcile import Reconciled
from dragoman.catalog.search import Hit
from dragoman.config.load import Source
from dragoman.errors import ConfigurationError
from dragoman.models.provider import Embeddings, Provider
from dragoman.operation import OWNER, JsonObject, Outcome

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Dragoman"]

T = TypeVar("T")


class Dragoman:
    """Your APIs through one governed call path; every call waits for its result."""

    def __init__(
        self,
        config: Source = "dragoman.yaml",
        *,
        environ: Mapping[str, str] | None = None,
        model: str | Provider | None = None,
        read_only: bool = False,
    ) -> None:
        self._async = AsyncDragoman(config, environ=environ, model=model, read_only=read_only)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        try:
            self._wait(self._async.open())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close everything and end the thread; a second time does nothing."""
        if self._loop.is_closed():
            return
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(
        self,
        text: str,
        *,
        user: str | None = None,
        caller: str = OWNER,
        toolset: str | None = None,
        output: type[BaseModel] | None = None,
        data: Sequence[Outcome] = (),
        dry_run: bool = False,
        after: str | None = None,
        approve: Approver | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer a question from the APIs."""
        return self._wait(
            self._async.ask(
                text,
                user=user,
                caller=caller,
                toolset=toolset,
                output=output,
                data=data,
                dry_run=dry_run,
                after=after,
                approve=approve,
                on_event=on_event,
            )
        )

    def call(
        self,
        operation: str,
        arguments: JsonObject | None = None,
        *,
        user: str | None = None,
        caller: str = OWNER,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Outcome:
        """Call one operation; what goes wrong is in the outcome."""
        return self._wait(
            self._async.call(
                operation,
                arguments,
                user=user,
                caller=caller,
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            )
        )

    def read_result(
        self,
        handle: str,
        *,
        path: str = "",
        start: int = 0,
        count: int | None = None,
        user: str | None = None,
        caller: str = OWNER,
        budget: int | None = None,
    ) -> Outcome:
        """Return a part of a result that was too long, by the handle of its outcome."""
        return self._wait(
            self._async.read_result(
                handle,
                path=path,
                start=start,
                count=count,
                user=user,
                caller=caller,
                budget=budget,
            )
        )

    def read_file(
        self, handle: str, *, path: str = "", user: str | None = None, caller: str = OWNER
    ) -> bytes:
        """Return the bytes of a file that an API answered with."""
        return self._wait(self._async.read_file(handle, path=path, user=user, caller=caller))

    def approve(
        self, approval: str, *, by: str = OWNER, arguments: JsonObject | None = None
    ) -> Approval:
        """Say yes to what waits under that id, or to the call with these arguments."""
        return self._wait(self._async.approve(approval, by=by, arguments=arguments))

    def deny(self, approval: str, *, by: str = OWNER, reason: str = "") -> Approval:
        """Say no; the model is told so, and the reason."""
        return self._wait(self._async.deny(approval, by=by, reason=reason))

    def read_link(self, token: str) -> Approval:
        """Return what the link asks."""
        return self._wait(self._async.read_link(token))

    def answer_link(
        self,
        token: str,
        *,
        approved: bool,
        reason: str = "",
        arguments: JsonObject | None = None,
    ) -> Approval:
        """Say yes or no by a link, once."""
        return self._wait(
            self._async.answer_link(token, approved=approved, reason=reason, arguments=arguments)
        )

    def reconcile(
        self,
        id: str,  # noqa: A002 - it is the id of a call
        *,
        happened: bool | None = None,
        by: str = OWNER,
    ) -> Reconciled:
        """Settle a write that nobody knows the end of."""
        return self._wait(self._async.reconcile(id, happened=happened, by=by))

    def resume(
        self,
        id: str,  # noqa: A002 - it is the id of an answer or of a call
    ) -> Answer | Outcome:
        """Go on with an answer, or a single call, that waited for a person."""
        return self._wait(self._async.resume(id))

    def run(
        self, tool_calls: Sequence[object], *, user: str | None = None, caller: str = OWNER
    ) -> list[dict[str, object]]:
        """Run the tool calls of a model's reply, and return what to send back to it."""
        return self._wait(self._async.run(tool_calls, user=user, caller=caller))

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector for each text."""
        return self._wait(self._async.embed(texts))

    def context(self, outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
        """Return outcomes as labelled messages for an OpenAI call of your own."""
        return self._async.context(outcomes)

    def tools(
        self,
        toolset: str | None = None,
        *,
        format: Literal["responses", "chat"] = "responses",  # noqa: A002
        caller: str = OWNER,
    ) -> list[dict[str, object]]:
        """Return the tools as OpenAI's API takes them."""
        return self._async.tools(toolset, format=format, caller=caller)

    def search(self, text: str, limit: int = 5, *, caller: str = OWNER) -> list[Hit]:
        """Return the operations that fit a text best."""
        return self._async.search(text, limit, caller=caller)

    def metrics(self, *, openmetrics: bool = False) -> str:
        """Return what is counted, as Prometheus reads it."""
        return self._async.metrics(openmetrics=openmetrics)

    def log_to_stderr(self) -> None:
        """Write the log as `telemetry:` says; for a program that has no logging of its own."""
        self._async.log_to_stderr()

    async def _end(self) -> None:
        """Close, and end what other threads still wait for: nobody would come back to it."""
        await self._async.aclose()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _wait(self, work: Coroutine[object, object, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise ConfigurationError("This Dragoman is closed.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
