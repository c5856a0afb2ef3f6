"""One target in a process of its own, guided by which lines of ours an input reaches.

An input that breaks a promise is written down, once for each place, and the run goes on. What ends
the process itself is found by whoever has started it.
"""

from __future__ import annotations

import json
import sys
import traceback
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dragoman"]):
    from torture.targets import TARGETS, Target, warm_up

from torture.guard import Guard

__all__ = ["main"]

_SEEDS = 64
_KILLED_AFTER = 60
_MEMORY_MB = 4096


def main(name: str, seconds: str, folder: str) -> None:
    """Fuzz a target for so many seconds; its corpus and what it breaks are kept in a folder."""
    target, home = TARGETS[name], Path(folder)
    corpus = home / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds or _decisions(name):
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    warm_up()
    options = {
        "max_total_time": seconds,
        "max_len": target.longest,
        "timeout": _KILLED_AFTER,
        "rss_limit_mb": _MEMORY_MB,
        "artifact_prefix": f"{home}/",
        "print_final_stats": 1,
    }
    words = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], str(corpus), *words], _watched(target, home))
    atheris.Fuzz()


def _decisions(name: str) -> list[bytes]:
    """Return bytes to begin with where bytes are decisions: any will do, the same each time."""
    return [sha256(f"{name} {number}".encode()).digest() * 4 for number in range(_SEEDS)]


def _watched(target: Target, home: Path) -> object:
    guard, known = Guard.set_up(), set[str]()

    def one(data: bytes) -> None:
        try:
            guard.run(target.run, data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
            place = _place(error)
            if place not in known:
                known.add(place)
                _write(home, error, place, data)

    return one


def _place(error: BaseException) -> str:
    """Return the innermost line of ours that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/dragoman/" in one.filename or "/torture/" in one.filename]
    last = (ours or list(frames))[-1]
    file = last.filename.rpartition("/src/")[2] or last.filename
    return f"{Path(file).as_posix()}:{last.lineno}"


def _write(home: Path, error: BaseException, place: str, data: bytes) -> None:
    name = f"crash-{sha256(data).hexdigest()[:16]}"
    (home / name).write_bytes(data)
    said = {"error": type(error).__name__, "place": place, "said": str(error)[:200], "input": name}
    with (home / "crashes.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
