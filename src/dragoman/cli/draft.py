"""What `init` and `add` write: the block of one API, with what the owner has to know beside it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from dragoman.apis.description import Description
from dragoman.operation import WHOLE_AUTH, Effect, JsonObject, Operation, Scheme
from dragoman.tools.prose import visible

__all__ = ["Draft", "api_name", "as_key", "as_yaml", "draft", "effects", "looks_like_a_read"]


_MAX_READ = 20_000

_SPECIAL = re.compile(r"true|false|null|~|\.(inf|nan)|[-.]+", re.IGNORECASE)
"""Plain words that are no text (YAML 1.2.2, 10.3.2), or that end a document."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The lines of an API's block, at the indentation of `apis:`, and the variables it names."""

    name: str
    lines: tuple[str, ...]
    variables: tuple[str, ...]


def api_name(title: str, location: str) -> str:
    """Return a short name for an API: the first word of its title, or of its file's name."""
    for text in (title, re.sub(r".*/|\.[a-z]+$", "", location)):
        if words := re.findall(r"[a-z][a-z0-9]*", text.lower()):
            return str(words[0])[:32]
    return "api"


def draft(name: str, location: str, description: Description, tags: Sequence[str] = ()) -> Draft:
    """Return the block of a described API: every server, each credential that it asks for."""
    title = visible(f"{description.title} {description.version}")
    auth, variables = _auth(name, description)
    lines = [
        f"  # {title}: {effects(description.operations.values())}",
        f"  {name}:",
        f"    openapi: {as_yaml(location)}",
    ]
    if description.servers:
        lines.append("    # These may be shown your credential:")
        lines.append(f"    servers: [{', '.join(as_yaml(s) for s in description.servers)}]")
        lines.append("    # base_url: https://…   # to use another server than the document's")
    else:
        lines.append(_no_server(description))
    if about := _first_sentence(description.description):
        lines.append(f"    description: {as_yaml(about)}")
    lines += auth
    if _takes_a_key(description.operations.values()):
        lines.append("    # Some writes take a key, by which the API knows them again. We send it:")
        lines.append(
            "    # idempotency: {header: Idempotency-Key}   # keep: 24h is how long it does"
        )
    if tags:
        lines.append(f"    include: [{', '.join(as_yaml(f'tag:{tag}') for tag in tags)}]")
    lines += _reads_to_accept(description.operations.values())
    return Draft(name, tuple(lines), variables)


def _no_server(description: Description) -> str:
    """Return the line for the owner to complete: with the path, where the document says one."""
    path = next((one for one in description.relative_servers if one != "/"), "")
    missing = "host" if path else "server"
    address = as_yaml(f"http://localhost{path}")
    return f"    base_url: {address}   # the document names no {missing}: write yours"


def _takes_a_key(operations: Iterable[Operation]) -> bool:
    """Whether a write has the header of draft-ietf-httpapi-idempotency-key among its parameters."""
    return any(
        "idempotency" in operation.takes.lower()
        and any(
            name.lower() == "idempotency-key"
            for name in cast("JsonObject", operation.contract.input_schema.get("properties", {}))
        )
        for operation in operations
        if operation.effect is not Effect.READ
    )


def effects(operations: Iterable[Operation]) -> str:
    """Return how many operations there are, by effect: `24 operations (15 read, 9 write)`."""
    counts = Counter(operation.effect for operation in operations)
    parts = [f"{counts[effect]} {effect.value}" for effect in Effect if counts[effect]]
    total = sum(counts.values())
    return f"{total} operation{'' if total == 1 else 's'} ({', '.join(parts) or 'none'})"


def looks_like_a_read(operation: Operation) -> bool:
    """Whether a POST has a name as of a read: search, query or get (DESIGN, *effect*)."""
    if operation.effect is not Effect.WRITE or not operation.route.startswith("POST "):
        return False
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", operation.name).lower()
    last = operation.route.rsplit("/", 1)[-1].lower()
    return bool({"search", "query", "get"} & {*re.split(r"[^a-z0-9]+", words), last})


def _reads_to_accept(operations: Iterable[Operation]) -> list[str]:
    reads = [operation for operation in operations if looks_like_a_read(operation)]
    if not reads:
        return []
    return [
        "    # These look as if they only read. Accept the ones that do:",
        "    # operations:",
        *(f"    #   {as_key(operation.name)}: {{effect: read}}" for operation in reads),
    ]


def _auth(name: str, description: Description) -> tuple[list[str], tuple[str, ...]]:
    """Return the `auth:` of an API: the fewest schemes that let all operations be called."""
    needed = _needed(description)
    prefix = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    parts: list[str] = []
    variables: list[str] = []
    for scheme in needed:
        text, names = _credential(prefix, scheme, alone=len(needed) == 1)
        if text:
            parts.append(f"      {as_key(scheme.id)}: {text}")
            variables += names
    return (["    auth:", *parts] if parts else []), tuple(dict.fromkeys(variables))


def _needed(description: Description) -> list[Scheme]:
    """Choose schemes greedily: each time the alternative that serves most operations still left."""
    wanted = [
        operation.contract.security
        for operation in description.operations.values()
        if operation.contract.security and () not in operation.contract.security
    ]
    chosen: set[str] = set()
    while wanted:
        counts: Counter[tuple[str, ...]] = Counter(
            alternative
            for alternatives in wanted
            for alternative in set(alternatives)
            if WHOLE_AUTH not in alternative and set(alternative) <= set(description.schemes)
        )
        if not counts:
            break
        best, _ = max(counts.items(), key=lambda item: (item[1], -len(item[0]), item[0]))
        chosen |= set(best)
        wanted = [a for a in wanted if not any(set(one) <= chosen for one in a)]
    return [scheme for key, scheme in description.schemes.items() if key in chosen]


def _credential(prefix: str, scheme: Scheme, *, alone: bool) -> tuple[str, tuple[str, ...]]:
    """Return the value of one scheme in the file, and the variables in it."""
    suffix = "" if alone else "_" + re.sub(r"[^A-Z0-9]+", "_", scheme.id.upper()).strip("_")
    match scheme.kind, scheme.scheme.lower():
        case "http", "basic":
            user, password = f"{prefix}{suffix}_USERNAME", f"{prefix}{suffix}_PASSWORD"
            return f'{{username: "${{{user}}}", password: "${{{password}}}"}}', (user, password)
        case "oauth2", _ if scheme.token_url:
            client, secret = f"{prefix}{suffix}_CLIENT_ID", f"{prefix}{suffix}_CLIENT_SECRET"
            parts = [f'client_id: "${{{client}}}"', f'client_secret: "${{{secret}}}"']
            parts.append(f"token_url: {as_yaml(scheme.token_url)}")
            return f"{{{', '.join(parts)}}}", (client, secret)
        case "mutualTLS", _:
            return "", ()
        case "apiKey", _:
            variable = f"{prefix}{suffix or '_KEY'}"
        case _:
            variable = f"{prefix}{suffix or '_TOKEN'}"
    return f'"${{{variable}}}"', (variable,)


def _first_sentence(text: str) -> str:
    lines = (visible(line).strip(" #*") for line in text[:_MAX_READ].splitlines())
    line = next(filter(None, lines), "")
    return re.split(r"(?<=[.!?])\s", line, maxsplit=1)[0][:200]


def as_yaml(value: str) -> str:
    """Return a text that somebody else wrote as a value in the owner's file.

    A reference in it must not become one of the owner's, which would put a variable of this
    machine into a prompt or an address.
    """
    return as_key(value.replace("${", "$${"))


def as_key(value: str) -> str:
    """Return text as YAML: plain where that is safe in a flow and in a block, quoted otherwise."""
    if re.fullmatch(r"[A-Za-z/]|[A-Za-z./][A-Za-z0-9_./:-]*[A-Za-z0-9_/-]", value) and not (
        _SPECIAL.fullmatch(value)
    ):
        return value
    return re.sub(r"[^\n -~]", _escaped, json.dumps(value, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    """Write a character that YAML does not allow, or that nobody sees, as its code (1.2.2, 5.7)."""
    character = match[0]
    return character if character.isprintable() else f"\\U{ord(character):08x}"
