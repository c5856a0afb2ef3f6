"""How a call ends when it does not come back with an answer."""

from __future__ import annotations

from dragoman.errors import DragomanError
from dragoman.operation import Call, Outcome, Prepared, Received, Status

__all__ = ["Ended", "Repeated", "done", "ended", "failed"]


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


def failed(call: Call, error: DragomanError, prepared: Prepared | None) -> Outcome:
    """Return the outcome of a call that an error ended."""
    return Outcome(
        id=call.id,
        operation=call.operation,
        status=Status.FAILED,
        problem=error.problem,
        prepared=prepared,
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
