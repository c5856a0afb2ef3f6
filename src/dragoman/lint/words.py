"""Names as words: which two a model confuses, and which say nothing.

Names are folded as Unicode's own comparison does (NFKC and case folding, UAX #15 and #44), then
by what a model mixes up: separators, case and plural. Letters of two scripts in one word are told
as such: a Cyrillic `о` in a Latin name looks like one, and is another name (UTS #39, section 5.1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["cryptic_words", "folded", "mixed_scripts", "prose_words", "singular", "words_of"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-rt-z]|[A-Z]s[a-z])")
_WORD = re.compile(r"[^\W_]+")
_PROSE = re.compile(r"[^\W\d_]+")
_VOWELS = frozenset("aeiouy")
_SPOKEN = re.compile(r"[^aeiouy][aeiouy]")
_MAX_NAME = 300


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case: `listOpenOrders` and `list_open_orders` alike."""
    name = unicodedata.normalize("NFKC", name[:_MAX_NAME])
    return [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", name))]


def folded(name: str) -> str:
    """Return what is left of a name when case, separators, accents and plurals do not count."""
    plain = "".join(singular(word) for word in words_of(name))
    if plain.isascii():
        return plain
    parts = unicodedata.normalize("NFKD", plain)
    return "".join(one for one in parts if not unicodedata.combining(one))


def singular(word: str) -> str:
    """Return an English word without the ending of its plural, as far as its form tells."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


def mixed_scripts(name: str) -> tuple[str, ...]:
    """Return the scripts of a word of a name, by Unicode's names, where it has more than one."""
    if name.isascii():
        return ()
    for word in _WORD.findall(name[:_MAX_NAME]):
        scripts = sorted({script for one in word if (script := _script(one))})
        if "LATIN" in scripts and len(scripts) > 1:
            return tuple(script.capitalize() for script in scripts)
    return ()


@lru_cache(maxsize=2_000)
def _script(character: str) -> str:
    """Return the first word of the name of a letter, which is its script: `CYRILLIC`."""
    if not character.isalpha():
        return ""
    return unicodedata.name(character, "").partition(" ")[0]


@lru_cache(maxsize=50_000)
def cryptic_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that cannot be guessed from it alone.

    They are those of two letters and more without any vowel (`qcf`, `shpmt`), and a name that is
    one word of at most three letters which cannot be spoken, because no vowel follows a consonant
    in it (`edd`, but not `job`). Whether the document explains them is not asked.
    """
    if not name.isascii():
        return ()
    words = words_of(name)
    return tuple(
        singular(word)
        for word in words
        if word.isalpha()
        and (
            (len(word) > 1 and _VOWELS.isdisjoint(word))
            or (len(words) == 1 and len(word) <= 3 and not _SPOKEN.search(word))
        )
    )


def prose_words(texts: Iterable[str]) -> set[str]:
    """Return the words of texts for people, in lower case and singular."""
    found: set[str] = set()
    for text in texts:
        found.update(_PROSE.findall(text.lower()))
    return set(map(singular, found))
