"""How well each tool fits a word: FTS5's BM25 over the given tools, and nothing but them.

A word that many tools share weighs little, so that no list of stop words is needed.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from dragoman.catalog import index as catalog
from dragoman.operation import JsonSchema, Tool

__all__ = ["Index", "arguments_of", "required_of", "words_of"]

_SENTENCE = re.compile(r".*?(?:[.!?](?=\s)|$)")
_MARKUP = re.compile(r"<[^<>]*>")
_MAX_TEXT = 4_000
_TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"
_SCHEMA = f"""
CREATE VIRTUAL TABLE tool USING fts5(name, summary, arguments, description, details, {_TOKENIZER});
CREATE VIRTUAL TABLE said USING fts5(word, {_TOKENIZER});
CREATE VIRTUAL TABLE stem USING fts5vocab(said, instance);
CREATE VIRTUAL TABLE term USING fts5vocab(tool, row);
"""
_FITS = "SELECT rowid - 1, -bm25(tool, 4, 2, 1, 0.5, 0.2) FROM tool WHERE tool MATCH ?"


def words_of(text: str) -> list[str]:
    """Split text and names into small words: `getOrderByID` gives get, order, by, id."""
    return [word.lower() for word in catalog.words_of(text[:_MAX_TEXT])]


def arguments_of(tool: Tool) -> dict[str, JsonSchema]:
    """Return the arguments of a tool with their schemas."""
    found = tool.parameters.get("properties")
    members = found.items() if isinstance(found, Mapping) else ()
    return {name: schema for name, schema in members if isinstance(schema, Mapping)}


def required_of(tool: Tool) -> list[str]:
    """Return the names of the arguments without which a tool cannot be called."""
    found = tool.parameters.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


class Index:
    """The words of some tools; a tool is known by its place among them. Any thread may ask.

    Of each tool: `names` has the words of its name, `about` those of its summary too, `actions`
    what may be its verb. `known` words are in any of these or in arguments, `rare` ones in at
    most half of the tools, `nouns` are rare and in names, and `id_word` is what ids end in: what
    most names of required arguments end in.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tuple(tools)
        self._lock = threading.Lock()
        # The lock keeps threads apart, so that SQLite need not check which one asks.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        texts = [[words_of(text) for text in _texts(tool)] for tool in tools]
        rows = ([" ".join(words) for words in text] for text in texts)
        self._connection.executemany("INSERT INTO tool VALUES (?, ?, ?, ?, ?)", rows)
        self._stems: Mapping[str, frozenset[str]] = {}
        self._stems = self._stemmed({word for text in texts for part in text[:3] for word in part})
        self.names = [self.stems(name) for name, *_ in texts]
        self.about = [self.stems(name + summary) for name, summary, *_ in texts]
        self.actions = [{*name[:1], *summary[:1]} for name, summary, *_ in texts]
        self.known = frozenset().union(*self._stems.values())
        self._used = Counter(dict(self._connection.execute("SELECT term, doc FROM term")))
        self.rare = frozenset(stem for stem, count in self._used.items() if count * 2 <= len(tools))
        arguments = sorted({name for tool in tools for name in required_of(tool)})
        endings = Counter(word for name in arguments for word in words_of(name)[1:][-1:])
        self.id_word = max(endings, key=endings.__getitem__, default="")
        self.nouns = self.rare.intersection(stem for name in self.names for stem in name)

    def fits(self, word: str) -> dict[int, float]:
        """Return the score of each tool in which the word occurs."""
        with self._lock:
            return dict(self._connection.execute(_FITS, (f'"{word}"',)).fetchall())

    def stems(self, words: Sequence[str]) -> frozenset[str]:
        """Return the words as the tokenizer of the index stems them."""
        new = self._stemmed({word for word in words if word not in self._stems})
        return frozenset().union(*(self._stems.get(w) or new.get(w, ()) for w in words))

    def named(self, place: int, stems: frozenset[str]) -> float:
        """Return how much of a tool's name the words say, the rare ones weighing more."""
        weights = {s: log(1 + len(self.tools) / (self._used[s] + 0.5)) for s in self.names[place]}
        return sum(weights[s] for s in weights.keys() & stems) / (sum(weights.values()) or 1.0)

    def _stemmed(self, words: set[str]) -> dict[str, frozenset[str]]:
        order = sorted(words)
        found: dict[str, frozenset[str]] = dict.fromkeys(order, frozenset())
        with self._lock:
            self._connection.execute("DELETE FROM said")
            rows = enumerate(order, 1)
            self._connection.executemany("INSERT INTO said(rowid, word) VALUES (?, ?)", rows)
            for place, stem in self._connection.execute("SELECT doc, term FROM stem"):
                found[order[place - 1]] |= {stem}
        return found


def _texts(tool: Tool) -> tuple[str, ...]:
    api, _, name = tool.operation.partition(".")
    text = _MARKUP.sub(" ", tool.description).strip()
    summary, schemas = _SENTENCE.match(text), arguments_of(tool)
    end = summary.end() if summary else 0
    inputs = " ".join([*schemas, *(str(schema.get("enum", "")) for schema in schemas.values())])
    details = " ".join(str(schema.get("description", "")) for schema in schemas.values())
    return name, text[:end], inputs, f"{api} {text[end:]}", details
