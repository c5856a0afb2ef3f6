"""The arguments of an operation: one flat, closed object, whatever places they come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dragoman.operation import JsonValue

__all__ = ["Arguments"]


@dataclass(slots=True)
class Arguments:
    """Gathers the arguments in the order path, query, header, cookie, body.

    `omitted` are the names that the owner takes away, `taken_away` those of them that there were.
    Where names collide, the first keeps its name and the others end in their place.
    """

    omitted: Collection[str] = ()
    properties: dict[str, JsonValue] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    dependent: dict[str, JsonValue] = field(default_factory=dict)
    taken_away: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)

    def claim(self, name: str, place: str) -> str | None:
        """Return the argument's name, or None where the owner takes that argument away."""
        argument, count = name, 1
        while argument in self._taken:
            argument = f"{name}_{place}" if count == 1 else f"{name}_{place}_{count}"
            count += 1
        self._taken.add(argument)
        if argument in self.omitted:
            self.taken_away.add(argument)
            return None
        return argument

    def add(self, argument: str, schema: JsonValue, *, required: bool) -> None:
        """Add an argument that was claimed."""
        self.properties[argument] = schema
        if required:
            self.required.append(argument)

    def schema(self, defs: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the input schema, self-contained."""
        made: dict[str, JsonValue] = {"type": "object", "properties": self.properties}
        if self.required:
            made["required"] = list[JsonValue](self.required)
        if self.dependent:
            made["dependentRequired"] = self.dependent
        made["additionalProperties"] = False
        if defs:
            made["$defs"] = defs
        return made
