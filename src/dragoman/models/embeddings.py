"""Vectors of texts, by an embedding model at the server of the configured model."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from dragoman.clock import Deadline
from dragoman.errors import ArgumentError, UnsupportedError
from dragoman.models.endpoint import Endpoint
from dragoman.models.faults import MALFORMED, ServerFaultError
from dragoman.models.members import member, number, objects, text
from dragoman.models.openai_provider import OpenAIProvider
from dragoman.models.prices import dollars
from dragoman.models.provider import Embeddings, Provider, Usage

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonValue

__all__ = ["embed"]

_MAX_INPUTS = 2_048
_MAX_BYTES = 300_000  # the bound is 300,000 tokens, and a token is at least a byte
_SECONDS = 60.0

Vector = tuple[float, ...]


async def embed(
    provider: Provider, texts: Sequence[str], *, model: str, deadline: Deadline | None = None
) -> Embeddings:
    """Return a vector for each text, in their order, in as many requests as the limits ask for.

    Without a deadline each request has 60 seconds. Raises `ArgumentError` for no texts or an
    empty one, `UnsupportedError` for a provider that has no embeddings, and what
    `Provider.reply` raises.
    """
    _check(texts)
    if not isinstance(provider, OpenAIProvider):
        raise UnsupportedError(
            f"The model {provider.name} makes no embeddings.",
            hint="Configure a model of OpenAI, or of a server that is compatible.",
        )
    endpoint = provider.endpoint
    vectors: list[Vector] = []
    usage, name = Usage(), model
    for batch in _batches(texts):
        until = deadline or Deadline.after(_SECONDS, endpoint.clock)
        attempt = partial(_one, endpoint, batch, model, until)
        answer, found = await endpoint.trying(attempt, until)
        vectors += found
        usage += await _usage(answer, endpoint)
        name = text(answer, "model") or name
    return Embeddings(tuple(vectors), name, usage)


def _check(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise ArgumentError("embed takes a list of texts.", hint="Put the text into a list.")
    if not texts:
        raise ArgumentError("There is no text to embed.", hint="Give at least one.")
    for place, one in enumerate(texts):
        if not one:
            raise ArgumentError(
                f"The text at index {place} is empty, and has no vector.", hint="Leave it out."
            )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for one in texts:
        bytes_ = len(one.encode("utf-8", "surrogatepass"))
        if batch and (len(batch) == _MAX_INPUTS or size + bytes_ > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += bytes_
    yield batch


async def _one(
    endpoint: Endpoint, batch: list[str], model: str, deadline: Deadline
) -> tuple[JsonObject, list[Vector]]:
    # In base64 ten thousand vectors are read in no time; as numbers they hold the event loop.
    body: JsonObject = {"model": model, "input": batch, "encoding_format": "base64"}
    answer = await endpoint.post("embeddings", body, deadline)
    return answer, _read(answer, len(batch))


def _read(answer: JsonObject, expected: int) -> list[Vector]:
    """Return the vectors by their `index`: their order in the answer promises nothing."""
    vectors = {
        number(one, "index"): _vector(one.get("embedding")) for one in objects(answer, "data")
    }
    if sorted(vectors) != list(range(expected)):
        raise ServerFaultError(MALFORMED, f"it has {len(vectors)} vectors for {expected} texts")
    return [vectors[place] for place in range(expected)]


def _vector(value: JsonValue) -> Vector:
    """Read a vector in base64 (32-bit floats, little-endian), or in numbers, as some servers do."""
    if isinstance(value, str):
        try:
            numbers = array("f", base64.b64decode(value, validate=True))
        except ValueError:
            raise ServerFaultError(MALFORMED, "a vector is not base64 of floats") from None
        if sys.byteorder == "big":
            numbers.byteswap()
        return tuple(numbers)
    if not isinstance(value, list) or not all(isinstance(one, int | float) for one in value):
        raise ServerFaultError(MALFORMED, "a vector is not a list of numbers")
    return tuple(float(one) for one in cast("list[float]", value))


async def _usage(answer: JsonObject, endpoint: Endpoint) -> Usage:
    usage = Usage(input_tokens=number(member(answer, "usage"), "prompt_tokens"))
    if not endpoint.server.has_list_prices:
        return usage
    return replace(usage, dollars=await dollars(answer, "embeddings"))
