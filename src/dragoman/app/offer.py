"""What a caller is offered of the catalog: operations by scope and toolset, and their tools."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dragoman.app.parts import Parts
from dragoman.assistant.answer import Question
from dragoman.assistant.conversation import Conversation
from dragoman.assistant.finding import Choice, Findable, fitting, size
from dragoman.catalog.search import Hit
from dragoman.catalog.selection import names
from dragoman.config.settings import ToolsetSettings
from dragoman.errors import ConfigurationError, NotFoundError, UnsupportedError
from dragoman.models.provider import Provider
from dragoman.operation import Operation, Tool
from dragoman.tools.meta import META_TOOLS, READ_ON
from dragoman.tools.tools import ToolTable, make_tools

__all__ = ["Offer"]

MAX_TOOLS = 127
"""Tools that a question is given at the most: one less than OpenAI takes, for `read_result`."""

EAGER = 10
"""Tools that the words of a question over a large catalog find, at the most."""

EAGER_TOKENS = 900
"""What these may take in all; those that a toolset calls eager come on top."""

SEARCH_TOKENS = 1_500
"""What the tools that one tool search loads may take in all, except for the best of them."""

MAX_EAGER = 80
"""Tools of a toolset that are given at once; what is left of 128 is for all that comes on top."""

MAX_KEPT = 30
"""Tools of earlier questions that stay; beyond them, those that were called."""


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
        known = {one.id: one for one in self.operations(None, caller)}
        return self._hits(text, limit, known)

    def _hits(self, text: str, limit: int, known: Mapping[str, Operation]) -> list[Hit]:
        hits = self.parts.catalog.search(text, limit, known)
        if text not in known:
            return hits
        named = Hit(known[text], math.inf)
        return [named, *(hit for hit in hits if hit.operation.id != text)][:limit]

    def table(self, toolset: str | None, *, caller: str) -> ToolTable:
        """Return the tools of a toolset, or of everything, that a caller may use."""
        known = self._tables.get((toolset, caller))
        if known is None:
            known = self._tables[toolset, caller] = self._make(self.operations(toolset, caller))
        return known

    def for_question(
        self, question: Question, provider: Provider, conversation: Conversation
    ) -> Choice:
        """Return the tools of a question: all of them, or the best of a large catalog.

        What was given earlier in the conversation stays in its place, so that the cache of the
        model's server holds, and what was called can be called again.
        """
        known = {one.id: one for one in self.operations(question.toolset, question.caller)}
        kept = [known[id_] for id_ in conversation.offered if id_ in known]
        if question.context:
            return Choice(self._make(kept), allowed=())
        most = min(provider.max_tools, MAX_TOOLS)
        if len(known) <= most:
            table = self.table(question.toolset, caller=question.caller)
            tokens = self.parts.configuration.settings.assistant.tool_tokens
            if provider.finding == "none" or size(table.tools) <= tokens:
                return Choice(table)
        if provider.finding == "none":
            return Choice(self._make(self._found(known, question.text, most)))
        return self._few(question, known, kept, conversation.used)

    def _few(
        self,
        question: Question,
        known: Mapping[str, Operation],
        kept: list[Operation],
        used: Collection[str],
    ) -> Choice:
        """Return those that the toolset names and the question finds, and a way to the others."""
        more = self._findable(known)
        found = more.made(more.search(question.text, EAGER))
        named = self._eager(question.toolset, known)[:MAX_EAGER]
        chosen = (*more.made(named), *fitting(found, EAGER_TOKENS, EAGER))
        suited = dict.fromkeys(tool.operation for tool in chosen)
        if len(kept) > MAX_KEPT:
            kept = [one for one in kept if one.id in used][-MAX_KEPT:]
        table = self._make([*kept, *(known[id_] for id_ in suited if known[id_] not in kept)])
        narrowed = [one for one in table.tools if one.operation in suited or one.operation in used]
        allowed = tuple(tool.name for tool in (*narrowed, *META_TOOLS))
        return Choice(table, allowed if len(narrowed) < len(table.tools) else None, more)

    def own_loop(self, toolset: str | None, *, caller: str) -> Choice:
        """Return what a call from somebody's own loop may name: any of the operations."""
        known = {one.id: one for one in self.operations(toolset, caller)}
        all_fit = len(known) <= MAX_TOOLS
        table = self.table(toolset, caller=caller) if all_fit else ToolTable.of((), {})
        return Choice(table, more=self._findable(known))

    def own_tools(self, toolset: str | None, *, caller: str) -> tuple[Tool, ...]:
        """Return the tools for somebody's own loop; three that stand for more than OpenAI takes.

        What reads on in a result comes last, once one was too long.
        """
        read_on = (READ_ON,) if self.parts.results.any_kept else ()
        if len(self.operations(toolset, caller)) > MAX_TOOLS:
            return (*META_TOOLS, *read_on)
        return (*self.table(toolset, caller=caller).tools, *read_on)

    def _findable(self, known: Mapping[str, Operation]) -> Findable:
        return Findable(known, partial(self._found, known), self._tool, SEARCH_TOKENS)

    def _found(self, known: Mapping[str, Operation], text: str, limit: int) -> list[Operation]:
        return [hit.operation for hit in self._hits(text, limit, known)]

    def _eager(self, toolset: str | None, known: Mapping[str, Operation]) -> list[Operation]:
        globs = self._toolset(toolset).eager if toolset is not None else []
        return [one for one in known.values() if any(names(glob, one.id) for glob in globs)]

    def _tool(self, operation: Operation) -> Tool:
        """Return the tool of an operation; raises `UnsupportedError` where it can have none."""
        table = self._make([operation])
        if not table.tools:
            raise UnsupportedError(
                f"{operation.id} cannot be called: {table.left_out[operation.id]}"
            )
        return table.tools[0]

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
