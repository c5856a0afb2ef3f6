"""The catalog: all operations that the owner's file serves, by id and in a fixed order."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dragoman.catalog.index import Index
from dragoman.catalog.search import Hit, Search
from dragoman.catalog.selection import names
from dragoman.errors import DragomanError, NotFoundError
from dragoman.nearest import did_you_mean, nearest
from dragoman.operation import Operation

__all__ = ["Catalog"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Operations by id, in the order of the file and of each description.

    `withheld` are the ids of others, with the error that says why they are not served.
    """

    operations: Mapping[str, Operation]
    _search: Search = field(repr=False, compare=False)
    withheld: Mapping[str, DragomanError] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        operations: Iterable[Operation],
        index: Index | None = None,
        withheld: Mapping[str, DragomanError] | None = None,
    ) -> Catalog:
        """Return the catalog of these operations; of two with one id the first stays.

        An `index` given holds exactly these operations, in their order.
        """
        known: dict[str, Operation] = {}
        for operation in operations:
            known.setdefault(operation.id, operation)
        return cls(known, Search(tuple(known.values()), index), withheld or {})

    def get(self, operation_id: str) -> Operation:
        """Return the operation of that id; raises `NotFoundError` with the three nearest.

        Raises what stands in `withheld` for one that is not served now.
        """
        operation = self.operations.get(operation_id)
        if operation is None:
            if (why := self.withheld.get(operation_id)) is not None:
                raise why.with_traceback(None)  # of an earlier call
            raise NotFoundError(
                f"There is no operation {operation_id}.",
                hint=self._renamed(operation_id) or did_you_mean(operation_id, self.operations),
            )
        return operation

    def _renamed(self, operation_id: str) -> str:
        """Return how an operation is served that has this id in its description only."""
        api, _, name = operation_id.partition(".")
        for one in self.operations.values():
            if (one.api, one.renamed_from) == (api, name) and name:
                return f"It is served as {one.id}."
        return ""

    def select(self, globs: Sequence[str]) -> list[Operation]:
        """Return the operations that any of the globs names (`shop.*`), in catalog order.

        Raises `NotFoundError` for a glob that names none.
        """
        named = {glob: [key for key in self.operations if names(glob, key)] for glob in globs}
        for glob, found in named.items():
            if not found and not any(names(glob, one) for one in self.withheld):
                raise NotFoundError(f"No operation is named {glob}.", hint=self.suggest(glob))
        chosen = {key for found in named.values() for key in found}
        return [operation for key, operation in self.operations.items() if key in chosen]

    def suggest(self, glob: str) -> str:
        """Return `Did you mean …?` for a glob or id that names no operation, or nothing."""
        if renamed := self._renamed(glob):
            return renamed
        api, dot, rest = glob.partition(".")
        apis = list(dict.fromkeys(operation.api for operation in self.operations.values()))
        if api in apis:
            return did_you_mean(glob, self.operations) if dot else f"Did you mean {api}.*?"
        near = [f"{name}.{rest or '*'}" for name in nearest(api, apis)]
        fitting = [one for one in near if any(names(one, key) for key in self.operations)]
        return did_you_mean(glob, fitting) or did_you_mean(glob, self.operations)

    def search(self, text: str, limit: int = 5, among: Container[str] | None = None) -> list[Hit]:
        """Return the operations that fit a text best, of those whose id is in `among`.

        Any text will do, and any thread may ask. The first search may build the index.
        """
        return self._search.search(text, limit, among)
