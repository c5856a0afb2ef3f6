"""The words of tools, which rank them, and those of a question with the values that it states."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log

from dragoman.catalog import index as catalog
from dragoman.operation import JsonSchema, Tool

__all__ = ["Index", "Said", "Value", "arguments_of", "read", "words_of"]

_SUMMARY = re.compile(r".*?(?:[.!?](?=\s)|$)|")
_CAPITAL = r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]\w+"
_TOKEN = re.compile(
    rf"""
    ["“„«`](?P<quoted>[^"“”„«»`\n]+)["”»`]
    | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<date>\d{{4}}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?!\w))
    | (?:\A\W*|[.?!]\s+)(?P<opening>[^\W\d]+)(?!\S*[\d@])  # its capital says nothing
    | (?P<name>(?:\d+\ )?{_CAPITAL}(?:(?::?\ |(?:\ \w{{1,3}}){{1,2}}\ ){_CAPITAL})*)(?!\S*[\d@])
    | (?P<number>(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-]|\.\d))
    | (?P<code>(?=[\w./:-]*\d)\w[\w./:-]*\w)
    | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_ORDER = re.compile(r"(?:\A|[.!?;:,]\s|\n)\W*(\w+)(?![^.!;:\n]*\?)")
_MAX_QUESTION, _MAX_VALUES, _MAX_TEXT = 1_000, 8, 4_000
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


class Index:
    """The words of some tools, each known by its place among them. Any thread may ask.

    `names` are the stems of each name, `about` those of its summary too, `actions` what may be
    its verb. Few tools have a `rare` word: no list of stop words is needed. Nouns are in names.
    """

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.tools, self._lock = tools, threading.Lock()
        # The lock keeps threads apart, so that SQLite need not check which one asks.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        texts = [[words_of(text) for text in _texts(tool)] for tool in tools]
        rows = ([" ".join(words) for words in text] for text in texts)
        self._connection.executemany("INSERT INTO tool VALUES (?, ?, ?, ?, ?)", rows)
        self._stems: dict[str, frozenset[str]] = {}
        self._stems = self._stemmed({word for text in texts for part in text[:3] for word in part})
        self.names = [self.stems(name) for name, *_ in texts]
        self.about = [self.stems(name + summary) for name, summary, *_ in texts]
        self.actions = [{*name[:1], *summary[:1]} for name, summary, *_ in texts]
        self.known = frozenset().union(*self._stems.values())
        self._used = Counter(dict(self._connection.execute("SELECT term, doc FROM term")))
        self.rare = frozenset(stem for stem, count in self._used.items() if count * 2 <= len(tools))
        self.nouns = self.rare.intersection(stem for name in self.names for stem in name)

    def fits(self, word: str) -> dict[int, float]:
        """Return the score of each tool in which the word occurs: FTS5's BM25, and no more."""
        with self._lock:
            return dict(self._connection.execute(_FITS, (f'"{word}"',)).fetchall())

    def stems(self, words: Collection[str]) -> frozenset[str]:
        """Return the words as the tokenizer of the index stems them."""
        new = self._stemmed({*words} - self._stems.keys())
        return frozenset().union(*(new[w] if w in new else self._stems[w] for w in words))

    def named(self, place: int, stems: frozenset[str]) -> float:
        """Return how much of a tool's name the words say, the rare ones weighing more."""
        weights = {s: log(1 + len(self.tools) / (self._used[s] + 0.5)) for s in self.names[place]}
        return sum(weights[s] for s in weights.keys() & stems) / (sum(weights.values()) or 1.0)

    def _stemmed(self, words: set[str]) -> dict[str, frozenset[str]]:
        found = dict.fromkeys(sorted(words), frozenset[str]())
        with self._lock:
            self._connection.execute("DELETE FROM said")
            rows = list(enumerate(found))
            self._connection.executemany("INSERT INTO said(rowid, word) VALUES (?, ?)", rows)
            for place, stem in self._connection.execute("SELECT doc, term FROM stem"):
                found[rows[place][1]] |= {stem}
        return found


def _texts(tool: Tool) -> tuple[str, ...]:
    api, _, name = tool.operation.partition(".")
    schemas, text = arguments_of(tool), re.sub(r"<[^<>]*>", " ", tool.description).strip()
    summary = next(iter(_SUMMARY.findall(text)), "")
    inputs = " ".join([*schemas, *(str(schema.get("enum", "")) for schema in schemas.values())])
    details = " ".join(str(schema.get("description", "")) for schema in schemas.values())
    return name, summary, inputs, f"{api} {text[len(summary) :]}", details


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its place among the words; capitalised words are a value of the kind `name`."""

    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Said:
    """A question; `orders` begin a part of it that asks nothing, a value's place has no stems."""

    words: tuple[str, ...]
    stems: tuple[frozenset[str], ...]
    values: tuple[Value, ...]
    orders: tuple[str, ...]

    def near(self, value: Value, before: int, after: int = 0) -> frozenset[str]:
        """Return the stems of so many words around a value."""
        return frozenset().union(
            *self.stems[max(0, value.place - before) : value.place + after + 1]
        )


def read(question: str, index: Index) -> Said:
    """Read a question; capitalised words are a name unless the tools know them all."""
    places: list[list[str]] = []
    values: list[Value] = []
    ranking: list[str] = []
    for token in _TOKEN.finditer(question[:_MAX_QUESTION]):
        kind = str(token.lastgroup)
        words = words_of(token[kind])
        if kind in ("word", "opening") or (kind == "name" and index.stems(words) <= index.known):
            places.extend([word] for word in words)
            ranking.extend(words)
            continue
        ranking.extend(words if kind == "code" else ())
        values.append(Value(kind, token[kind], len(places)))
        places.append([])
    orders = tuple(map(str.lower, _ORDER.findall(question[:_MAX_QUESTION])))
    stems, kept = tuple(map(index.stems, places)), tuple(values[:_MAX_VALUES])
    return Said(tuple(dict.fromkeys(ranking)), stems, kept, orders)
