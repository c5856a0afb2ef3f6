"""Prism as a judge: every operation of a document, sent to a mock server made from it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from dragoman import Dragoman
from dragoman.access.policy import Rules
from dragoman.apis.openapi.load import load
from dragoman.apis.openapi.read import read
from dragoman.app.parts import Parts
from dragoman.call.prepare import prepare
from dragoman.clock import Deadline, SystemClock
from dragoman.config.settings import ApiSettings
from dragoman.errors import DragomanError, NetworkError
from dragoman.network import Network, Reach
from dragoman.operation import Call, Operation, Prepared, Received, Scheme
from judge.arguments import Argued, argued
from judge.damage import damaged
from judge.documents import read_document, requests_only
from judge.programs import free_port, node, node_package, running

__all__ = ["VERSION", "Complaint", "Judged", "Refusal", "install", "judged"]

VERSION = "5.16.0"
_START_SECONDS = 180
_CALL_SECONDS = 60
_AT_ONCE = 4
_KEY = "JUDGE_KEY"
_VALUE = "a-key-that-opens-nothing"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that Prism has against a request: where, which rule of its, and in its words."""

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Prism said against one request, with what is needed to judge the judge."""

    operation: str
    route: str
    form: str
    status: int
    complaints: tuple[Complaint, ...]
    argued: Argued
    node: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """One document: how many requests were sent, what was not sent and why, what was refused.

    `damaged` counts, by what was missing, the requests that were made wrong on purpose, and how
    many of them were refused.
    """

    document: str
    operations: int
    sent: int
    accepted: int
    unsupported: tuple[tuple[str, str], ...]
    unsent: tuple[tuple[str, str, str], ...]
    refusals: tuple[Refusal, ...]
    damaged: Mapping[str, tuple[int, int]]
    root: Mapping[str, Any] = field(repr=False)


def install(cache: Path) -> tuple[Path, Path]:
    """Return Node.js and Prism, installed where they are not there yet."""
    return node(cache), node_package(cache, "@stoplight/prism-cli", VERSION)


async def judged(path: Path, binary: Path, prism: Path, only: str = "") -> Judged:
    """Let Prism judge the operations of one document; `only` is a part of their ids."""
    root = read_document(path)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="dragoman-judge-") as folder:
        copy = Path(folder) / "document.json"
        copy.write_text(json.dumps(requests_only(root)), "utf-8")
        start = [str(binary), str(prism / "dist" / "index.js"), "mock", "--errors", "-v", "error"]
        words = [*start, "-p", str(port), str(copy)]
        async with running(words, port, seconds=_START_SECONDS, cwd=Path(folder)):
            config = await _config(path, f"http://127.0.0.1:{port}", folder)
            async with Dragoman(config, environ={_KEY: _VALUE}) as d:
                return await _judged(path.name, root, d.parts, only)


async def _config(path: Path, address: str, folder: str) -> dict[str, Any]:
    """Return a configuration with a dummy for every scheme that the document declares."""
    network = Network()
    try:
        source = await load(str(path), base=Path(), network=network, reach=Reach.of())
    finally:
        await network.aclose()
    settings = ApiSettings(openapi=str(path), base_url=address)
    schemes = read("api", source, settings).schemes.values()
    api = {
        "openapi": str(path),
        "base_url": address,
        "auth": {scheme.id: _dummy(scheme) for scheme in schemes},
        "require_approval": "never",
    }
    return {"store": f"sqlite:///{folder}/judge.db", "apis": {path.stem: api}}


def _dummy(scheme: Scheme) -> object:
    if scheme.scheme.lower() == "basic":
        return {"username": "judge", "password": f"${{{_KEY}}}"}
    return f"${{{_KEY}}}"


async def _judged(name: str, root: Mapping[str, Any], parts: Parts, only: str) -> Judged:
    operations = [one for one in parts.catalog.operations.values() if only in one.id]
    able = [one for one in operations if not one.contract.unsupported]
    sets = [(one, two) for one in able for two in argued(one, partial(_prepared, parts, one))]
    court = _Court(parts, root)
    found = await asyncio.gather(*(court.verdict(one, given) for one, given in sets))
    first = {one.id: (one, given.prepared) for one, given in reversed(sets) if given.prepared}
    return Judged(
        document=name,
        operations=len(operations),
        sent=sum(not isinstance(one, str) for one in found),
        accepted=sum(one is None for one in found),
        unsupported=tuple(
            (one.id, one.contract.unsupported) for one in operations if one.contract.unsupported
        ),
        unsent=tuple(
            (one.id, given.form, why)
            for (one, given), why in zip(sets, found, strict=True)
            if isinstance(why, str)
        ),
        refusals=tuple(one for one in found if isinstance(one, Refusal)),
        damaged=await court.damaged(first.values()),
        root=root,
    )


@dataclass(frozen=True, slots=True)
class _Court:
    """Sends what it is given to Prism, a few at a time."""

    parts: Parts
    root: Mapping[str, Any]
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def verdict(self, operation: Operation, given: Argued) -> Refusal | str | None:
        """Return what Prism has against a request, or why it was not sent."""
        if given.prepared is None:
            return given.why
        try:
            status, complaints = await self._complaints(operation, given.prepared)
        except DragomanError as error:
            status, complaints = 0, (Complaint("", "NOT_SENT", error.detail[:300]),)
        if not complaints:
            return None
        method, _, path = operation.route.partition(" ")
        node = self.root["paths"][path][method.lower()]
        return Refusal(operation.id, operation.route, given.form, status, complaints, given, node)

    async def damaged(
        self, sets: Iterable[tuple[Operation, Prepared]]
    ) -> dict[str, tuple[int, int]]:
        """Return how many requests that miss something were sent, and how many were refused."""
        wrong = [(one, what, bad) for one, good in sets for what, bad in damaged(one, good)]
        found = await asyncio.gather(*(self._complaints(one, bad) for one, _, bad in wrong))
        made: Counter[str] = Counter(what for _, what, _ in wrong)
        refused: Counter[str] = Counter(
            what for (_, what, _), (_, said) in zip(wrong, found, strict=True) if said
        )
        return {what: (count, refused[what]) for what, count in sorted(made.items())}

    async def _complaints(
        self, operation: Operation, prepared: Prepared
    ) -> tuple[int, tuple[Complaint, ...]]:
        rules = replace(self.parts.policy.rules(operation), timeout=_CALL_SECONDS)
        async with self.places:
            try:
                received = await self._sent(operation, prepared, rules)
            except NetworkError:
                # Prism ends connections that were idle for 5 seconds, perhaps just when one is
                # used again. It keeps nothing, so that a second attempt does no harm.
                received = await self._sent(operation, prepared, rules)
        return received.status, _complaints(received.status, received.media_type, received.body)

    async def _sent(self, operation: Operation, prepared: Prepared, rules: Rules) -> Received:
        return await self.parts.path.send(prepared, rules, _call(operation, {}).deadline)


def _prepared(parts: Parts, operation: Operation, arguments: dict[str, Any]) -> Prepared:
    """Validate and build, by the very stages of the call path."""
    call = _call(operation, arguments)
    parts.path.validate(call, operation)
    return prepare(call, operation)


def _call(operation: Operation, arguments: dict[str, Any]) -> Call:
    deadline = Deadline.after(_CALL_SECONDS, SystemClock())
    return Call("judge", operation.id, arguments, deadline=deadline, scope="judge")


def _complaints(status: int, media_type: str, body: bytes) -> tuple[Complaint, ...]:
    """Return what Prism says against a request: its answers of errors have its address as type."""
    if status < 400:
        return ()
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    kind = str(problem.get("type", media_type)).rpartition("#")[2]
    if kind == "VIOLATIONS":  # of its own answer: a wrong request never comes so far
        return ()
    details = problem.get("validation") or []
    found = {_complaint(one) for one in details}
    if not found:
        found = {Complaint("", kind, str(problem.get("detail", body[:200]))[:300])}
    return tuple(sorted(found, key=lambda one: (one.place, one.code, one.message)))


def _complaint(one: Mapping[str, Any]) -> Complaint:
    return Complaint(
        ".".join(one.get("location", ())), str(one.get("code", "")), str(one["message"])[:300]
    )
