"""What may be wrong with the text of a description, and the text without it.

A description is read by a model as if we had written it. What addresses the model is found by
how such sentences are built, as published attacks on tool descriptions build them (OWASP LLM01
and MCP03); it is a heuristic that misses what is said in other words. What is hidden is found by
the properties of characters (Unicode 16, general categories Cc, Cf and Co; UTS #55).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dragoman.tools.prose import bounded, visible

__all__ = ["MAX_TEXT", "clean", "faults"]

MAX_TEXT = 20_000
"""Characters of one text; what is longer is not read to its end, by us or by a person."""

_KEPT = 1_000
"""Characters that are left of such a text."""

_ROUNDS = 5
_SHORT = 12

# Controls, bidirectional marks, zero-width and other format characters, fillers, private use, tags
# (U+E0000) and more than one variation selector. Joiners shape scripts other than Latin.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b"
    "\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]|[\ufe00-\ufe0f]{2,}"
    "|(?<=[ -~])[\u200c\u200d]+|[\u200c\u200d]+(?=[ -~])"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""All of the above that a text in ASCII can have: most texts are, and this is faster."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_RUN = 200
_ENCODED = re.compile(
    r"(?=[A-Za-z0-9+/_-]{0,60}?[A-Z])(?=[A-Za-z0-9+/_-]{0,60}?[0-9])[A-Za-z0-9+/_-]{200,}={0,2}"
)

_PEOPLE = ("user", "human", "person", "operator", "owner", "customer")
_READER = rf"(?:(?:the|your|any|an?)\s+)?(?:{'|'.join(_PEOPLE)})s?"
_ORDERS = ("instruction", "prompt", "rule", "direction", "guideline")
_GAP = r"[^.!?]{0,40}?"


@dataclass(frozen=True, slots=True)
class _Speech:
    """A way to address a model; of each group of plain words one is in every text that does.

    Looking for words is far faster than for the pattern.
    """

    words: tuple[tuple[str, ...], ...]
    pattern: re.Pattern[str]


_SPEECHES = (
    _Speech(
        (("ignore", "disregard", "forget", "override"), _ORDERS),
        re.compile(
            rf"\b(?:ignore|disregard|forget|override)\b{_GAP}\b(?:previous|prior|above|earlier"
            rf"|preceding|other|system|your)\b{_GAP}\b(?:{'|'.join(_ORDERS)})s?\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("do not", "don't", "never", "must not", "should not"), _PEOPLE),
        re.compile(
            r"\b(?:do not|don't|never|must not|should not)\s+(?:tell|inform|mention|reveal|notify"
            rf"|alert|warn|ask|show|disclose)\b{_GAP}\b{_READER}\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("without",), _PEOPLE),
        re.compile(
            rf"\bwithout\s+(?:telling|asking|informing|notifying|alerting)\s+{_READER}\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("you must", "you have to", "you should"), ("call", "invoke")),
        re.compile(
            r"\byou\s+(?:must|have to|should)\s+(?:(?:always|first|also|now|immediately)\s+)?"
            r"(?:call|invoke)\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        ((" tool",), ("before", "after", "instead of", "when")),
        re.compile(
            r"\b(?:before|after|instead of|when(?:ever)?)\s+(?:using|calling|invoking|you (?:use"
            r"|call))\s+(?:this|any|other|another|the)\s+(?:other\s+)?tools?\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("you are",),),
        re.compile(
            r"\byou are\s+(?:now\s+)?(?:an?\s+|the\s+)?(?:ai|assistant|language model|llm|chatbot"
            r"|chatgpt|claude)\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("system prompt", "conversation history", "chat history"), ("send", "reveal", "repeat")),
        re.compile(
            rf"\b(?:send|reveal|repeat)\b{_GAP}\b(?:system prompt|conversation history"
            r"|chat history)\b",
            re.IGNORECASE,
        ),
    ),
    _Speech(
        (("<|", "inst]", "<system", "</system", "important>", "instruction>", "instructions>"),),
        re.compile(
            r"<\|(?:im_start|im_end|system|user|assistant)\|>|\[/?INST\]"
            r"|</?(?:system|important|instructions?)>",
            re.IGNORECASE,
        ),
    ),
)

_CUES = tuple(dict.fromkeys(word for speech in _SPEECHES for word in speech.words[0]))
_BETWEEN = re.compile(r"((?<=[.!?])\s+|\n+)")


def faults(text: str) -> tuple[str, ...]:
    """Return what is wrong with a text, in words; nothing for nearly every text."""
    if text.isascii() and text.isprintable() and len(text) < _SHORT:
        return ()
    return tuple(_faults(text))


def _faults(text: str) -> Iterator[str]:
    if len(text) > MAX_TEXT:
        yield f"is {len(text):,} characters long"
        text = text[:MAX_TEXT]
    if hidden := (_CONTROL if text.isascii() else _HIDDEN).search(text):
        yield f"hides characters (U+{ord(hidden[0][0]):04X})"
    if "<!--" in text:
        yield "has an HTML comment, which people do not see"
    is_long = len(text) >= _RUN and max(map(len, text.split()), default=0) >= _RUN
    if is_long and _ENCODED.search(text):
        yield "has a long run of encoded data"
    if found := _address(text):
        yield f"addresses the model ({visible(found)[:60]!r})"


def clean(text: str) -> str:
    """Return the text without what is wrong with it, and otherwise as it was."""
    if len(text) > MAX_TEXT:
        text = bounded(text, _KEPT)
    for _ in range(_ROUNDS):  # taking something out may bring two halves together
        if not faults(text):
            return text
        text = _ENCODED.sub("", _COMMENT.sub("", _HIDDEN.sub("", text)))
        parts = _BETWEEN.split(text)
        kept = [
            part + (parts[number + 1] if number + 1 < len(parts) else "")
            for number, part in enumerate(parts)
            if number % 2 == 0 and not _address(part)
        ]
        text = "".join(kept)
        while found := _address(text):  # over the end of a line
            text = text.replace(found, "")
        text = text.strip()
    return "" if faults(text) else text


def _address(text: str) -> str:
    """Return what addresses the model in a text, or nothing."""
    lower = text.lower()
    if not [cue for cue in _CUES if cue in lower]:
        return ""
    for speech in _SPEECHES:
        if all(any(word in lower for word in group) for group in speech.words) and (
            found := speech.pattern.search(text)
        ):
            return found[0]
    return ""
