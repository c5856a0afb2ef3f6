"""How the next page of a list is asked for: found in the description, and in the answer.

Nothing here follows an address. Of a link only the query is read, and what differs in it becomes
arguments of the same operation, which are validated like any others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal, cast
from urllib.parse import parse_qs, urljoin, urlsplit

from dragoman.apis.http.binding import Binding
from dragoman.config.rules import PageSettings
from dragoman.errors import AddressRefusedError
from dragoman.network import origin_of
from dragoman.operation import JsonObject, JsonValue, Operation, Prepared, Received

__all__ = ["Asked", "Found", "Page", "is_of_paging", "list_in", "next_page"]

# Names are compared without case and punctuation: `page[cursor]` is `pagecursor`. From the public
# references of GitHub, Stripe, Slack, Notion, Google (AIP-158), Microsoft Graph and OData 4.01
# (11.2.6.7), Atlassian, Shopify, Zendesk, HubSpot, Twilio, SCIM (RFC 7644, 3.4.2.4), JSON:API 1.1,
# HAL (draft-kelly-json-hal) and Django REST framework.
_LISTS = ("data", "items", "results", "records", "entries", "value", "values", "content", "rows")
_HOLDERS = frozenset(
    {"meta", "metadata", "pagination", "paging", "pageinfo", "responsemetadata", "cursors"}
    | {"links", "page"}
)
_CURSORS = (
    *("nextcursor", "nextpagetoken", "nexttoken", "nextpagecursor", "continuationtoken"),
    *("endcursor", "next", "nextpage", "continuation", "after", "cursor"),
)
_CURSOR_ARGUMENTS = frozenset(
    {"cursor", "pagetoken", "nexttoken", "startcursor", "pagecursor", "continuationtoken"}
    | {"after", "pageafter", "nextcursor", "nextpagetoken", "startingafter", "continuation"}
)
_LAST_ID_ARGUMENTS = frozenset({"startingafter", "afterid", "sinceid", "after"})
_LINKS = ("odatanextlink", "nextlink", "nexturl", "nextpageurl", "nexthref", "nextpage", "next")
_OFFSETS = frozenset({"offset", "skip", "start", "startat", "startindex", "pageoffset"})
_PAGES = frozenset({"page", "pagenumber", "pageno", "pageindex"})
_MORE = ("hasmore", "hasnextpage", "hasnext", "more")
_LAST = ("islast", "islastpage", "last")
_TOTALS = ("totalcount", "totalresults", "totalitems", "totalelements", "total")
_EMPTY_AT_THE_END = ("nextcursor", "nextpagetoken", "nextpage", "nexturl", "next")

_ADDRESS = ("http://", "https://", "/", "?")
_LONGEST_LINK = 16_384
_MOST_MEMBERS = 1_000
"""Members of an answer among which its paging is looked for; each is compared many times."""

By = Literal["link", "cursor", "offset", "page"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before any answer; `fixed` are arguments that no answer changes."""

    operation: Operation
    settings: PageSettings
    fixed: Collection[str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what was asked, what came, its items, and how many there were up to its end."""

    arguments: JsonObject
    prepared: Prepared
    received: Received
    value: JsonValue
    items: list[JsonValue]
    so_far: int


@dataclass(frozen=True, slots=True)
class Found:
    """How the next page is asked for; without `arguments` this was the last one."""

    by: By
    arguments: JsonObject | None = None


def list_in(value: JsonValue, named: str | None) -> tuple[tuple[str, ...], list[JsonValue]] | None:
    """Return where the list of an answer stands in it, and the list; None where there is none."""
    if named is not None:
        path = tuple(named.split("."))
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return (path, value) if isinstance(value, list) else None
    if isinstance(value, list):
        return (), value
    members = value if isinstance(value, Mapping) else {}
    some = islice(members.items(), _MOST_MEMBERS)
    lists = {name: one for name, one in some if isinstance(one, list)}
    known = next((name for name in _LISTS if name in lists), None)
    if known is None and len(lists) == 1:
        known = next(iter(lists))
    if known is not None:
        return (known,), lists[known]
    inside = list_in(members["_embedded"], None) if "_embedded" in members else None
    return inside and (("_embedded", *inside[0]), inside[1])


def is_of_paging(name: str) -> bool:
    """Whether an argument of this name says which page is meant."""
    return _plain(name) in _OFFSETS | _PAGES | _CURSOR_ARGUMENTS


def next_page(asked: Asked, page: Page, by: By | None = None) -> Found | None:
    """Return how the page after this one is asked for, None where nothing says how.

    `by` is the way in which this page was found; it does not change on the way.
    """
    by = by or asked.settings.by
    for way in _WAYS if by is None else (by,):
        found = _WAYS[way](asked, page)
        if found is not None:
            return Found(way) if _is_last(page) else found
    return None


def _is_last(page: Page) -> bool:
    """Whether the answer says itself that nothing follows."""
    members = _members(page.value)
    if any(name in members and members[name] in (None, "") for name in _EMPTY_AT_THE_END):
        return True
    more, last = _member(page.value, _MORE), _member(page.value, _LAST)
    return more is False or last is True or not page.items


def _by_link(asked: Asked, page: Page) -> Found | None:
    """Follow `rel=next` (RFC 8288), or a link in the answer, to the same origin alone."""
    link = _linked(page)
    binding = asked.operation.contract.binding
    if link is None or not isinstance(binding, Binding):
        return None
    target = page.prepared.target
    try:
        address = urljoin(target, link)
        if origin_of(address) != origin_of(target):
            return None
    except (AddressRefusedError, ValueError):
        return None
    old, new = urlsplit(target), urlsplit(address)
    before, after = (parse_qs(one.query, keep_blank_values=True) for one in (old, new))
    is_here = old.path == new.path
    arguments = dict(page.arguments)
    changed = False
    for parameter in binding.parameters:
        name, argument = parameter.name, parameter.argument
        known = is_here or is_of_paging(name)
        if parameter.place != "query" or argument in asked.fixed or not known:
            continue
        if name in after and after[name] != before.get(name):
            values = [_typed(asked.operation, argument, text) for text in after[name]]
            arguments[argument] = values[0] if len(values) == 1 else values
            changed = True
        elif name not in after and is_here:
            arguments.pop(argument, None)
    return Found("link", arguments) if changed else None


def _linked(page: Page) -> str | None:
    for name, value in page.received.headers:
        if name.lower() == "link":
            for link in re.split(r",\s*(?=<)", value[:_LONGEST_LINK]):
                address, _, parameters = link.strip().removeprefix("<").partition(">")
                if _is_next(parameters):
                    return address
    inside = _member(page.value, _LINKS)
    href = inside.get("href") if isinstance(inside, Mapping) else inside
    is_link = isinstance(href, str) and href.startswith(_ADDRESS)
    return cast("str", href) if is_link else None


def _is_next(parameters: str) -> bool:
    """Whether the parameters of a link say `rel=next`, among other relations perhaps."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "rel":
            return "next" in value.strip().strip('"').lower().split()
    return False


def _by_cursor(asked: Asked, page: Page) -> Found | None:
    """Send the cursor of the answer, or the id of its last item where it says there is more."""
    argument = _argument(asked, _CURSOR_ARGUMENTS | _LAST_ID_ARGUMENTS)
    if argument is None:
        return None
    named = asked.settings.next
    cursor = _at(page.value, named) if named else _member(page.value, _CURSORS)
    if isinstance(cursor, Mapping):
        cursor = cursor.get("after")
    if not cursor and _member(page.value, _MORE) is True and page.items:
        last = page.items[-1]
        if _plain(argument) in _LAST_ID_ARGUMENTS and isinstance(last, Mapping):
            cursor = last.get("id")
    is_none = isinstance(cursor, bool) or not isinstance(cursor, str | int) or cursor == ""
    if is_none or (not named and str(cursor).startswith(_ADDRESS)):
        says = named or _has_member(page.value, _CURSORS + _MORE)
        return Found("cursor") if says else None
    if isinstance(cursor, str) and len(cursor) > _LONGEST_LINK:
        return None
    return Found("cursor", {**page.arguments, argument: cursor})


def _by_offset(asked: Asked, page: Page) -> Found | None:
    argument = _argument(asked, _OFFSETS)
    if argument is None:
        return None
    first = _first(asked.operation, argument, 0)
    at = page.arguments.get(argument, first)
    return _counted("offset", page, argument, at, len(page.items))


def _by_page(asked: Asked, page: Page) -> Found | None:
    argument = _argument(asked, _PAGES)
    if argument is None:
        return None
    at = page.arguments.get(argument, _first(asked.operation, argument, 1))
    return _counted("page", page, argument, at, 1)


def _counted(by: By, page: Page, argument: str, at: JsonValue, step: int) -> Found | None:
    """Go on counting, unless the answer says how many there are and these were all."""
    if not isinstance(at, int) or isinstance(at, bool):
        return None
    total = _member(page.value, _TOTALS)
    if isinstance(total, int) and not isinstance(total, bool) and page.so_far >= total:
        return Found(by)
    return Found(by, {**page.arguments, argument: at + step})


_WAYS: Mapping[By, Callable[[Asked, Page], Found | None]] = {
    "link": _by_link,
    "cursor": _by_cursor,
    "offset": _by_offset,
    "page": _by_page,
}


def _argument(asked: Asked, names: Collection[str]) -> str | None:
    """Return the argument of one of these names, or the one that the owner names."""
    known = [name for name in _properties(asked.operation) if name not in asked.fixed]
    if asked.settings.argument is not None:
        return asked.settings.argument if asked.settings.argument in known else None
    return next((name for name in known if _plain(name) in names), None)


def _properties(operation: Operation) -> Mapping[str, JsonObject]:
    return cast("Mapping[str, JsonObject]", operation.contract.input_schema.get("properties") or {})


def _first(operation: Operation, argument: str, usual: int) -> JsonValue:
    """Return the number of the first page or item: APIs count from nought or one."""
    schema = _properties(operation).get(argument, {})
    default, least = schema.get("default"), schema.get("minimum")
    if isinstance(default, int):
        return default
    return least if least in (0, 1) else usual


def _typed(operation: Operation, argument: str, text: str) -> JsonValue:
    """Return a value of a link as the argument has it; validation judges what it is."""
    kind = _properties(operation).get(argument, {}).get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "integer" in kinds and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return text


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _members(value: JsonValue) -> dict[str, JsonValue]:
    """Return the members of an answer and of what holds its paging, by their plain names."""
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, JsonValue] = {}
    members = dict(islice(value.items(), _MOST_MEMBERS))
    for name, member in members.items():
        if _plain(name) in _HOLDERS and isinstance(member, Mapping):
            for inner, one in islice(member.items(), _MOST_MEMBERS):
                found.setdefault(_plain(inner), one)
    return found | {_plain(name): member for name, member in members.items()}


def _member(value: JsonValue, names: tuple[str, ...]) -> JsonValue:
    """Return the first of these members that has a value."""
    members = _members(value)
    return next((members[name] for name in names if members.get(name) is not None), None)


def _has_member(value: JsonValue, names: tuple[str, ...]) -> bool:
    members = _members(value)
    return any(name in members for name in names)


def _at(value: JsonValue, path: str) -> JsonValue:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
