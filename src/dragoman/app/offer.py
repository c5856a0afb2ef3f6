"""What a caller is offered of the catalog: operations by scope and toolset, and their tools."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from dragoman.app.wiring import Parts
from dragoman.assistant.answer import Question
from dragoman.catalog.search import Hit
from dragoman.config.settings import ToolsetSettings
from dragoman.errors import ConfigurationError, NotFoundError
from dragoman.operation import Operation, Tool
from dragoman.tools.tools import ToolTable, make_tools

__all__ = ["Offer"]

MAX_TOOLS = 128
"""Tools that a question is given at the most: the limit of OpenAI, and enough to choose from."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Keeps the tools that were made, because making them reads every contract."""

    parts: Parts
    _tables: dict[tuple[str | None, str], ToolTable] = field(default_factory=dict)
    _tools: dict[str, Tool] = field(default_factory=dict)

    def search(self, text: str, limit: int, *, caller: str) -> list[Hit]:
        """Return the operations that fit a text best, of those that the caller may use.

        One whose whole id is the text comes first: among thousands its words are nothing rare.
        """
        policy, catalog = self.parts.policy, self.parts.catalog
        who = policy.caller(caller)
        allowed = {id_ for id_, one in catalog.operations.items() if policy.may(who, one)}
        hits = catalog.search(text, limit, allowed)
        if text not in allowed:
            return hits
        named = Hit(catalog.operations[text], math.inf)
        return [named, *(hit for hit in hits if hit.operation.id != text)][:limit]

    def table(self, toolset: str | None, *, caller: str) -> ToolTable:
        """Return the tools of a toolset, or of everything, that a caller may use."""
        known = self._tables.get((toolset, caller))
        if known is None:
            known = self._tables[toolset, caller] = self._make(self.operations(toolset, caller))
        return known

    def for_question(self, question: Question, most: int) -> ToolTable:
        """Return the tools of a question: all of them, or the best of a large catalog."""
        operations = self.operations(question.toolset, question.caller)
        most = min(most, MAX_TOOLS)
        if len(operations) <= most:
            return self.table(question.toolset, caller=question.caller)
        allowed = {operation.id for operation in operations}
        hits = self.parts.catalog.search(question.text, most, allowed)
        return self._make([hit.operation for hit in hits])

    def operations(self, toolset: str | None, caller: str) -> list[Operation]:
        """Return what a caller may use of a toolset; raises `NotFoundError` for no such one."""
        policy, catalog = self.parts.policy, self.parts.catalog
        who = policy.caller(caller)
        named = (
            catalog.operations.values()
            if toolset is None
            else catalog.select(self._toolset(toolset).tools)
        )
        return [operation for operation in named if policy.may(who, operation)]

    def instructions(self, toolset: str | None) -> str:
        """Return the owner's text for a toolset, read from its file where it names one."""
        text = "" if toolset is None else self._toolset(toolset).instructions
        if not text.startswith(("./", "../", "/")):
            return text
        try:
            return (self.parts.configuration.base / text).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            where = self.parts.configuration.where("toolsets", str(toolset), "instructions")
            why = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise ConfigurationError(f"{where}: {text} cannot be read: {why}") from None

    def _toolset(self, name: str) -> ToolsetSettings:
        toolsets = self.parts.configuration.settings.toolsets
        if name not in toolsets:
            known = ", ".join(toolsets) or "none"
            raise NotFoundError(f"There is no toolset '{name}'.", hint=f"The file has: {known}.")
        return toolsets[name]

    def _make(self, operations: Sequence[Operation]) -> ToolTable:
        """Make tools; what the owner fills is no argument that a model sees."""
        rules = self.parts.policy.rules
        return make_tools(operations, filled=lambda o: rules(o).fill, made=self._tools)
