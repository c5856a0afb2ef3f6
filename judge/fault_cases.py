"""The faults that a call may meet on its way, what each may cost, and what comes of it.

A case calls a read and a write and says what may come of them. What it may not cost is the same
everywhere: more time than the bound and a second, a request more than the rules allow, a call
without a record, or a secret in any text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dragoman import Dragoman, Outcome
from dragoman.audit.records import CallFilter
from judge.fault_servers import Heard

__all__ = ["CASES", "Case", "Met", "meet", "settings"]

TOKEN = "tok-of-the-fault-table-5e1f"  # noqa: S105 - searched for in all that comes out
SECONDS = 3.0
"""The time that a call is given."""

_READ_TRIES = 3
"""One and two retries."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault: `name` is its path at the server, or `base` another address for it.

    `read` and `write` are what may come of them: a status, or the code of a problem. `reads` and
    `writes` are how many requests may arrive, `told` a word that the error has to have.
    """

    name: str
    what: str
    read: str
    write: str
    reads: int = _READ_TRIES
    writes: int = 1
    base: str = ""
    told: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Met:
    """What came of a case; `faults` is empty where all went as it should."""

    case: Case
    read: str
    write: str
    seconds: float
    reads: int
    writes: int
    faults: tuple[str, ...] = field(default=())


CASES: tuple[Case, ...] = (
    Case("dns", "the name has no address", "network", "network", 0, 0, "http://no-such.invalid"),
    Case("refused", "nobody listens", "network", "network", 0, 0, "http://127.0.0.1:9"),
    Case("tls", "the certificate is no good", "network", "network", 0, 0, told="certif", tls=True),
    Case("reset-before-answer", "reset before the answer", "network", "unknown"),
    Case("reset-in-the-middle", "reset in the middle of the body", "response", "unknown"),
    Case("no-answer", "no answer at all", "network", "unknown"),
    Case("slow-headers", "headers, a byte each half second", "network", "unknown"),
    Case("slow-body", "a body of a byte each half second", "network", "unknown"),
    Case("endless-body", "a body without an end", "response", "unknown", told="MiB"),
    Case("endless-headers", "headers without an end", "response", "unknown"),
    Case("wrong-length", "a body shorter than its length", "response", "unknown"),
    Case("bad-gzip", "gzip that is none", "response", "unknown"),
    Case("cut-gzip", "gzip without its end", "response", "unknown"),
    Case("gzip-bomb", "200 MiB in 200 KiB of gzip", "response", "unknown", told="MiB"),
    Case("redirect-loop", "a redirect to itself", "response", "unknown", 18),
    Case("redirect-to-metadata", "a redirect to a metadata address", "response", "unknown"),
    Case("redirect-to-another", "a redirect to another origin", "response", "unknown"),
    Case("500", "500, again and again", "api", "unknown"),
    Case("503-for-an-hour", "503 with Retry-After: 3600", "api", "limit", 1, 0),
    Case("429-without", "429 and nothing else", "api", "api", writes=_READ_TRIES),
    Case("429-with-seconds", "429 with Retry-After: 1", "api", "api", writes=_READ_TRIES),
    Case(
        "429-with-date",
        "429 with a date, by a clock that is not ours",
        "api",
        "api",
        writes=_READ_TRIES,
    ),
    Case("429-for-an-hour", "429 with a date in an hour", "api", "limit", 1, 0),
)


def settings(base: str, store: str) -> dict[str, Any]:
    """Return the configuration of a case, by which a call has a few seconds."""
    return {
        "store": store,
        "apis": {
            "shop": {
                "http": base,
                "auth": {"bearer": "${SHOP_TOKEN}"},
                "require_approval": "never",
                "limits": {"timeout": f"{SECONDS:g}s"},
                "operations": {
                    "get": {"get": "/{id}", "path": {"id": "string"}},
                    "put": {"post": "/{id}", "path": {"id": "string"}},
                },
            }
        },
    }


async def meet(case: Case, heard: Heard, folder: Path) -> Met:
    """Call a read and a write into a fault, and judge what it cost."""
    scheme = "https" if case.tls else "http"
    base = case.base or f"{scheme}://127.0.0.1:{heard.port}/{case.name}"
    config = settings(base, f"sqlite:///{folder / case.name}.db")
    async with Dragoman(config, environ={"SHOP_TOKEN": TOKEN}) as d:
        read, read_seconds = await _timed(d, "shop.get")
        write, write_seconds = await _timed(d, "shop.put")
        records = await d.parts.audit.calls(CallFilter(), 10)
    seconds = max(read_seconds, write_seconds)
    reads, writes = [await heard.counted(method, case.name) for method in ("GET", "POST")]
    if case.base or case.tls:
        reads = writes = 0
    faults = [
        *_unlike("a read", read, case.read, case.told),
        *_unlike("a write", write, case.write, ""),
        *([f"took {seconds:.1f} s"] if seconds > SECONDS + 1 else []),
        *([f"{reads} reads were sent"] if reads > case.reads else []),
        *([f"{writes} writes were sent"] if writes > case.writes else []),
        *([f"{len(records)} records"] if len(records) != 2 else []),
    ]
    kept = sorted(folder.glob(f"{case.name}.db*"))  # noqa: ASYNC240 - three files, once
    texts = [repr(read), repr(write), read.record, write.record, *kept]
    if any(_holds_secret(text) for text in texts):
        faults.append("a secret came out")
    return Met(case, _what(read), _what(write), seconds, reads, writes, tuple(faults))


async def _timed(d: Dragoman, operation: str) -> tuple[Outcome, float]:
    began = time.monotonic()
    outcome = await asyncio.wait_for(d.call(operation, {"id": "42"}, timeout=SECONDS), 60)
    return outcome, time.monotonic() - began


def _what(outcome: Outcome) -> str:
    if outcome.status == "failed" and outcome.problem is not None:
        return outcome.problem.code
    return outcome.status.value


def _unlike(who: str, outcome: Outcome, wanted: str, told: str) -> list[str]:
    found, detail = _what(outcome), outcome.problem.detail if outcome.problem else ""
    faults = [f"{who} ended as {found}: {detail}"] if found not in wanted.split("|") else []
    return [*faults, *([f"{who} was told: {detail}"] if told not in detail else [])]


def _holds_secret(text: Path | str | Mapping[str, Any]) -> bool:
    if isinstance(text, Path):
        return TOKEN.encode() in text.read_bytes()
    return TOKEN in str(text)
