"""What the assistant asks of a model and what comes back, whoever the provider is.

A provider is anything with the two methods of `Provider`: OpenAI's API, a compatible server, a
scripted one in a test, the offline planner. None of them knows the call path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from dragoman.clock import Deadline
    from dragoman.operation import JsonObject, JsonSchema, JsonValue, Tool

__all__ = [
    "Embeddings",
    "Finding",
    "ModelReply",
    "ModelRequest",
    "OnText",
    "Provider",
    "ToolCall",
    "ToolResult",
    "Transcript",
    "Usage",
    "UserMessage",
]

OnText: TypeAlias = "Callable[[str], Awaitable[None]]"
"""Is given each piece of the answer's text as it arrives."""

Finding: TypeAlias = Literal["none", "functions", "tool_search"]
"""How a model finds operations beyond the tools that it was given: not at all, by functions that
we offer it, or by the tool search of its own interface."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a reply took, and its price in US dollars where that is known."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    dollars: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [d for d in (self.dollars, other.dollars) if d is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            sum(known) if known else None,
        )


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; `arguments` is the JSON text as the model wrote it.

    Where `searches`, it asks for tools, by the tool search of its interface.
    """

    id: str
    name: str
    arguments: str
    searches: bool = False


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What the user said, or, where it is `added`, what we put in on the user's side."""

    text: str
    added: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call: `content` is the fenced text a language model reads.

    `status` and `data` are the same as values, for a provider that is a program; `when_missing`
    is what the owner wants said where the data that was asked for is not there. `operation` is
    what was called; `tools` are those that a tool search has found, None for any other call;
    `handle` names the whole of data that was too long to be shown.
    """

    call_id: str
    name: str
    content: str
    status: str
    data: JsonValue = None
    when_missing: str = ""
    operation: str = ""
    tools: tuple[Tool, ...] | None = None
    handle: str = ""


@dataclass(frozen=True, slots=True)
class ModelReply:
    """One turn of the model.

    `items` are the provider's own output items, to be passed back unchanged in the next request
    (reasoning included); `finish` says why the turn ended; `first_chunk_seconds` is when it began,
    where it was streamed; `limits` what the server says of its own.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    items: tuple[JsonObject, ...] = ()
    usage: Usage = field(default_factory=Usage)
    finish: Literal["stop", "length", "refusal"] = "stop"
    model: str = ""
    seconds: float = 0.0
    first_chunk_seconds: float | None = None
    limits: JsonObject = field(default_factory=dict)


Transcript: TypeAlias = "Sequence[UserMessage | ModelReply | ToolResult]"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything that one turn of the model is given.

    `instructions` are ours and the owner's, never anyone else's text. `output_schema` asks for
    an answer in that form. `end_user` is a keyed hash, sent to OpenAI's own address only.

    Instructions and `tools` stay the same from turn to turn, so that they are cached; `allowed`
    narrows one turn to the tools of these names, to none where it is empty. `search` describes
    the interface's own tool search, where more tools can be found by it.
    """

    instructions: str
    transcript: Transcript
    tools: Sequence[Tool]
    deadline: Deadline
    output_schema: JsonSchema | None = None
    output_name: str = "answer"
    max_output_tokens: int | None = None
    end_user: str = ""
    allowed: tuple[str, ...] | None = None
    search: Tool | None = None

    @property
    def callable_tools(self) -> tuple[Tool, ...]:
        """The tools that may be called in this turn."""
        names = self.allowed
        return tuple(tool for tool in self.tools if names is None or tool.name in names)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One vector a text, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    usage: Usage


class Provider(Protocol):
    """A model that can choose tools."""

    @property
    def name(self) -> str:
        """The model's name, for records and receipts."""
        ...

    @property
    def max_tools(self) -> int:
        """How many tools one request may carry."""
        ...

    @property
    def finding(self) -> Finding:
        """How the model finds operations beyond the tools that it was given."""
        ...

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """Return the model's next turn; raises `ModelError`, `LimitError` or `CredentialError`."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...
