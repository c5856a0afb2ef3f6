"""How the members of a form are written (OpenAPI 3.1.1, section 4.8.15, Encoding Object)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

from dragoman.apis.http.binding import Encoding, Style
from dragoman.apis.http.media import is_form, is_json
from dragoman.apis.openapi.document import object_of, text_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject

__all__ = ["encodings_of"]

_SHOWN = 80
_STYLES = frozenset(get_args(Style)) - {"simple", "label", "matrix", "cookie"}


def encodings_of(
    described: JsonObject, names: Iterable[str], media_type: str
) -> dict[str, Encoding]:
    """Return the encodings of these members, where the description has one.

    Raises `DescriptionError` for a style that there is not in a form, or that has none.
    """
    return {
        name: _encoding(name, encoding, media_type)
        for name in names
        if (encoding := object_of(described, name))
    }


def _encoding(name: str, node: JsonObject, media_type: str) -> Encoding:
    """Read one; a style counts where something of it is given, and the content type where not."""
    content_type = text_of(node, "contentType") or None
    if not any(key in node for key in ("style", "explode", "allowReserved")):
        if is_form(media_type) and content_type and not is_json(content_type):
            content_type = None
        return Encoding(content_type=content_type)
    style = text_of(node, "style") or "form"
    if style not in _STYLES:
        raise DescriptionError(
            f"its {name[:_SHOWN]} is written in the style {style[:_SHOWN]},"
            " which there is not in a form"
        )
    explode = node.get("explode")
    if style == "deepObject" and explode is False:
        raise DescriptionError(
            f"its {name[:_SHOWN]} is a deepObject without explode, for which there is no form"
        )
    return Encoding(
        cast("Style", style),
        explode=explode if isinstance(explode, bool) else style == "form",
        allow_reserved=node.get("allowReserved") is True,
        content_type=content_type,
    )
