"""How a call ends when it does not come back with an answer."""

from __future__ import annotations

from dragoman.errors import ConfigurationError, DragomanError, ResponseError
from dragoman.operation import Call, Effect, Outcome, Prepared, Received, Status

__all__ = ["Ended", "Repeated", "done", "ended", "failed"]


_DONE = (
    "It was done: the API has accepted it, and only its answer cannot be used. Do not do it again."
)


class Ended(Exception):  # noqa: N818 - no error: a stage has settled what comes of the call
    """The call ends here, with this outcome. Only `path` catches it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status.value)
        self.outcome = outcome


class Repeated(Exception):  # noqa: N818 - no error: the answer is there already
    """An equal call has finished in the meantime, with this answer. Only *reuse* catches it."""

    def __init__(self, received: Received) -> None:
        super().__init__("repeated")
        self.received = received


def ended(
    call: Call,
    prepared: Prepared,
    status: Status,
    note: str,
    *,
    approval: str | None = None,
    error: DragomanError | None = None,
) -> Ended:
    """Return the early end of a call, to be raised."""
    return Ended(
        Outcome(
            id=call.id,
            operation=prepared.operation,
            status=status,
            problem=error.problem if error else None,
            prepared=prepared,
            note=note,
            source=prepared.api,
            approval=approval,
        )
    )


def failed(
    call: Call,
    error: DragomanError,
    prepared: Prepared | None,
    received: Received | None = None,
) -> Outcome:
    """Return the outcome of a call that an error ended, perhaps after the API had `received` it.

    Of a write that was done it says so: whoever is told only that it failed does it again.
    """
    is_done = received is not None and 200 <= received.status < 300
    is_write = prepared is not None and prepared.effect is not Effect.READ
    is_of_no_use = isinstance(error, ResponseError | ConfigurationError)
    return Outcome(
        id=call.id,
        operation=call.operation,
        status=Status.FAILED,
        problem=error.problem,
        prepared=prepared,
        note=_DONE if is_done and is_write and is_of_no_use else "",
        source=call.operation.partition(".")[0],
    )


def done(call: Call, prepared: Prepared) -> Outcome:
    """Return the outcome of a call whose answer nobody is given."""
    return Outcome(
        id=call.id,
        operation=call.operation,
        status=Status.OK,
        prepared=prepared,
        source=prepared.api,
    )
