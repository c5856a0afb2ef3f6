"""The import report: what becomes of each operation of a description."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from dragoman.apis.description import Description
from dragoman.errors import DragomanError
from dragoman.operation import JsonValue, Operation

__all__ = ["ImportReport", "Imported", "State", "import_report"]


class State(StrEnum):
    """Whether an operation is as its description says."""

    FULL = "full"
    CHANGED = "changed"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Imported:
    """One operation: `reasons` say what was changed, or why it cannot be called."""

    id: str
    route: str
    state: State
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """Return the members that `lint --json` promises of an item."""
        return {"id": self.id, "state": self.state.value, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All operations, in the order of the description; `notes` are about the whole of it."""

    title: str
    version: str
    items: tuple[Imported, ...]
    notes: tuple[str, ...] = ()

    @property
    def operations(self) -> int:
        """How many operations the description has."""
        return len(self.items)

    @property
    def full(self) -> int:
        """How many of them are as described."""
        return self._count(State.FULL)

    @property
    def changed(self) -> int:
        """How many can be called, and are not quite as described."""
        return self._count(State.CHANGED)

    @property
    def unsupported(self) -> int:
        """How many cannot be called."""
        return self._count(State.UNSUPPORTED)

    def in_state(self, state: State) -> list[Imported]:
        """Return the operations in one state."""
        return [item for item in self.items if item.state is state]

    def reasons(self, state: State) -> list[tuple[str, int]]:
        """Return each reason given for a state and how many operations it is given for.

        The commonest comes first.
        """
        counted = Counter(
            reason for item in self.in_state(state) for reason in dict.fromkeys(item.reasons)
        )
        return counted.most_common()

    def as_json(self) -> dict[str, JsonValue]:
        """Return the object that `lint --json` prints; `findings` is where advice will be."""
        return {
            "operations": self.operations,
            "full": self.full,
            "changed": self.changed,
            "unsupported": self.unsupported,
            "items": [item.as_json() for item in self.items],
            "notes": list(self.notes),
            "findings": [],
        }

    def _count(self, state: State) -> int:
        return sum(item.state is state for item in self.items)


def import_report(description: Description) -> ImportReport:
    """Return what becomes of each operation; reads every contract, which takes its time."""
    return ImportReport(
        title=description.title,
        version=description.version,
        items=tuple(_imported(operation) for operation in description.operations.values()),
        notes=description.findings,
    )


def _imported(operation: Operation) -> Imported:
    try:
        contract = operation.contract
    except DragomanError as error:
        reason = str(error)
        return Imported(operation.id, operation.route, State.UNSUPPORTED, (reason,))
    if contract.unsupported:
        reason = contract.unsupported
        return Imported(operation.id, operation.route, State.UNSUPPORTED, (reason,))
    state = State.CHANGED if contract.changes else State.FULL
    return Imported(operation.id, operation.route, state, contract.changes)
