"""What users import: one object that opens a configuration and answers from its APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from dragoman.access.identity import Identity
from dragoman.app.entering import authenticate
from dragoman.app.given import Approver, awaited, end_user, sameness
from dragoman.app.opened import Opened
from dragoman.assistant.answer import Answer, OnEvent, Question
from dragoman.assistant.assistant import Assistant
from dragoman.assistant.containment import context_messages
from dragoman.assistant.prompt import about_api
from dragoman.audit.approval import Approval
from dragoman.audit.claims import Claim
from dragoman.call.reconcile import Reconciled
from dragoman.call.results import reading_call
from dragoman.catalog.search import Hit
from dragoman.clock import Deadline
from dragoman.errors import NotFoundError
from dragoman.identifiers import new_id
from dragoman.models.provider import Embeddings
from dragoman.operation import OWNER, Call, Door, JsonObject, Outcome
from dragoman.tools.tools import ToolTable

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Dragoman"]

_CALL_SECONDS = 60.0
"""How long a call may take in all where its caller says nothing."""


class Dragoman(Opened):
    """Your APIs, for models and programs, through one governed call path.

        async with Dragoman("dragoman.yaml") as d:
            answer = await d.ask("Where is order 1042?", user="u_7")
            outcome = await d.call("shop.getOrder", {"order_id": "1042"})

    Opening reads the configuration and the descriptions of its APIs; a secret is read when it is
    first needed. `environ` stands in for the environment, `model` for the model of the file,
    `read_only=True` refuses all writes. Nothing here waits for a person unless an `approve`
    callback is given. Raises `ConfigurationError` with every fault of the file at once.
    """

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
        asking = awaited(approve, self.parts.answering)
        answer = await assistant.ask(question, on_event=on_event, on_approval=asking)
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
            return await parts.resuming(id, Deadline.after(_CALL_SECONDS, self._clock))
        assistant = await self._assistant()
        asking = awaited(approve, parts.answering)
        return await assistant.resume(answer.id, on_event=on_event, on_approval=asking)

    def context(self, outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
        """Return outcomes as labelled messages for an OpenAI call of your own."""
        apis = self.configuration.settings.apis
        about = {name: about_api(api) for name, api in apis.items()}
        return context_messages(outcomes, about)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector for each text, by the embedding model of the configuration."""
        from dragoman.models.embeddings import embed  # noqa: PLC0415

        provider = await self._open_provider()
        embedded = await embed(provider, texts, model=self._model_settings().embeddings)
        self.parts.telemetry.spent(embedded.usage, self._model_settings().embeddings, OWNER)
        return embedded

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

        With an `idempotency_key` a write happens once however often it is called, and the key is
        refused for any other; within a `conversation` an equal write happens once in ten minutes;
        without either every call is its own. `origins` says where arguments came from, for people.
        `timeout` is in seconds, `budget` in bytes of the answer's data.
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

    async def read_result(
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
        """Return a part of a result that was too long, by the `handle` of its outcome.

        `path` is what of it (`orders`, `orders[3].body`); from `start` on so many items,
        characters or members are shown, as far as they fit the `budget` in bytes. The outcome's
        `next` is where the next part begins. Results are kept for an hour, for the same caller
        and end user; what goes wrong is in the outcome.
        """
        parts = await self.open()
        given: JsonObject = {"handle": handle, "path": path, "from": start, "count": count}
        call = reading_call(given, self._clock, user=user, caller=caller, budget=budget)
        return await parts.reading_on(call)

    async def read_file(
        self, handle: str, *, path: str = "", user: str | None = None, caller: str = OWNER
    ) -> bytes:
        """Return the bytes of a file that an API answered with, or of base64 in a kept result.

        Raises `NotFoundError` where there is no such result (any more) for who asks.
        """
        parts = await self.open()
        given: JsonObject = {"handle": handle, "path": path}
        return await parts.reading_on.file(
            reading_call(given, self._clock, user=user, caller=caller)
        )

    async def approve(
        self, approval: str, *, by: str = OWNER, arguments: JsonObject | None = None
    ) -> Approval:
        """Say yes to what waits under that id; `resume` then carries it out.

        With `arguments` the yes is to the call with these in place of its own, and to no other.
        """
        answering = (await self.open()).answering
        return await answering(approval, approved=True, by=by, arguments=arguments)

    async def reconcile(
        self,
        id: str,  # noqa: A002 - it is the id of a call
        *,
        happened: bool | None = None,
        by: str = OWNER,
    ) -> Reconciled:
        """Settle a write that nobody knows the end of: by the word of `by`, or by asking the API.

        What `reconcile:` of the operation reads decides where nobody says whether it `happened`.
        """
        parts = await self.open()
        deadline = Deadline.after(_CALL_SECONDS, self._clock)
        return await parts.reconcile(id, deadline, happened=happened, by=by)

    async def unknown(self) -> list[Claim]:
        """Return the writes that nobody knows the end of, the newest first, 1,000 at the most."""
        return await (await self.open()).reconcile.unsettled.list()

    async def deny(self, approval: str, *, by: str = OWNER, reason: str = "") -> Approval:
        """Say no; the model is told so, and the reason."""
        answering = (await self.open()).answering
        return await answering(approval, approved=False, by=by, reason=reason)

    async def read_link(self, token: str) -> Approval:
        """Return what the link asks; nothing is answered by looking at it.

        Raises `AuthenticationError` for a link that is not ours or has expired, and `PolicyError`
        where there is nothing to answer by it any more.
        """
        return (await (await self.open()).links.read(token))[0]

    async def answer_link(
        self,
        token: str,
        *,
        approved: bool,
        reason: str = "",
        arguments: JsonObject | None = None,
    ) -> Approval:
        """Say yes or no by a link, once, in the name that it was made for."""
        links = (await self.open()).links
        return await links.answer(token, approved=approved, reason=reason, arguments=arguments)

    # Callers

    async def authenticate(self, credential: str) -> Identity:
        """Return who comes with this key of a caller, or token of the identity provider.

        Raises `AuthenticationError` for one that lets nobody in.
        """
        return await authenticate(await self.open(), credential)

    # Watching

    def metrics(self, *, openmetrics: bool = False) -> str:
        """Return what is counted, as Prometheus reads it; of all workers where there are several.

        By default in its text format 0.0.4, else in OpenMetrics 1.0. `docs/telemetry.md` lists
        the names.
        """
        return self.parts.telemetry.exposition(openmetrics=openmetrics)

    def log_to_stderr(self) -> None:
        """Write the log as `telemetry:` says; for a program that has no logging of its own."""
        from dragoman.telemetry.logs import install  # noqa: PLC0415 - programs only

        settings = self.configuration.settings.telemetry
        install(settings.logs, settings.level, self._live.redact)

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
        describe and call all of them; `run` carries out either kind. Once a result was too long to
        be shown, the last one is `read_result`: ask for the tools anew in each turn.
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
            read=parts.reading_on,
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

    async def _assistant(self) -> Assistant:
        parts = await self.open()
        await parts.telemetry.start()
        return Assistant(
            provider=await self._open_provider(),
            settings=self.configuration.settings,
            run_call=parts.path.run,
            read_result=parts.reading_on,
            resume_call=parts.resuming,
            tools_for=self._offered.for_question,
            owner_text=self._offered.instructions,
            end_user=partial(end_user, parts.key),
            audit=parts.audit,
            approvals=parts.approvals,
            telemetry=parts.telemetry,
            clock=self._clock,
        )
