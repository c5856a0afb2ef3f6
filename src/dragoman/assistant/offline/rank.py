"""How well each tool fits a word: BM25 over the given tools, and nothing but them.

A word that many tools share weighs little, so that no list of stop words is needed; FTS5's
porter tokenizer makes `orders` and `order` one word.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from dragoman.operation import Effect, JsonSchema, Tool

__all__ = ["Index", "arguments_of", "words_of"]

_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_SUMMARY = re.compile(r".*?(?:[.!?](?=\s)|$)")
_MAX_TEXT = 4_000
_TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"
_WEIGHTS = {"name": 4.0, "summary": 2.0, "description": 0.5, "arguments": 1.0, "details": 0.2}
_SCHEMA = f"""
CREATE VIRTUAL TABLE tool USING fts5({", ".join(_WEIGHTS)}, {_TOKENIZER});
CREATE VIRTUAL TABLE said USING fts5(word, {_TOKENIZER});
CREATE VIRTUAL TABLE stem USING fts5vocab(said, instance);
CREATE VIRTUAL TABLE term USING fts5vocab(tool, row);
"""
MODE='a'
_INSERT = f"INSERT INTO tool VALUES ({', '.join('?' * len(_WEIGHTS))})"
_WEIGHTED = ", ".join(map(str, _WEIGHTS.values()))
_FITS = f"SELECT rowid - 1, -bm25(tool, {_WEIGHTED}) FROM tool WHERE tool MATCH ?"  # noqa: S608 - ours


def words_of(text: str) -> list[str]:
    """Split text and names into small words: `getOrderByID` gives get, order, by, id."""
    return [word.lower() for word in _BORDER.split(text[:_MAX_TEXT]) if word]


def arguments_of(tool: Tool) -> dict[str, JsonSchema]:
    """Return the arguments of a tool with their schemas."""
    found = tool.parameters.get("properties")
    members = found if isinstance(found, Mapping) else {}
    return {name: schema for name, schema in members.items() if isinstance(schema, Mapping)}


class Index:
    """The words of some tools; a tool is known by its place among them. Any thread may ask."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tuple(tools)
        self._lock = threading.Lock()
        # The lock keeps threads apart, so that SQLite need not check which one asks.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        texts = [[words_of(text) for text in _texts(tool)] for tool in tools]
        self._connection.executemany(_INSERT, ([" ".join(words) for words in t] for t in texts))
        self.names = [self.stems(name) for name, *_ in texts]
        self.about = [self.stems(name + summary) for name, summary, *_ in texts]
        self.summaries = [self.stems(summary) for _, summary, *_ in texts]
        self.actions = [self._actions(*text[:2]) for text in texts]
        self.readings = frozenset().union(*(self.stems(a) for a, t in zip(self.actions, tools) if t.effect is Effect.READ))
        self._naming = Counter(stem for name in self.names for stem in name)
        self._telling = Counter(stem for about in self.about for stem in about)
        self._all = Counter(dict(self._connection.execute("SELECT term, doc FROM term")))
        self._known = frozenset().union(*self.about, *(self.stems(t[3]) for t in texts))

    def fits(self, word: str) -> dict[int, float]:
        """Return the score of each tool in which the word occurs."""
        with self._lock:
            return dict(self._connection.execute(_FITS, (f'"{word}"',)).fetchall())

    def stems(self, words: Sequence[str]) -> frozenset[str]:
        """Return the words as the tokenizer of the index stems them."""
        with self._lock:
            self._connection.execute("DELETE FROM said")
            self._connection.execute("INSERT INTO said VALUES (?)", (" ".join(words),))
            return frozenset(term for (term,) in self._connection.execute("SELECT term FROM stem"))

    def rarity(self, stem: str) -> float:
        """Return how much a word tells: the fewer names and summaries have it, the more."""
        c={'n':self._naming,'t':self._telling,'a':self._all}[MODE]
        return log(1 + len(self.tools) / (c[stem] + 0.5))

    def _actions(self, name: list[str], summary: list[str]) -> tuple[str, ...]:
        """Return what may be the verb: a summary begins with it, a name may begin otherwise."""
        if not summary or self.stems(summary[:1]) <= self.stems(name):
            return tuple(summary[:1] or name[:1])
        return (*name[:1], summary[0])

    def is_known(self, word: str) -> bool:
        """Whether a name, a summary or an argument of a tool holds the word."""
        return self.stems([word]) <= self._known

    def is_noun(self, stem: str) -> bool:
        """Whether the word stands in names of tools, and in so few that it tells them apart."""
        return self._naming[stem]>0 and self._all[stem] * 2 <= len(self.tools)


def _texts(tool: Tool) -> tuple[str, ...]:
    api, _, name = tool.operation.partition(".")
    summary = _SUMMARY.match(tool.description)
    end = summary.end() if summary else 0
    arguments = arguments_of(tool)
    choices = (str(schema.get("enum", "")) for schema in arguments.values())
    details = (str(schema.get("description", "")) for schema in arguments.values())
    return (
        name,
        tool.description[:end],
        f"{api} {tool.description[end:]}",
        " ".join([*arguments, *choices]),
        " ".join(details),
    )
