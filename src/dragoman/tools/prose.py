"""Text of descriptions, made fit to be read by a model: visible, on one line, and bounded."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["bounded", "plain", "visible"]

_MAX_READ = 20_000
# Lengths within are bounded, so that hostile text costs no more than its length.
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]{0,1000}\)")
_BLOCK = r"p|br|hr|div|ul|ol|li|dl|dt|dd|h[1-6]|pre|blockquote|table|thead|tbody|tr|td|th"
_INLINE = r"a|b|i|u|em|strong|code|span|sub|sup|small|kbd|tt"
_MARK = re.compile(
    rf"(?P<block></?(?:{_BLOCK})(?:\s[^<>]{{0,1000}})?/?>)|</?(?:{_INLINE})(?:\s[^<>]{{0,1000}})?>"
    r"|<!--.{0,2000}?-->|\*\*|^[ \t]{0,9}>[ \t]?(?:\[!\w{1,20}\])?",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<![.\s(]\w)[.!?](?=\s)|[。！？]")  # a letter alone: "e.g." is none

# What nobody sees and a model reads: controls, bidi marks and other formats, tags, variation
# selectors, fillers. The joiners stay: they shape letters in Persian, Indic scripts and emoji.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})
_JOINERS = "\u200c\u200d"
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def visible(text: str) -> str:
    """Return the text on one line, without characters that nobody sees."""
    text = " ".join(text[:_MAX_READ].split())
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        for character in _HIDDEN.sub("", text)
        if character in _JOINERS or unicodedata.category(character) not in _HIDDEN_CATEGORIES
    )


def plain(text: str) -> str:
    """Return the text without markup: of links their words, of HTML and of bold what they hold.

    Addresses and tags are a third of what descriptions weigh, and say nothing on how to call.
    """
    text = text[:_MAX_READ]
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text or ">" in text or "**" in text:
        text = _MARK.sub(lambda mark: " " if mark["block"] else "", text)
    return text


def bounded(text: str, limit: int) -> str:
    """Return at most `limit` characters: whole sentences, or words and an ellipsis."""
    text = visible(text)
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text[: limit + 1])]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]].rstrip()
    head = text[:limit].rpartition(" ")[0] or text[: limit - 1]
    return f"{head}…"
