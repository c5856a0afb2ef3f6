"""JSONPath (RFC 9535) within bounds: a query of the owner over a document that may be hostile.

The library's own `match` and `search` backtrack, and its check of a pattern recurses in native
code: the one can take for ever, the other ends the process. Both functions are replaced here.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, cast

import jsonschema_rs
from iregexp_check import check
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

from dragoman.apis.openapi.edit import Place
from dragoman.errors import DescriptionError
from dragoman.operation import JsonValue

if TYPE_CHECKING:
    from jsonpath_rfc9535.environment import JSONValue

__all__ = ["MAX_DEPTH", "MAX_PLACES", "MAX_QUERY", "find"]

MAX_QUERY = 4_000
"""Characters of a query."""

MAX_PLACES = 1_000_000
"""Places that a query may select: four times as many as GitHub's document has values."""

MAX_DEPTH = 100
"""Levels of a document that a query may go down."""

_MAX_PATTERN = 1_000


def find(query: str, document: JsonValue, at: str) -> dict[Place, JsonValue]:
    """Return the places that a query selects, in their order, each once, and what is there.

    Raises `DescriptionError`, beginning with `at`, where the query is no JSONPath of RFC 9535, or
    where it or the document goes beyond a bound.
    """
    if len(query) > MAX_QUERY:
        raise DescriptionError(f"{at} is longer than {MAX_QUERY:,} characters.")
    try:
        compiled = _ENVIRONMENT.compile(query)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise DescriptionError(
            f"{at} {query[:80]} is no JSONPath of RFC 9535: {_reason(error)}.",
            hint="Write a name with signs in brackets, such as $.paths['/orders'].get",
        ) from None
    found: dict[Place, JsonValue] = {}
    count = 0
    try:
        for node in islice(compiled.finditer(cast("JSONValue", document)), MAX_PLACES + 1):
            found[node.location] = cast("JsonValue", node.value)
            count += 1
    except (JSONPathError, RecursionError):
        raise _too_deep(query, at) from None
    if count > MAX_PLACES:
        raise DescriptionError(f"{at} {query[:80]} selects more than {MAX_PLACES:,} places.")
    if any(len(place) > MAX_DEPTH for place in found):
        raise _too_deep(query, at)
    return found


def _too_deep(query: str, at: str) -> DescriptionError:
    return DescriptionError(
        f"{at} {query[:80]} goes down more than {MAX_DEPTH} levels of the document.",
        hint="Name the path from the root instead of '..'",
    )


class _Regular(FilterFunction):
    """A regular expression of RFC 9485, matched in linear time by the engine of our validator.

    What is no such expression matches nothing (RFC 9535, section 2.4.6).
    """

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - the library's form
    return_type = ExpressionType.LOGICAL

    def __init__(self, form: str) -> None:
        self.form = form

    def __call__(self, text: object, pattern: object) -> bool:
        if not isinstance(text, str) or not isinstance(pattern, str):
            return False
        compiled = _compiled(pattern, self.form)
        return compiled is not None and compiled.is_valid(text)


@lru_cache(maxsize=256)
def _compiled(pattern: str, form: str) -> jsonschema_rs.Draft202012Validator | None:
    if len(pattern) > _MAX_PATTERN or not check(pattern):
        return None
    try:
        return jsonschema_rs.Draft202012Validator(
            {"pattern": form.format(_without_dots(pattern))},
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except ValueError:
        return None


def _without_dots(pattern: str) -> str:
    """Write out what a dot means: all but the two ends of a line (RFC 9485, section 5.3)."""
    made: list[str] = []
    escaped = in_class = False
    for character in pattern:
        plain = not escaped
        escaped = plain and character == "\\"
        if plain and character in "[]":
            in_class = character == "["
        made.append(r"[^\n\r]" if plain and not in_class and character == "." else character)
    return "".join(made)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)[:160].rstrip(".") or "it cannot be read"


def _environment() -> JSONPathEnvironment:
    environment = JSONPathEnvironment()
    environment.max_recursion_depth = MAX_DEPTH
    environment.function_extensions["match"] = _Regular("^(?:{})$")
    environment.function_extensions["search"] = _Regular("{}")
    return environment


_ENVIRONMENT = _environment()
