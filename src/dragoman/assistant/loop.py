"""The loop: the model asks for calls, the path makes them, the model answers. Bounded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from dragoman.assistant.answer import (
    Answer,
    Event,
    OnApproval,
    OnEvent,
    TextArrived,
)
from dragoman.assistant.conversation import Conversation, Waiting
from dragoman.assistant.execution import Execution
from dragoman.assistant.finding import FINDING
from dragoman.assistant.prompt import LAST_STEP, instructions
from dragoman.audit.approvals import Approval, Approvals
from dragoman.audit.records import AuditLog, TurnRecord
from dragoman.clock import Clock, Deadline
from dragoman.config.settings import ApiSettings, AssistantSettings
from dragoman.errors import DragomanError, LimitError, ModelError
from dragoman.models.provider import ModelReply, ModelRequest, Provider, ToolCall
from dragoman.operation import Outcome, Status, Tool
from dragoman.telemetry.telemetry import Telemetry
from dragoman.tools.meta import READ_ON, READ_RESULT

__all__ = ["Loop"]


@dataclass(slots=True)
class Loop:
    """Answers one question. Made anew for each, because it counts what the question has used."""

    provider: Provider
    execution: Execution
    tools: tuple[Tool, ...]
    allowed: tuple[str, ...] | None
    search: Tool | None
    apis: Mapping[str, ApiSettings]
    bounds: AssistantSettings
    audit: AuditLog
    approvals: Approvals
    telemetry: Telemetry
    clock: Clock
    resume_call: Callable[[str, Deadline], Awaitable[Outcome]]
    owner_text: str = ""
    end_user: str = ""
    on_event: OnEvent | None = None
    on_approval: OnApproval | None = None
    _outcomes: list[Outcome] = field(default_factory=list)
    _asked: list[Approval] = field(default_factory=list)

    async def run(self, conversation: Conversation) -> Answer:
        """Return the answer, pending where a call waits for a person, failed where it must be."""
        started = self.clock.monotonic()
        deadline = Deadline.after(self.bounds.timeout, self.clock)
        try:
            toolset = conversation.question.toolset or ""
            with self.telemetry.answer(conversation.id, toolset):
                text = await self._until_answered(conversation, deadline)
            answer = self._answer(conversation, text)
        except DragomanError as error:
            answer = replace(
                self._answer(conversation, ""), status=Status.FAILED, problem=error.problem
            )
        return replace(answer, seconds=self.clock.monotonic() - started)

    async def _until_answered(self, conversation: Conversation, deadline: Deadline) -> str:
        if conversation.waiting:
            await self._resume_waiting(conversation, deadline)
        while not conversation.waiting:
            reply = await self._turn(conversation, deadline)
            if not reply.tool_calls:
                return self._text_of(reply)
            await self._calls(conversation, reply, deadline)
        return "\n".join(_waits_for(approval) for approval in self._asked)

    async def _turn(self, conversation: Conversation, deadline: Deadline) -> ModelReply:
        """Ask the model once; in the last step it may call no tools, so that it must answer.

        It is told so at the end, and the tools stay: all before that is in the server's cache. What
        reads on in a result comes with the first that was too long, and stays.
        """
        self._check_bounds(conversation, deadline)
        conversation.steps += 1
        last = conversation.steps >= self.bounds.steps
        question = conversation.question
        read_on = (READ_ON,) if any(one.handle for one in conversation.results) else ()
        allowed = self.allowed and (*self.allowed, *(tool.name for tool in read_on))
        request = ModelRequest(
            instructions=instructions(
                self.apis,
                today=self.clock.now().date(),
                owner=self.owner_text,
                dry_run=question.dry_run,
                more=self.execution.more is not None,
            ),
            transcript=(*conversation.transcript, *((LAST_STEP,) if last else ())),
            tools=(*self.tools, *read_on),
            allowed=() if last else allowed,
            search=self.search,
            deadline=deadline,
            output_schema=question.output_schema,
            output_name=question.output_name,
            end_user=self.end_user,
        )
        model, on_text = self.provider.name, self._on_text if self.on_event else None
        with self.telemetry.turn(self.provider, model, question.caller, conversation.id) as turn:
            turn.reply = reply = await self.provider.reply(request, on_text)
        conversation.transcript.append(reply)
        conversation.usage = conversation.usage + reply.usage
        await self._record_turn(conversation, reply)
        if last and reply.tool_calls:
            raise LimitError(
                f"The model asked for more than {self.bounds.steps} steps.",
                hint="assistant: {steps: N} allows more.",
            )
        return reply

    async def _calls(
        self, conversation: Conversation, reply: ModelReply, deadline: Deadline
    ) -> None:
        outcomes = await self.execution.step(conversation, reply.tool_calls, deadline)
        self.telemetry.spent_on(reply.usage, [outcome.operation for outcome in outcomes])
        for tool_call, outcome in zip(reply.tool_calls, outcomes, strict=True):
            await self._settle(conversation, tool_call, outcome, deadline)

    async def _resume_waiting(self, conversation: Conversation, deadline: Deadline) -> None:
        waiting, conversation.waiting = conversation.waiting, []
        for one in waiting:
            outcome = await self.resume_call(one.call_id, deadline)
            await self._settle(conversation, one.tool_call, outcome, deadline)

    async def _settle(
        self,
        conversation: Conversation,
        tool_call: ToolCall,
        outcome: Outcome,
        deadline: Deadline,
    ) -> None:
        """Keep an outcome for the model, or keep its call waiting for a person."""
        if outcome.status is Status.PENDING and outcome.approval is not None:
            approval = await self.approvals.get(outcome.approval)
            # Whoever sits at the prompt is the owner, and answers for nobody else.
            if self.on_approval is None or approval.may_answer:
                self._asked.append(approval)
                conversation.waiting.append(Waiting(tool_call, approval.call_id))
                self._outcomes.append(outcome)
                return
            await self.on_approval(approval)
            outcome = await self.resume_call(approval.call_id, deadline)
        if outcome.operation not in FINDING and tool_call.name != READ_RESULT:
            self._outcomes.append(outcome)
        conversation.transcript.append(self.execution.result(tool_call, outcome))

    def _check_bounds(self, conversation: Conversation, deadline: Deadline) -> None:
        used = conversation.usage.input_tokens + conversation.usage.output_tokens
        if used > self.bounds.tokens:
            raise LimitError(
                f"The question has used {used:,} tokens; {self.bounds.tokens:,} are allowed.",
                hint="assistant: {tokens: N} allows more.",
            )
        if deadline.remaining() <= 0:
            raise LimitError(
                f"The question took longer than {self.bounds.timeout:g} s.",
                hint="assistant: {timeout: 5m} allows more.",
            )

    @staticmethod
    def _text_of(reply: ModelReply) -> str:
        if reply.finish == "refusal":
            raise ModelError(f"The model declined to answer: {reply.text or 'no reason given'}")
        if reply.finish == "length":
            raise ModelError("The answer was cut off by the model's own limit of tokens.")
        if not reply.text.strip():
            raise ModelError("The model gave an empty answer.", hint="Ask again.")
        return reply.text

    def _answer(self, conversation: Conversation, text: str) -> Answer:
        return Answer(
            id=conversation.id,
            text=text,
            status=Status.PENDING if conversation.waiting else Status.OK,
            calls=tuple(self._outcomes),
            approvals=tuple(self._asked),
            usage=conversation.usage,
            model=self.provider.name,
        )

    async def _record_turn(self, conversation: Conversation, reply: ModelReply) -> None:
        await self.audit.turn(
            TurnRecord(
                answer_id=conversation.id,
                step=conversation.steps,
                at=self.clock.now(),
                model=reply.model or self.provider.name,
                seconds=reply.seconds,
                usage={
                    "input_tokens": reply.usage.input_tokens,
                    "cached_tokens": reply.usage.cached_tokens,
                    "output_tokens": reply.usage.output_tokens,
                },
                tool_calls=len(reply.tool_calls),
                finish=reply.finish,
                first_chunk_seconds=reply.first_chunk_seconds,
                dollars=reply.usage.dollars,
                limits=reply.limits or None,
            )
        )

    async def _on_text(self, text: str) -> None:
        await self._tell(TextArrived(text))

    async def _tell(self, event: Event) -> None:
        if self.on_event is not None:
            await self.on_event(event)


def _waits_for(approval: Approval) -> str:
    return (
        f"{approval.operation} waits for a person's yes as {approval.id}. "
        f"To give it: dragoman approvals approve {approval.id}"
    )
