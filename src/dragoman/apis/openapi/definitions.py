"""The definitions of a document, each translated once, and what an operation needs of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.schema import CLOSED, Form, Key, Translation
from dragoman.errors import DescriptionError
from dragoman.operation import JsonValue

__all__ = ["Definitions", "Needs", "Translated"]

_MAX_DEFINITIONS = 2_000
_COMPONENT = re.compile(r"#/components/schemas/([A-Za-z0-9._-]{1,100})")
_OF_2_0 = re.compile(r"#/definitions/([A-Za-z0-9._-]{1,100})")


@dataclass(frozen=True, slots=True)
class Translated:
    """A schema in JSON Schema 2020-12 with the definitions that it names, or why there is none."""

    schema: JsonValue
    references: tuple[Key, ...] = ()
    changes: tuple[str, ...] = ()
    fault: str = ""


class _Names(dict[Key, str]):
    """Names of definitions. Each depends on its reference alone, so that it is always the same.

    A colon stands in no name of a component, and needs no encoding in a reference.
    """

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._component = _OF_2_0 if document.is_2_0 else _COMPONENT

    def __missing__(self, key: Key) -> str:
        component = self._component.fullmatch(key.reference)
        name = component[1] if component else f"at:{_hash(key.reference)}"
        if not key.form.closed:
            name = f"open:{name}" if key.form.opened else f"part:{name}"
        if key.form.without:
            name += f":{_hash(*sorted(key.form.without))}"
        self[key] = name
        return name


@dataclass(slots=True)
class Definitions:
    """What the references of a document name, in translation. Not for two threads at once."""

    document: Document
    _names: _Names = field(init=False)
    _made: dict[Key, Translated] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = _Names(self.document)

    def name_of(self, key: Key) -> str:
        """Return the name of a definition in `$defs`."""
        return self._names[key]

    def translate(self, schema: JsonValue, form: Form = CLOSED, origin: str = "") -> Translated:
        """Return a schema in translation; a schema that cannot be translated says why."""
        work = Translation(self.document, self._names, origin)
        try:
            made = work.translate(schema, form)
        except DescriptionError as error:
            return Translated(schema=True, fault=error.detail)
        return Translated(made, tuple(work.references), tuple(work.changes))

    def definition(self, key: Key) -> Translated:
        """Return what a reference names, translated at its first mention."""
        made = self._made.get(key)
        if made is None:
            try:
                made = self.translate(self.document.at(key.reference), key.form, key.reference)
            except DescriptionError as error:
                made = Translated(schema=True, fault=error.detail)
            self._made[key] = made
        return made


@dataclass(slots=True)
class Needs:
    """The definitions that one operation reaches, and what was left out of them."""

    definitions: Definitions
    defs: dict[str, JsonValue] = field(default_factory=dict)
    changes: dict[str, None] = field(default_factory=dict)
    _known: set[Key] = field(default_factory=set)

    def schema(self, schema: JsonValue) -> JsonValue:
        """Return a schema in translation; its definitions are among `defs` from now on.

        Raises `DescriptionError` where it, or a definition that it reaches, cannot be translated.
        """
        made = self.definitions.translate(schema)
        if made.fault:
            raise DescriptionError(made.fault)
        found = self._reached(made.references)
        self._known |= found.keys()
        self.defs |= {self.definitions.name_of(key): one.schema for key, one in found.items()}
        self.changes |= dict.fromkeys(made.changes)
        for one in found.values():
            self.changes |= dict.fromkeys(one.changes)
        return made.schema

    def _reached(self, first: Iterable[Key]) -> dict[Key, Translated]:
        found: dict[Key, Translated] = {}
        waiting = list(first)
        while waiting:
            key = waiting.pop()
            if key in found or key in self._known:
                continue
            one = self.definitions.definition(key)
            if one.fault:
                raise DescriptionError(one.fault)
            found[key] = one
            if len(found) + len(self._known) > _MAX_DEFINITIONS:
                raise DescriptionError(f"it refers to more than {_MAX_DEFINITIONS:,} schemas")
            waiting.extend(one.references)
        return found


def _hash(*texts: str) -> str:
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:12]
