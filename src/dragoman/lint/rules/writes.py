"""Writes that cannot be repeated safely, and credentials that can be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from dragoman.apis.openapi.document import list_of, object_of
from dragoman.lint.finding import Finding, Rule
from dragoman.lint.subject import Examined, Subject
from dragoman.lint.words import words_of
from dragoman.operation import Effect, JsonObject

__all__ = ["IDEMPOTENCY", "SECURITY"]

_KEY = re.compile(r"idempot|dedup|(?:client|request).?(?:request|token|id)|^nonce$", re.IGNORECASE)
_READS = frozenset({"search", "query", "get"})
_LOOPBACK = re.compile(r"localhost|(?:.+\.)?localhost|127(?:\.[0-9]+){3}|::1", re.IGNORECASE)


def _not_idempotent(subject: Subject) -> Iterator[Finding]:
    for one in subject.operations:
        if one.listed.method != "POST" or _seems_to_read(one):
            continue
        names = [str(parameter.get("name")) for parameter in one.parameters]
        members = object_of(one.operation.contract.input_schema, "properties")
        if not any(_KEY.search(name) for name in (*names, *members)):
            yield Finding(
                IDEMPOTENCY.name,
                one.place,
                f"{one.name} describes no idempotency key.",
                one.name,
                frozenset({one.name}),
            )


def _seems_to_read(one: Examined) -> bool:
    """Whether a POST is named as a read: search, query or get."""
    last = one.listed.path.rpartition("/")[2]
    return not _READS.isdisjoint((*words_of(one.name), *words_of(last)))


def _unsafe(subject: Subject) -> Iterator[Finding]:
    yield from _schemes(subject)
    yield from _servers(subject)
    if not subject.listing.requires:
        if writes := [one for one in subject.operations if _writes(one)]:
            names = frozenset(one.name for one in writes)
            told = f"No operation requires a credential, though {len(writes):,} are writes."
            yield Finding(SECURITY.name, ("security",), told, touches=names)
        return
    for one in subject.operations:
        if _writes(one) and not any(one.operation.contract.security):
            told = f"{one.name} is a write by its method, and requires no credential."
            yield Finding(SECURITY.name, one.place, told, one.name, frozenset({one.name}))


def _writes(one: Examined) -> bool:
    return one.operation.effect is not Effect.READ


def _schemes(subject: Subject) -> Iterator[Finding]:
    at = ("securityDefinitions",) if subject.is_2_0 else ("components", "securitySchemes")
    is_open = any(_is_open(url) for url in subject.description.servers)
    for name, scheme in subject.description.schemes.items():
        if scheme.kind == "apiKey" and scheme.place == "query":
            told = f"The key of {name[:60]} stands in the address, which logs and histories keep."
            yield Finding(SECURITY.name, (*at, name), told, touches=subject.all_names)
        if scheme.kind == "http" and scheme.scheme.lower() == "basic" and is_open:
            told = f"{name[:60]} sends a password that anybody on the way can read (http://)."
            yield Finding(SECURITY.name, (*at, name), told, touches=subject.all_names)


def _servers(subject: Subject) -> Iterator[Finding]:
    """Yield the lists of servers that offer no https."""
    root = subject.document.root
    at = ("host",) if subject.is_2_0 else ("servers",)
    listed: list[tuple[JsonObject, tuple[str | int, ...], str, frozenset[str]]] = [
        (root, at, "", subject.all_names)
    ]
    for one in subject.operations:
        if "servers" in one.node:
            names = frozenset({one.name})
            listed.append((one.node, (*one.place, "servers"), one.name, names))
    for owner, place, name, names in listed:
        urls = [
            str(server.get("url"))
            for server in list_of(owner, "servers")
            if isinstance(server, dict)
        ]
        if urls and any(_is_open(url) for url in urls) and not any("https:" in url for url in urls):
            told = (
                f"{urls[0][:80]} is not encrypted: anybody on the way reads data and credentials."
            )
            yield Finding(SECURITY.name, place, told, name, names)


def _is_open(url: str) -> bool:
    """Whether an address is of http, and leads over a network."""
    if not url.lower().startswith("http://"):
        return False
    try:
        return not _LOOPBACK.fullmatch(urlsplit(url).hostname or "")
    except ValueError:
        return True


IDEMPOTENCY = Rule(
    name="idempotency",
    effect="When an answer is lost, nobody can send the write again without the risk of doing it "
    "twice: its outcome stays unknown until a person looks.",
    example="post: {operationId: createOrder} without an Idempotency-Key",
    advice="Take a header `Idempotency-Key`, and answer a repeated one with the first answer.",
    weight=4,
    find=_not_idempotent,
)

SECURITY = Rule(
    name="security",
    effect="What the model does can be done by anybody, or the credential be read on its way.",
    example='post: {security: []}, servers: [{url: "http://api.example"}], or a key in the query',
    advice="Require a credential for every write, in a header, over https.",
    weight=6,
    find=_unsafe,
)
