"""What calls were made under, and when that changed: so that a failure can be laid beside it.

Nobody tells us of a change. Each process says what it has open, together with its first record,
and what differs from the last that the store knows is one row.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from dragoman.catalog.compiled import Described
from dragoman.catalog.lock import Lock
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.store.columns import moment_text
from dragoman.store.statements import Row, Statements

__all__ = ["Changes", "Fact", "Kind"]

_STATE = re.compile("^(first seen: |added: |still )")

Kind = Literal["configuration", "description", "lock", "version"]

_LATEST = """
SELECT kind, subject, digest, note, id FROM change_log AS one WHERE NOT EXISTS (
  SELECT 1 FROM change_log AS later WHERE later.kind = one.kind AND later.subject = one.subject
    AND (later.at > one.at OR (later.at = one.at AND later.id > one.id)))
"""
_ADD = """
INSERT INTO change_log (id, at, kind, subject, digest, note)
VALUES (:id, :at, :kind, :subject, :digest, :note) ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is as its digest says; `state` is what a person may know of it in words."""

    kind: Kind
    subject: str
    digest: str
    state: str = ""


class Changes:
    """What one open configuration consists of, by digests; of no secret, for it holds none."""

    def __init__(
        self,
        configuration: Configuration,
        described: Mapping[str, Described],
        lock: Lock | None,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._described = described
        self._lock = lock
        self._clock = clock

    @cached_property
    def settings_digest(self) -> str:
        """Of all that the owner has set; the same where the settings are."""
        return _digest(*(part for pair in self._settings.items() for part in pair))

    def description_digest(self, api: str) -> str:
        """Of the description of an API; empty where there is none beside the settings."""
        found = self._described.get(api)
        return found.digest[:16] if found else ""

    def write(self, statements: Statements) -> None:
        """Write a row for each thing that is not as the store knows it."""
        latest = {(row["kind"], row["subject"]): row for row in statements.run(_LATEST, {})}
        is_first = not any(subject.startswith(f"{self._file}: ") for _, subject in latest)
        for fact in (*self._facts(), *self._gone(latest)):
            before = latest.get((fact.kind, fact.subject))
            if before is None or before["digest"] != fact.digest:
                note = _note(fact, before, is_first=is_first)
                self._add(statements, fact, before, note)

    def _add(self, statements: Statements, fact: Fact, before: Row | None, note: str) -> None:
        # The id follows from what it says, so that processes which start together say it once.
        made_of = (fact.kind, fact.subject, fact.digest, before["id"] if before else "")
        row = {
            "id": _digest(*made_of),
            "at": moment_text(self._clock.now()),
            "kind": fact.kind,
            "subject": fact.subject,
            "digest": fact.digest,
            "note": note,
        }
        statements.run(_ADD, row)

    @cached_property
    def _settings(self) -> dict[str, str]:
        """The digest of each key at the top of the file, and of each API in it."""
        written = self._configuration.settings.model_dump(
            mode="json", exclude_defaults=True, fallback=str
        )
        parts = {f"apis.{name}": api for name, api in written.pop("apis", {}).items()}
        return {name: _digest(json.dumps(part)) for name, part in (written | parts).items()}

    @property
    def _file(self) -> str:
        return Path(self._configuration.where()).name or "configuration"

    def _facts(self) -> Iterator[Fact]:
        yield Fact("version", "dragoman", version("dragoman"), version("dragoman"))
        for name, digest in self._settings.items():
            yield Fact("configuration", f"{self._file}: {name}", digest)
        for api, described in self._described.items():
            count = len(described.description.operations)
            if digest := self.description_digest(api):
                yield Fact("description", api, digest, f"{count:,} operations")
        for api, accepted in (self._lock.apis if self._lock else {}).items():
            pins = [pin.hash for pin in accepted.pins.values()]
            yield Fact("lock", api, _digest(*pins), f"{len(pins):,} operations accepted")

    def _gone(self, latest: Mapping[tuple[str, str], Row]) -> Iterator[Fact]:
        there = {f"{self._file}: {name}" for name in self._settings}
        for kind, subject in latest:
            is_ours = kind == "configuration" and subject.startswith(f"{self._file}: ")
            if is_ours and subject not in there:
                yield Fact("configuration", subject, "")


def _note(fact: Fact, before: Row | None, *, is_first: bool) -> str:
    if before is None:
        word = "first seen" if is_first else "added"
        return f"{word}: {fact.state}" if fact.state else word
    if not fact.digest:
        return "taken away"
    if not fact.state:
        return "changed" if before["digest"] else "added"
    was = _STATE.sub("", before["note"]).partition(", before: ")[0]
    return f"still {fact.state}" if was == fact.state else f"{fact.state}, before: {was}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
