"""What users import: one object that opens a configuration and answers from its APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from dragoman.access.identity import Identity
from dragoman.app.choosing import model_settings, open_provider
from dragoman.app.entering import authenticate
from dragoman.app.given import Approver, awaited, end_user, is_on, sameness
from dragoman.app.offer import Offer
from dragoman.app.wiring import Parts, open_parts
from dragoman.assistant.answer import Answer, OnEvent, Question
from dragoman.assistant.assistant import Assistant
from dragoman.assistant.containment import context_messages
from dragoman.assistant.prompt import about_api
from dragoman.audit.approvals import Approval
from dragoman.call.stored import read_call
from dragoman.catalog.search import Hit
from dragoman.clock import Clock, Deadline, SystemClock
from dragoman.config.load import Configuration, Source, load
from dragoman.config.settings import ModelSettings
from dragoman.errors import ConfigurationError, NotFoundError
from dragoman.identifiers import new_id
from dragoman.models.provider import Embeddings, Provider
from dragoman.network import Network, Reach
from dragoman.operation import OWNER, Call, Door, JsonObject, Outcome
from dragoman.secrets.key import RootKey
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.store import Store
from dragoman.tools.tools import ToolTable

if TYPE_CHECKING:
    import httpx2
    from pydantic import BaseModel

__all__ = ["Dragoman"]

_CALL_SECONDS = 60.0
"""How long a call may take in all where its caller says nothing."""


class Dragoman:
    """Your APIs, for models and programs, through one governed call path.

        async with Dragoman("dragoman.yaml") as d:
            answer = await d.ask("Where is order 1042?", user="u_7")
            outcome = await d.call("shop.getOrder", {"order_id": "1042"})

    Opening reads the configuration and the descriptions of its APIs; a secret is read when it is
    first needed. `environ` stands in for the environment, `model` for the model of the file,
    `read_only=True` refuses all writes. Nothing here waits for a person unless an `approve`
    callback is given. Raises `ConfigurationError` with every fault of the file at once.
    """

    def __init__(
        self,
        config: Source = "dragoman.yaml",
        *,
        environ: Mapping[str, str] | None = None,
        model: str | Provider | None = None,
        read_only: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.configuration: Configuration = load(config, environ=environ)
        self._model = model
        self._read_only = read_only or is_on(self.configuration.environment, "READ_ONLY")
        self._clock = clock or SystemClock()
        self._live = LiveValues(self._clock)
        self._network = Network()
        self._parts: Parts | None = None
        self._provider: Provider | None = None
        self._offer: Offer | None = None
        self._opening = asyncio.Lock()

    # Opening and closing

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def open(self) -> Parts:
        """Read the descriptions and wire the rooms, once."""
        async with self._opening:
            if self._parts is None:
                store = Store(await self._store_url(), self.configuration.base)
                self._parts = await open_parts(
                    self.configuration,
                    live=self._live,
                    secrets=self._secrets,
                    network=self._network,
                    store=store,
                    key=self._root_key(store).derive,
                    clock=self._clock,
                    read_only=self._read_only,
                )
            return self._parts

    async def aclose(self) -> None:
        """Write down what is not written yet, and close all connections."""
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._network.aclose)
            if self._parts is not None:
                closing.push_async_callback(self._parts.store.aclose)
                closing.push_async_callback(self._parts.audit.aclose)
                for route in self._parts.routes.values():
                    for credentials in route.accounts.values():
                        closing.push_async_callback(credentials.aclose)
            if self._provider is not None:
                closing.push_async_callback(self._provider.aclose)

    @property
    def parts(self) -> Parts:
        """The open rooms, for what this class has no method for."""
        if self._parts is None:
            raise ConfigurationError("Dragoman is not open. Use: async with Dragoman(…) as d")
        return self._parts

    @property
    def offer(self) -> Offer:
        """What a caller is offered of the catalog, for doors that make tools of it."""
        return self._offered

    # Asking

    async def ask(
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
        door: Door = "python",
    ) -> Answer:
        """Answer a question from the APIs.

        `output` is a pydantic model that `answer.data` will be one of; `data` are outcomes to
        answer from instead of choosing tools; `after` is the id of the answer that this one
        follows. In a dry run reads run, and writes are previewed.
        """
        assistant = await self._assistant()
        question = Question(
            text=text,
            user=user,
            caller=caller,
            toolset=toolset or self.parts.policy.caller(caller).toolset,
            door=door,
            dry_run=dry_run,
            context=tuple(data),
            output_schema=output.model_json_schema() if output else None,
            output_name=output.__name__ if output else "answer",
            after=after,
        )
        answer = await assistant.ask(question, on_event=on_event, on_approval=awaited(approve))
        if output is None:
            return answer
        from dragoman.assistant.structured import validated  # noqa: PLC0415

        return await validated(assistant, question, answer, output)

    async def resume(
        self,
        id: str,  # noqa: A002 - it is the id of an answer or of a call
        *,
        approve: Approver | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer | Outcome:
        """Go on with what waited for a person: an answer, or a single call, by its id.

        The recorded call runs again from *identify*, so that a rule that has changed counts.
        """
        parts = await self.open()
        try:
            answer = await parts.audit.get_answer(id)
        except NotFoundError:
            return await self._resume_call(id, Deadline.after(_CALL_SECONDS, self._clock))
        assistant = await self._assistant()
        return await assistant.resume(answer.id, on_event=on_event, on_approval=awaited(approve))

    def context(self, outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
        """Return outcomes as labelled messages for an OpenAI call of your own."""
        apis = self.configuration.settings.apis
        about = {name: about_api(api) for name, api in apis.items()}
        return context_messages(outcomes, about)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector for each text, by the embedding model of the configuration."""
        from dragoman.models.embeddings import embed  # noqa: PLC0415

        provider = await self._open_provider()
        return await embed(provider, texts, model=self._model_settings().embeddings)

    # Calling

    async def call(
        self,
        operation: str,
        arguments: JsonObject | None = None,
        *,
        user: str | None = None,
        caller: str = OWNER,
        dry_run: bool = False,
        idempotency_key: str | None = None,
        conversation: str | None = None,
        origins: Mapping[str, str] | None = None,
        timeout: float = _CALL_SECONDS,  # noqa: ASYNC109 - it becomes the deadline of the path
        budget: int | None = None,
        door: Door = "python",
    ) -> Outcome:
        """Call one operation; what goes wrong is in the outcome, nothing is raised.

        With an `idempotency_key` a write happens once however often it is called, and within a
        `conversation` once in ten minutes; without either every call is its own. `origins` says
        where arguments came from, for people. `timeout` is in seconds, `budget` in bytes of the
        answer's data.
        """
        parts = await self.open()
        call_id = new_id()
        scope, same_for = sameness(call_id, idempotency_key, conversation)
        return await parts.path.run(
            Call(
                id=call_id,
                operation=operation,
                arguments=arguments or {},
                deadline=Deadline.after(timeout, self._clock),
                scope=scope,
                same_for=same_for,
                caller=caller,
                user=user,
                door=door,
                origins=origins or {},
                dry_run=dry_run,
                budget=budget,
            )
        )

    async def approve(self, approval: str, *, by: str = OWNER) -> Approval:
        """Say yes to what waits under that id; `resume` then carries it out."""
        return await (await self.open()).approvals.answer(approval, approved=True, by=by)

    async def deny(self, approval: str, *, by: str = OWNER, reason: str = "") -> Approval:
        """Say no; the model is told so, and the reason."""
        approvals = (await self.open()).approvals
        return await approvals.answer(approval, approved=False, by=by, reason=reason)

    # Callers

    async def authenticate(self, credential: str) -> Identity:
        """Return who comes with this key of a caller, or token of the identity provider.

        Raises `AuthenticationError` for one that lets nobody in.
        """
        return await authenticate(await self.open(), credential)

    # The catalog in a loop of your own

    def tools(
        self,
        toolset: str | None = None,
        *,
        format: Literal["responses", "chat"] = "responses",  # noqa: A002 - the issue's own name
        caller: str = OWNER,
    ) -> list[dict[str, object]]:
        """Return the tools as OpenAI's API takes them.

        Where there are more than OpenAI takes in one request (128), these are three that find,
        describe and call all of them; `run` carries out either kind.
        """
        from dragoman.models.tool_form import as_chat, as_responses  # noqa: PLC0415

        shape = as_responses if format == "responses" else as_chat
        return [dict(shape(tool)) for tool in self._offered.own_tools(toolset, caller=caller)]

    async def run(
        self,
        tool_calls: Sequence[object],
        *,
        user: str | None = None,
        caller: str = OWNER,
        toolset: str | None = None,
        question: str = "",
    ) -> list[dict[str, object]]:
        """Run the tool calls of a model's reply, and return what to send back to it.

        Takes `function_call` items of Responses and `tool_calls` of Chat Completions, as objects
        of the SDK or as dicts, and answers each in its own form.
        """
        from dragoman.assistant.foreign import run_tool_calls  # noqa: PLC0415

        parts = await self.open()
        return await run_tool_calls(
            tool_calls,
            run=parts.path.run,
            choice=self._offered.own_loop(toolset, caller=caller),
            question=Question(question, user=user, caller=caller, toolset=toolset, door="python"),
            apis=self.configuration.settings.apis,
            budget=self.configuration.settings.assistant.result_bytes,
            clock=self._clock,
        )

    def search(self, text: str, limit: int = 5, *, caller: str = OWNER) -> list[Hit]:
        """Return the operations that fit a text best, of those that the caller may use."""
        return self._offered.search(text, limit, caller=caller)

    def tool_table(self, toolset: str | None = None, *, caller: str = OWNER) -> ToolTable:
        """Return the tools of a toolset, or of everything, that a caller may use."""
        return self._offered.table(toolset, caller=caller)

    # Inside

    async def _resume_call(self, call_id: str, deadline: Deadline) -> Outcome:
        parts = await self.open()
        approval = await parts.approvals.of_call(call_id)
        stored = approval.call if approval else (await parts.audit.get_call(call_id)).resumable
        if not stored:
            raise NotFoundError(f"The call {call_id} was not kept so that it could run again.")
        return await parts.path.run(read_call(stored, deadline))

    async def _assistant(self) -> Assistant:
        parts = await self.open()
        return Assistant(
            provider=await self._open_provider(),
            settings=self.configuration.settings,
            run_call=parts.path.run,
            resume_call=self._resume_call,
            tools_for=self._offered.for_question,
            owner_text=self._offered.instructions,
            end_user=partial(end_user, parts.key),
            audit=parts.audit,
            approvals=parts.approvals,
            clock=self._clock,
        )

    @property
    def _offered(self) -> Offer:
        if self._offer is None:
            self._offer = Offer(self.parts)
        return self._offer

    async def _open_provider(self) -> Provider:
        if self._provider is None:
            if self._model is not None and not isinstance(self._model, str):
                self._provider = self._model
            else:
                self._provider = await open_provider(
                    self._model_settings(), await self.open(), self._model_client
                )
        return self._provider

    def _model_settings(self) -> ModelSettings:
        chosen = self._model if isinstance(self._model, str) else None
        return model_settings(self.configuration.settings.model, chosen)

    def _model_client(self, reach: Reach) -> httpx2.AsyncClient:
        import httpx2  # noqa: PLC0415 - only where a model is asked over the network

        return httpx2.AsyncClient(transport=self._network.httpx2_transport(reach), timeout=None)

    async def _store_url(self) -> str:
        store = self.configuration.settings.store
        return (
            store if isinstance(store, str) else await self._secrets.resolve(store, where="store")
        )

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets(
            self.configuration.environment, self._live, self.configuration.base, self._clock
        )

    def _root_key(self, store: Store) -> RootKey:
        """Return the owner's key, or the one that is made beside the store."""
        beside = store.folder or self.configuration.base
        return RootKey(self.configuration.settings.key, self._secrets, beside)
