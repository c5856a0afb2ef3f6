"""What is fuzzed: each target takes bytes, and raises where a promise is broken.

Bytes are either what a stranger writes, or decisions on how to change something that is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dragoman.tools.size import size_of
from torture import answers, reading, requests, seeds, several, texts

__all__ = ["TARGETS", "Target", "warm_up"]


@dataclass(frozen=True, slots=True)
class Target:
    """Something to be fuzzed; `seeds` are texts to begin with, none where bytes are decisions."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes] = ()
    longest: int = 400


def warm_up() -> None:
    """Read all that the targets begin with, which takes files that they themselves may not open."""
    requests.drawn()
    texts.folder()
    several.loop()
    size_of(())


TARGETS: dict[str, Target] = {
    "description": Target(reading.description),
    "tools": Target(reading.tools),
    "compiled": Target(reading.compiled),
    "overlay": Target(reading.overlay),
    "files": Target(several.files),
    "prepare": Target(requests.prepared),
    "answer": Target(answers.answer),
    "shape": Target(answers.shape),
    "token": Target(answers.token),
    "settings": Target(texts.settings),
    "configuration": Target(texts.configuration, seeds.YAML, 4_000),
    "yaml": Target(texts.yaml, seeds.YAML, 4_000),
    "json": Target(texts.exact, seeds.JSON, 4_000),
    "arguments": Target(texts.arguments, seeds.JSON, 4_000),
    "curl": Target(texts.curl, seeds.CURL, 2_000),
}
"""By the name that `make torture` takes and docs/evidence/fuzz.json shows."""
