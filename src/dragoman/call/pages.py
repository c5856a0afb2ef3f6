"""Fetching the pages of a list one after another, as one answer (`pages:`), within bounds.

Each page is a call of the same operation with other arguments: it is validated, prepared, limited
and sent like the first. It is for reads that nobody has to allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from dragoman.access.policy import Rules
from dragoman.call.next_page import Asked, Page, is_of_paging, list_in, next_page
from dragoman.call.owner import owned
from dragoman.call.shape import readable
from dragoman.config.rules import PageSettings
from dragoman.errors import DragomanError
from dragoman.exact_json import canonical, encode
from dragoman.operation import Call, Effect, JsonObject, JsonValue, Operation, Prepared, Received

__all__ = ["Fetch", "all_pages"]

MOST_ITEMS = 100_000

_LARGE = 128 * 1024

Fetch: TypeAlias = Callable[[JsonObject], Awaitable[tuple[Prepared, Received]]]
"""Sends the request for a page by its arguments; raises `DragomanError`."""

Value: TypeAlias = Callable[[Received], JsonValue]
"""Reads an answer, and judges whose it is: raises `ResponseError` and `NotFoundError`."""


async def all_pages(
    call: Call,
    operation: Operation,
    rules: Rules,
    first: tuple[Prepared, Received],
    fetch: Fetch,
) -> tuple[Received, str]:
    """Return the pages as one answer, and a note that says how many there were, and why no more.

    The first answer comes back as it is where the owner asks for one page, or it is no list.

    Raises `ResponseError` for a first one that cannot be read, `NotFoundError` for another's: what
    is said beside the list is of the last page only once they are one answer.
    """
    settings, prepared, received = rules.pages, *first
    if settings is None or operation.effect is not Effect.READ:
        return received, ""
    if rules.may_need_approval(operation.effect):
        return received, ""

    def value(answer: Received) -> JsonValue:
        found = readable(answer, quoted=False)
        if not isinstance(found, list):  # whose items are judged when they are shaped
            owned(found, call, operation, rules)
        return found

    page = await _read(value, call.arguments, prepared, received, settings)
    if page is None:
        return received, ""
    asked = Asked(operation, settings, _fixed(call, rules))
    pages, why = await _following(asked, page, rules, fetch, value)
    if len(pages) == 1:
        return received, f"One page was fetched: {why}." if why else ""
    counted = f"{len(pages)} pages were fetched"
    note = f"{counted}, and there may be more: {why}." if why else f"{counted}, which are all."
    return await asyncio.to_thread(_merged, pages, settings), note


def _fixed(call: Call, rules: Rules) -> frozenset[str]:
    """Return the arguments that stay as they are: the owner's, and what a rule has judged.

    A link may say what the caller has put into it, another's id for one, where an API makes it of
    the arguments as they came.
    """
    if rules.owner is None or rules.owner.read is None:
        return frozenset(rules.fill)
    given = (name for name in call.arguments if not is_of_paging(name))
    return frozenset((*rules.fill, *given))


async def _following(
    asked: Asked, page: Page, rules: Rules, fetch: Fetch, value: Value
) -> tuple[list[Page], str]:
    """Return all pages, and why there are no more where that is not because these are all."""
    settings, where = asked.settings, rules.rule_of.get("pages", "pages")
    pages, by = [page], settings.by
    known, size = {canonical(page.arguments)}, len(page.received.body)
    while (found := next_page(asked, page, by)) is not None and found.arguments is not None:
        if len(pages) == settings.most:
            return pages, f"pages: {{most: {settings.most}}} ends here ({where})"
        if canonical(found.arguments) in known:
            return pages, "the API names a page again that was fetched"
        known.add(canonical(found.arguments))
        try:
            prepared, received = await fetch(found.arguments)
            after = await _read(
                value, found.arguments, prepared, received, settings, before=page.so_far
            )
        except DragomanError as error:
            return pages, f"the next one failed: {error.detail.rstrip('.')}"
        size += len(received.body)
        if after is None or not after.items:
            return pages, ""
        if why := _beyond(after, page, size, rules.max_bytes):
            return pages, why
        pages.append(after)
        if found.by in {"offset", "page"} and len(after.items) < len(pages[0].items):
            return pages, ""  # a page that is not full is the last one
        page, by = after, found.by
    is_told = found is not None or by is not None
    return pages, "" if is_told else f"nothing says how another is asked for ({where})"


def _beyond(after: Page, page: Page, size: int, most: int) -> str:
    """Return why a page is not taken that has come."""
    if after.received.body == page.received.body:
        return "the API gave the same page again"
    if size > most:
        return f"they would be more than {most:,} bytes (limits: {{max_bytes: …}})"
    return f"they would be more than {MOST_ITEMS:,} items" if after.so_far > MOST_ITEMS else ""


async def _read(
    value: Value,
    arguments: JsonObject,
    prepared: Prepared,
    received: Received,
    settings: PageSettings,
    *,
    before: int = 0,
) -> Page | None:
    """Return an answer as a page; None for one without a list. Raises what `value` does."""
    is_large = len(received.body) > _LARGE
    read = await asyncio.to_thread(value, received) if is_large else value(received)
    found = list_in(read, settings.items)
    if found is None:
        return None
    items = found[1]
    return Page(arguments, prepared, received, read, items, before + len(items))


def _merged(pages: list[Page], settings: PageSettings) -> Received:
    """Return one answer with the items of all pages; what else it says is of the last one."""
    last = pages[-1]
    found = list_in(last.value, settings.items)
    path = found[0] if found else ()
    items: list[JsonValue] = [item for page in pages for item in page.items]
    received = pages[0].received
    return replace(
        received,
        media_type="application/json",
        headers=(),
        body=encode(_with(last.value, path, items)),
        seconds=sum(page.received.seconds for page in pages),
    )


def _with(value: JsonValue, path: tuple[str, ...], items: list[JsonValue]) -> JsonValue:
    if not path or not isinstance(value, Mapping):
        return items
    return {**value, path[0]: _with(value[path[0]], path[1:], items)}
