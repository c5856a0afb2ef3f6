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
from dragoman.apis.http.answer import read_answer
from dragoman.call.next_page import Asked, Page, list_in, next_page
from dragoman.config.rules import PageSettings
from dragoman.errors import DragomanError
from dragoman.exact_json import canonical, encode
from dragoman.operation import Call, Effect, JsonObject, JsonValue, Operation, Prepared, Received

__all__ = ["Fetch", "all_pages"]

MOST_ITEMS = 100_000

_LARGE = 128 * 1024

Fetch: TypeAlias = Callable[[JsonObject], Awaitable[tuple[Prepared, Received]]]
"""Sends the request for a page by its arguments; raises `DragomanError`."""


async def all_pages(
    call: Call,
    operation: Operation,
    rules: Rules,
    first: tuple[Prepared, Received],
    fetch: Fetch,
) -> tuple[Received, str]:
    """Return the pages as one answer, and a note that says how many there were, and why no more.

    The first answer comes back as it is where the owner asks for one page, or it is no list.
    """
    settings, prepared, received = rules.pages, *first
    if settings is None or operation.effect is not Effect.READ:
        return received, ""
    if rules.may_need_approval(operation.effect):
        return received, ""
    page = await _read(call.arguments, prepared, received, settings, 0)
    if page is None:
        return received, ""
    asked = Asked(operation, settings, frozenset(rules.fill))
    pages, why = await _following(asked, page, rules, fetch)
    if len(pages) == 1:
        return received, f"One page was fetched: {why}." if why else ""
    counted = f"{len(pages)} pages were fetched"
    note = f"{counted}, and there may be more: {why}." if why else f"{counted}, which are all."
    return await asyncio.to_thread(_merged, pages, settings), note


async def _following(
    asked: Asked, page: Page, rules: Rules, fetch: Fetch
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
            after = await _read(found.arguments, prepared, received, settings, page.so_far)
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
    arguments: JsonObject,
    prepared: Prepared,
    received: Received,
    settings: PageSettings,
    before: int,
) -> Page | None:
    """Return an answer as a page; None for one without a list. Raises `ResponseError`."""
    is_large = len(received.body) > _LARGE
    value = await asyncio.to_thread(read_answer, received) if is_large else read_answer(received)
    found = list_in(value, settings.items)
    if found is None:
        return None
    items = found[1]
    return Page(arguments, prepared, received, value, items, before + len(items))


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
