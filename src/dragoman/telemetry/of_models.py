"""What a turn of a model tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dragoman.telemetry import names

if TYPE_CHECKING:
    from dragoman.operation import JsonObject
    from dragoman.telemetry.facts import Reply, Used
    from dragoman.telemetry.spans import Attribute

__all__ = ["about", "limits", "tokens", "usage"]

_KINDS = ("requests", "tokens")


def about(provider: object, model: str) -> dict[str, Attribute]:
    """Return who is asked; a provider of the user's own need not say more than its name."""
    known: Mapping[str, Attribute] = getattr(provider, "about", {names.PROVIDER: model})
    return {names.REQUEST_MODEL: model, **known}


def tokens(used: Used) -> dict[str, int]:
    """Return the tokens by kind; those from the cache are input too, reasoning is output too."""
    return {
        "input": used.input_tokens,
        "cached": used.cached_tokens,
        "output": used.output_tokens,
        "reasoning": used.reasoning_tokens,
    }


def usage(reply: Reply) -> dict[str, Attribute]:
    """Return the attributes that a reply adds to the span of its turn."""
    used = reply.usage
    added: dict[str, Attribute] = {
        names.FINISH_REASONS: (reply.finish,),
        names.INPUT_TOKENS: used.input_tokens,
        names.CACHED_TOKENS: used.cached_tokens,
        names.OUTPUT_TOKENS: used.output_tokens,
        names.REASONING_TOKENS: used.reasoning_tokens,
    }
    if reply.model:
        added[names.RESPONSE_MODEL] = reply.model
    if reply.first_chunk_seconds is not None:
        added |= {names.FIRST_CHUNK: reply.first_chunk_seconds, names.REQUEST_STREAM: True}
    return added


def limits(told: JsonObject) -> Iterator[tuple[str, str, float]]:
    """Return the measurement, the kind and the number of each limit of the provider."""
    for kind in _KINDS:
        one = told.get(kind)
        if not isinstance(one, Mapping):
            continue
        for member, name in (("limit", "model_limit"), ("remaining", "model_limit_remaining")):
            number = one.get(member)
            if isinstance(number, int):
                yield name, kind, number
