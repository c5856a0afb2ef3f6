"""What an answer costs, by the price list that `genai-prices` carries; none is fetched."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from dragoman.models.members import text

if TYPE_CHECKING:
    from dragoman.operation import JsonObject

__all__ = ["dollars"]


async def dollars(
    answer: JsonObject, interface: Literal["responses", "chat", "embeddings"]
) -> float | None:
    """Return the price of an answer of OpenAI's in US dollars, at the tier that served it.

    None where the model stands on no list, or the answer does not say what it used.
    """
    # Reading the list takes half a second, once.
    return await asyncio.to_thread(_dollars, answer, interface)


def _dollars(answer: JsonObject, interface: str) -> float | None:
    from genai_prices import extract_usage  # noqa: PLC0415 - only where a price can be known

    tier = text(answer, "service_tier")
    try:
        used = extract_usage(answer, provider_id="openai", api_flavor=interface)
        price = used.calc_price(price_context={"service_tier": tier} if tier else None)
    except (LookupError, ValueError):
        return None
    return float(price.total_price)
