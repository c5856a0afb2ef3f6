"""What one open configuration tells of itself: each call and each turn of a model, once.

The names of operations and callers come from the configuration, all others are `other`: a caller
that invents names makes no series of its own. End users stand in no label and in no attribute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dragoman.clock import Clock
from dragoman.config.surroundings import TelemetrySettings
from dragoman.errors import DragomanError, Fault
from dragoman.secrets.reference import Template
from dragoman.telemetry import names
from dragoman.telemetry.facts import Reply, Seen, Used
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.of_calls import OTHER, counted, log, measure, sendings, told, toolcall
from dragoman.telemetry.of_models import about, limits, tokens, usage
from dragoman.telemetry.taking import open_spans

if TYPE_CHECKING:
    from dragoman.operation import Outcome
    from dragoman.telemetry.otlp import Exporting
    from dragoman.telemetry.spans import Attribute, Kind, Spans

__all__ = ["TOOL_CALL", "Telemetry", "Turn"]

TOOL_CALL: ContextVar[tuple[str, str]] = ContextVar("TOOL_CALL", default=("", ""))
"""The name of the tool that a model calls, and its own id of that call."""


@dataclass(slots=True)
class Turn:
    """A turn of a model under way; whoever asked leaves the reply here."""

    reply: Reply | None = None


@dataclass(slots=True, repr=False)
class Telemetry:
    """Measures. Spans begin with `start`, and go to the `collector`, or the program around us.

    `resolve` gives the text of a secret in a header, `redact` takes all of them out.

    `gauges` sets what other rooms know of these APIs now: limits, breakers, records that wait.
    """

    settings: TelemetrySettings
    collector: str
    resolve: Callable[[Template], Awaitable[str]]
    redact: Callable[[str], str]
    clock: Clock
    operations: Collection[str]
    callers: Collection[str]
    metrics: Metrics = field(default_factory=Metrics)
    gauges: Callable[[Metrics, Collection[str]], None] = lambda _metrics, _apis: None
    _spans: Spans | None = None
    _exporting: Exporting | None = None
    _started: bool = False
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, *, serving: bool = False) -> None:
        """Begin to make spans, where anybody takes them; once, before the first call.

        A program of ours that is `serving` gives its collector to all libraries in it.
        """
        if self._started:
            return
        async with self._starting:
            if not self._started:
                self._spans, self._exporting = await open_spans(
                    self.settings, self.collector, self.resolve, self.redact
                )
                self._started = True
        if serving and self._exporting is not None:
            from dragoman.telemetry.spans import serve_the_process  # noqa: PLC0415

            serve_the_process(self._exporting.tracers)

    async def aclose(self) -> None:
        """Send what was not sent yet, for ten seconds at most."""
        exporting, self._exporting, self._spans = self._exporting, None, None
        if exporting is not None:
            await asyncio.to_thread(exporting.close)

    def exposition(self, *, openmetrics: bool = False) -> str:
        """Return the measurements as text, what other rooms know now among them."""
        self.gauges(self.metrics, {name.partition(".")[0] for name in self.operations})
        return self.metrics.exposition(openmetrics=openmetrics)

    @contextmanager
    def call(self, seen: Seen) -> Iterator[None]:
        """Watch over a call; at its end all that became known of it is told."""
        started = self.clock.monotonic()
        with self._tool(seen) as span:
            try:
                yield
            finally:
                seconds = self.clock.monotonic() - started
                labels = self._labels(seen.call.operation)
                measure(self.metrics, seen, labels, self._caller(seen.call.caller), seconds)
                if self.metrics.is_shared:  # the worker that is asked knows only of itself
                    self.gauges(self.metrics, labels[:1])
                log(seen, seconds)
                if self._spans is not None:
                    attributes = told(seen)
                    span.update(attributes)
                    self._spans.measure(
                        names.TOOL_DURATION, seconds, counted(attributes, labels[1])
                    )
                    for sending in sendings(seen):
                        self._spans.past(*sending)

    @contextmanager
    def turn(self, provider: object, model: str, caller: str, conversation: str) -> Iterator[Turn]:
        """Watch over a turn of a model; it may raise."""
        started, turn, error = self.clock.monotonic(), Turn(), ""
        attributes = {**about(provider, model), names.OPERATION: "chat"}
        shown = {**attributes, names.CONVERSATION: conversation}
        with self._span(f"chat {model}", shown, kind="client") as span:
            try:
                yield turn
            except BaseException as fault:
                error, whose = _kind(fault)
                span[names.ERROR] = attributes[names.ERROR] = error
                self.metrics.add("model_errors", model, error, whose)
                raise
            finally:
                seconds = self.clock.monotonic() - started
                self.metrics.observe("model_seconds", model, seconds=seconds)
                if turn.reply is not None:
                    span.update(self._replied(turn.reply, model, caller, attributes))
                if self._spans is not None:
                    self._spans.measure(names.DURATION, seconds, attributes)

    @contextmanager
    def answer(self, conversation: str, toolset: str) -> Iterator[None]:
        """Watch over a question until it is answered: turns and calls are within it."""
        started = self.clock.monotonic()
        agent = toolset or "dragoman"
        attributes = {names.OPERATION: "invoke_agent", names.AGENT: agent}
        shown = {**attributes, names.CONVERSATION: conversation}
        with self._span(f"invoke_agent {agent}", shown) as span:
            try:
                yield
            except BaseException as fault:
                span[names.ERROR] = attributes[names.ERROR] = _kind(fault)[0]
                raise
            finally:
                if self._spans is not None:
                    seconds = self.clock.monotonic() - started
                    self._spans.measure(names.AGENT_DURATION, seconds, attributes)

    def unread(self, outcome: Outcome) -> None:
        """Count what was wrong with a tool call that could not be read, and so was never made."""
        problem = outcome.problem
        if problem is not None:
            labels = self._labels(outcome.operation)
            self.metrics.add("errors", *labels, problem.code, problem.fault.value)

    def spent(self, used: Used, model: str, caller: str) -> None:
        """Count the tokens of a model and what they cost."""
        caller = self._caller(caller)
        for kind, count in tokens(used).items():
            self.metrics.add("tokens", model, caller, kind, by=count)
        if used.dollars is not None:
            self.metrics.add("dollars", model, caller, by=used.dollars)

    def spent_on(self, used: Used, operations: Sequence[str]) -> None:
        """Share the tokens of a turn among the operations that it has called."""
        for operation in operations:
            labels, share = self._labels(operation), 1 / len(operations)
            count = used.input_tokens + used.output_tokens
            self.metrics.add("operation_tokens", *labels, by=count * share)
            if used.dollars is not None:
                self.metrics.add("operation_dollars", *labels, by=used.dollars * share)

    def _replied(
        self, reply: Reply, model: str, caller: str, attributes: Mapping[str, Attribute]
    ) -> dict[str, Attribute]:
        self.spent(reply.usage, model, caller)
        if reply.first_chunk_seconds is not None:
            first = reply.first_chunk_seconds
            self.metrics.observe("model_first_chunk_seconds", model, seconds=first)
        for name, kind, count in limits(reply.limits):
            self.metrics.set(name, model, kind, to=count)
        if self._spans is None:
            return {}
        for kind in ("input", "output"):
            counted = {**attributes, names.TOKEN_TYPE: kind}
            self._spans.measure(names.TOKENS, tokens(reply.usage)[kind], counted)
        return usage(reply)

    def _tool(self, seen: Seen) -> AbstractContextManager[dict[str, Attribute]]:
        if self._spans is None:
            return nullcontext({})
        # A call that the owner's rule makes is no tool call of the model's.
        tool, model_id = TOOL_CALL.get() if seen.call.parent is None else ("", "")
        tool = tool or seen.call.operation
        attributes = toolcall(seen.call, tool, model_id)
        # The MCP SDK has its own span of a call that came in, with the same operation name.
        is_ours = seen.call.door != "mcp" or seen.call.parent is not None
        return self._spans.span(f"execute_tool {tool}", attributes, joins=not is_ours)

    def _span(
        self, name: str, attributes: Mapping[str, Attribute], *, kind: Kind = "internal"
    ) -> AbstractContextManager[dict[str, Attribute]]:
        if self._spans is None:
            return nullcontext({})
        return self._spans.span(name, attributes, kind=kind)

    def _labels(self, operation: str) -> tuple[str, str]:
        known = operation in self.operations
        return (operation.partition(".")[0], operation) if known else (OTHER, OTHER)

    def _caller(self, caller: str) -> str:
        return caller if caller in self.callers else OTHER


def _kind(fault: BaseException) -> tuple[str, str]:
    """Return the code of a fault and whose it is; ones that are not ours have few names."""
    if isinstance(fault, DragomanError):
        return fault.problem.code, fault.problem.fault.value
    if isinstance(fault, asyncio.CancelledError):
        return "cancelled", ""
    return "internal", Fault.US.value
