"""What telemetry reads of a call and of a model's turn; the rooms above have the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dragoman.operation import Attempt, Call, JsonObject, Outcome, Prepared, Received

__all__ = ["Reply", "Seen", "Used"]


class Seen(Protocol):
    """A call, and by its end all that became known of it: `call.record.Trace`."""

    @property
    def call(self) -> Call:
        """The call; what was filled in on its way is in it."""
        ...

    @property
    def attempts(self) -> Sequence[Attempt]:
        """Each sending of its request."""
        ...

    @property
    def waited(self) -> float:
        """Seconds in queues before the first of them."""
        ...

    @property
    def cached(self) -> str:
        """`fresh` or `revalidated` where the answer came from the cache."""
        ...

    @property
    def prepared(self) -> Prepared | None:
        """Its request, once it was prepared."""
        ...

    @property
    def received(self) -> Received | None:
        """What the API answered."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """What came of it; None where it was cancelled or broke."""
        ...


class Used(Protocol):
    """What a model took: `models.provider.Usage`."""

    @property
    def input_tokens(self) -> int:
        """Tokens that it read, those from its cache among them."""
        ...

    @property
    def cached_tokens(self) -> int:
        """Those of them that came from its cache."""
        ...

    @property
    def output_tokens(self) -> int:
        """Tokens that it wrote, its reasoning among them."""
        ...

    @property
    def reasoning_tokens(self) -> int:
        """Those of them that were reasoning."""
        ...

    @property
    def dollars(self) -> float | None:
        """Its price in US dollars, None where that is not known."""
        ...


class Reply(Protocol):
    """A turn of a model: `models.provider.ModelReply`."""

    @property
    def model(self) -> str:
        """The model as the server calls it."""
        ...

    @property
    def usage(self) -> Used:
        """What it took."""
        ...

    @property
    def finish(self) -> str:
        """Why it ended."""
        ...

    @property
    def limits(self) -> JsonObject:
        """What the server says of its limits: see `models.limits`."""
        ...

    @property
    def first_chunk_seconds(self) -> float | None:
        """Seconds until the first event of a stream."""
        ...
