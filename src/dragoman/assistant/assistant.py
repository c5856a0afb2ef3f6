"""The assistant: finds the tools for a question, answers it in the loop, and keeps the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from dragoman.assistant.answer import Answer, OnApproval, OnEvent, Question
from dragoman.assistant.containment import block
from dragoman.assistant.conversation import Conversation
from dragoman.assistant.execution import Execution
from dragoman.assistant.finding import Choice
from dragoman.assistant.loop import Loop
from dragoman.assistant.prompt import about_api
from dragoman.audit.approvals import Approvals
from dragoman.audit.records import AnswerRecord, AuditLog
from dragoman.clock import Clock, Deadline
from dragoman.config.settings import Settings
from dragoman.errors import NotFoundError
from dragoman.identifiers import new_id
from dragoman.models.provider import Provider, UserMessage
from dragoman.operation import Call, JsonObject, Outcome
from dragoman.telemetry.telemetry import Telemetry
from dragoman.tools.meta import META_TOOLS

__all__ = ["Assistant"]


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers questions with one model over the tools of one configuration.

    `tools_for` finds the tools that a question may need, `owner_text` the instructions of a
    toolset, `end_user` the keyed hash under which OpenAI knows an end user.
    """

    provider: Provider
    settings: Settings
    run_call: Callable[[Call], Awaitable[Outcome]]
    read_result: Callable[[Call], Awaitable[Outcome]]
    resume_call: Callable[[str, Deadline], Awaitable[Outcome]]
    tools_for: Callable[[Question, Provider, Conversation], Choice]
    owner_text: Callable[[str | None], str]
    end_user: Callable[[str | None], Awaitable[str]]
    audit: AuditLog
    approvals: Approvals
    telemetry: Telemetry
    clock: Clock

    async def ask(
        self,
        question: Question,
        *,
        on_event: OnEvent | None = None,
        on_approval: OnApproval | None = None,
    ) -> Answer:
        """Answer a question; raises `NotFoundError` where it follows an answer that is not there.

        What goes wrong on the way to an answer is in the answer.
        """
        conversation = Conversation(new_id(), question)
        if question.after is not None:
            earlier = await self._load(question.after)
            conversation.transcript.extend(earlier.transcript)
            conversation.offered.extend(earlier.offered)
        conversation.transcript.extend(self._context(question))
        conversation.transcript.append(UserMessage(question.text))
        answer = await self._run(conversation, on_event, on_approval)
        return replace(answer, calls=(*question.context, *answer.calls))

    async def resume(
        self,
        answer_id: str,
        *,
        on_event: OnEvent | None = None,
        on_approval: OnApproval | None = None,
    ) -> Answer:
        """Go on with an answer that waited for a person, from what the store holds of it."""
        record = await self.audit.get_answer(answer_id)
        conversation = await self._load(record.id)
        if not conversation.waiting:
            raise NotFoundError(
                f"The answer {record.id} waits for nothing: it is {record.status}.",
                hint=f"See it with: dragoman log {record.id}",
            )
        return await self._run(conversation, on_event, on_approval)

    async def repair(self, question: Question, answer: Answer, complaint: str) -> Answer:
        """Ask the model once more for an answer in the form that was wanted."""
        conversation = await self._load(answer.id)
        conversation.question = question  # what is stored of it lacks the context
        told = f"The answer is not in the form that was asked for: {complaint}"
        conversation.transcript.append(UserMessage(told, added=True))
        repaired = await self._run(conversation, None, None)
        return replace(
            repaired,
            calls=(*answer.calls, *repaired.calls),
            seconds=answer.seconds + repaired.seconds,
        )

    async def _run(
        self, conversation: Conversation, on_event: OnEvent | None, on_approval: OnApproval | None
    ) -> Answer:
        question = conversation.question
        # The first may have to make an index, and all tools: the loop is for others meanwhile.
        choice = await asyncio.to_thread(self.tools_for, question, self.provider, conversation)
        conversation.offered = [tool.operation for tool in choice.table.tools]
        finding = self.provider.finding if choice.more is not None else "none"
        apis = self.settings.apis
        loop = Loop(
            provider=self.provider,
            execution=Execution(
                run=self.run_call,
                read=self.read_result,
                table=choice.table,
                more=choice.more,
                clock=self.clock,
                budget=self.settings.assistant.result_bytes,
                about={name: about_api(api) for name, api in apis.items()},
                when_missing={name: api.when_missing for name, api in apis.items()},
                on_event=on_event,
                unread=self.telemetry.unread,
            ),
            tools=(*choice.table.tools, *(META_TOOLS if finding == "functions" else ())),
            # Whether what a tool search finds may be called can only be said by saying nothing.
            allowed=None if finding == "tool_search" else choice.allowed,
            search=META_TOOLS[0] if finding == "tool_search" else None,
            apis=apis,
            bounds=self.settings.assistant,
            audit=self.audit,
            approvals=self.approvals,
            telemetry=self.telemetry,
            clock=self.clock,
            resume_call=self.resume_call,
            owner_text=self.owner_text(question.toolset),
            end_user=await self.end_user(question.user),
            on_event=on_event,
            on_approval=on_approval,
        )
        answer = await loop.run(conversation)
        await self._keep(conversation, answer)
        return answer

    def _context(self, question: Question) -> list[UserMessage]:
        blocks = [
            block(outcome, about_api(self.settings.apis[outcome.source]))
            for outcome in question.context
        ]
        return [UserMessage("\n\n".join(blocks), added=True)] if blocks else []

    async def _keep(self, conversation: Conversation, answer: Answer) -> None:
        question = conversation.question
        usage: Mapping[str, int] = {
            "input_tokens": answer.usage.input_tokens,
            "cached_tokens": answer.usage.cached_tokens,
            "output_tokens": answer.usage.output_tokens,
            "reasoning_tokens": answer.usage.reasoning_tokens,
        }
        await self.audit.answer(
            AnswerRecord(
                id=conversation.id,
                at=self.clock.now(),
                caller=question.caller,
                user=question.user,
                question=question.text,
                model=self.provider.name,
                status=answer.status.value,
                text=answer.text or (answer.problem.detail if answer.problem else ""),
                usage=dict(usage),
                dollars=answer.usage.dollars,
                calls=len(conversation.results) + len(conversation.waiting),
                seconds=answer.seconds,
                state=conversation.as_json(),
            )
        )

    async def _load(self, answer_id: str) -> Conversation:
        record = await self.audit.get_answer(answer_id)
        state: JsonObject | None = record.state
        if state is None:
            raise NotFoundError(f"The conversation of the answer {record.id} was not kept.")
        return Conversation.from_json(record.id, state)
